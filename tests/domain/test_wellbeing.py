"""Comfort, limits that can only be lowered, and when to rest."""

from datetime import UTC, datetime, timedelta

import pytest

from review.domain.wellbeing import (
    LOOK_BACK,
    Comfort,
    Exposure,
    Limits,
    choice_problems,
    is_break_due,
    ladder_of,
    limit_problem,
    lowered,
    working_since,
)

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def _ago(*minutes: int) -> list[datetime]:
    return [NOW - timedelta(minutes=number) for number in minutes]


@pytest.mark.parametrize(
    ("cap", "own", "counts"),
    [(60, None, 60), (60, 20, 20), (60, 90, 60), (0, None, 0), (0, 20, 20), (60, 0, 60)],
)
def test_a_person_may_lower_a_limit_and_never_raise_it(cap: int, own: int | None, counts: int) -> None:
    assert lowered(cap, own) == counts


@pytest.mark.parametrize(
    ("own", "cap", "code"), [(0, 60, "too_small"), (-1, 0, "too_small"), (61, 60, "too_large")]
)
def test_a_limit_above_the_desks_is_refused_at_its_field(own: int, cap: int, code: str) -> None:
    problem = limit_problem("budget_high", own, cap=cap)
    assert problem is not None
    assert (problem.pointer, problem.code) == ("budget_high", code)


@pytest.mark.parametrize(("own", "cap"), [(None, 60), (60, 60), (1, 60), (500, 0)])
def test_a_lower_limit_or_none_is_kept(own: int | None, cap: int) -> None:
    assert limit_problem("budget_high", own, cap=cap) is None


def test_everything_that_is_wrong_with_a_choice_is_told_at_once() -> None:
    caps = {"break_minutes": 50, "budget_high": 60}
    wrong = choice_problems(Comfort(size="huge"), {"break_minutes": 0, "budget_high": 61}, caps=caps)
    assert [one.pointer for one in wrong] == ["size", "break_minutes", "budget_high"]
    assert choice_problems(Comfort(), {"break_minutes": None, "budget_high": 12}, caps=caps) == []


def test_a_run_of_work_goes_back_to_the_last_gap() -> None:
    assert working_since(_ago(1, 8, 15, 24, 40), rested_until=None, now=NOW) == _ago(24)[0]


def test_a_run_of_work_begins_after_a_break_taken() -> None:
    assert working_since(_ago(1, 5, 9, 14), rested_until=_ago(7)[0], now=NOW) == _ago(5)[0]


def test_who_was_shown_nothing_for_a_while_is_resting() -> None:
    assert working_since(_ago(11, 15), rested_until=None, now=NOW) is None
    assert working_since([], rested_until=None, now=NOW) is None


def test_a_run_of_work_is_not_followed_for_ever() -> None:
    every = [NOW - timedelta(minutes=5) * number for number in range(200)]
    assert working_since(every, rested_until=None, now=NOW) == NOW - LOOK_BACK


@pytest.mark.parametrize(
    ("minutes", "high", "due"), [(49, 19, False), (50, 0, True), (0, 20, True), (50, 20, True)]
)
def test_a_break_is_due_after_so_long_or_after_so_much(minutes: int, high: int, *, due: bool) -> None:
    limits = Limits(break_minutes=50, break_reveals=20, high=60, low=0)
    assert is_break_due(Exposure(high, 0, high, minutes), limits) is due


def test_a_desk_without_limits_asks_nobody() -> None:
    assert not is_break_due(Exposure(900, 900, 900, 600), Limits(0, 0, 0, 0))


@pytest.mark.parametrize(
    ("comfort", "steps"),
    [
        (Comfort(), ("small", "grey", "colour")),
        (Comfort(size="full"), ("blurred_grey", "grey", "colour")),
        (Comfort(blur=False), ("small_sharp_grey", "grey", "colour")),
        (Comfort(grey=False), ("small_blurred_colour", "colour")),
        (Comfort(grey=False, size="full"), ("blurred_colour", "colour")),
        (Comfort(blur=False, grey=False), ("small_sharp_colour", "colour")),
        (Comfort(blur=False, size="full"), ("grey", "colour")),
        (Comfort(blur=False, grey=False, size="full"), ("colour",)),
    ],
)
def test_pictures_are_shown_in_the_steps_that_one_chose(comfort: Comfort, steps: tuple[str, ...]) -> None:
    assert ladder_of(comfort) == steps
