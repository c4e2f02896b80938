"""A record leaves no gap: every round without a review says why."""

import pytest

from review.domain.rounds import why_empty
from review.domain.states import MOVES, CaseState, Round
from review.web.words import WORDS


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("name", Round)
def test_every_empty_round_has_words(name: Round, state: CaseState) -> None:
    assert why_empty(name, state=state) in WORDS["no_round"]


def test_the_reason_is_the_one_that_holds() -> None:
    assert why_empty(Round.FIRST, state="open") == "waiting"
    assert why_empty(Round.FIRST, state="withdrawn") == "withdrawn"
    enabled = MOVES["send_to_second_review"].enabled
    assert why_empty(Round.SECOND, state="decided") == ("not_asked" if enabled else "not_enabled")
