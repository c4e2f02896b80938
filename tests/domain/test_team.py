"""Of fewer than five people nothing is told; of a team zero and unknown stay apart."""

from datetime import date

import pytest

from review.domain.numbers import Period, read_counts
from review.domain.team import LEAST_PEOPLE, TeamFigures, figures_of, is_team

DAY = date(2026, 11, 23)
KNOWN = Period(first=DAY, last=DAY, known_from=DAY, known_to=DAY)
UNKNOWN = Period(first=DAY, last=DAY, known_from=None, known_to=None)
ROWS = (
    (DAY, "took_referral", "41", 3),
    (DAY, "within_target", "referral", 2),
    (DAY, "over_target", "referral", 1),
    (DAY, "accepted", "iru", 1),
    (DAY, "declined", "iru", 3),
)


def test_five_people_are_a_team() -> None:
    assert [is_team(people) for people in (0, 4, 5, 6)] == [False, False, True, True]


@pytest.mark.parametrize("people", range(LEAST_PEOPLE))
def test_with_fewer_people_every_number_is_withheld(people: int) -> None:
    found = figures_of(read_counts(ROWS, period=KNOWN), people=people, undone=2)
    assert found == TeamFigures(1, withheld=True)
    assert not found.has_share
    assert {found.decided, found.within, found.half_seconds, found.accepted, found.undone} == {None}


def test_of_a_team_the_numbers_are_those_of_the_period() -> None:
    found = figures_of(read_counts(ROWS, period=KNOWN), people=5, undone=2)
    assert (found.decided, found.undone, found.accepted) == (3, 2, 0.25)
    assert found.within == pytest.approx(2 / 3)
    assert found.half_seconds is not None


def test_nothing_decided_is_zero_cases_and_no_share() -> None:
    found = figures_of(read_counts((), period=KNOWN), people=5, undone=0)
    assert (found.decided, found.undone) == (0, 0)
    assert (found.within, found.half_seconds, found.accepted) == (None, None, None)


def test_nothing_counted_yet_is_not_zero() -> None:
    assert figures_of(read_counts((), period=UNKNOWN), people=5, undone=0).decided is None
