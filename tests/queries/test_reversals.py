"""Earlier decisions that did not stand or are contested: told as far as the reader may know."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.cases import claim_case
from review.actions.looks import look_without_evidence
from review.actions.quality import draw_quality_sample, judge_decision
from review.domain.decisions import ReviewInput
from review.domain.permissions import Actor, Role
from review.domain.precedents import Candidate, Reversal, Why
from review.domain.sampling import Draw, Finding
from review.models import Decision
from review.queries.looks import shown_precedents
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import make_account, make_case, make_clause
from tests.judging import DECLINE, OTHER_DECLINE, accept, judge, settle_review, to_second_review

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PLACE = "https://video.example/watch/here"


@dataclass(frozen=True)
class Told:
    """A desk whose clock stands, and a clause to accept by."""

    desk: Desk
    hand: Any
    accept: ReviewInput

    def decided(self, *reviews: ReviewInput, by: Actor | None = None, **members: Any) -> str:
        """A case that was decided by these reviews, the first of them by that person."""
        case_id = make_case(**members)
        for number, review in enumerate(reviews):
            person = by if by and number == 0 else make_account(Role.LEAD if number == 2 else Role.MODERATOR)
            lot = DRAWN if len(reviews) > 1 else NOT_DRAWN
            settle_review(judge(case_id, person, review), self.hand, lot=lot)
        return case_id

    def found(self, case_id: str, finding: Finding) -> None:
        """A quality review, days later, finds this of the decision."""
        day = NOW.date()
        self.hand.move_to(NOW + timedelta(days=2))
        sample = draw_quality_sample(Draw(day, day, 30, "7f3a"), actor=make_account(Role.LEAD))
        decision_id = self.desk.session.scalars(
            sa.select(Decision.id).where(Decision.case_id == case_id)
        ).one()
        self.desk.session.rollback()
        judge_decision(sample.sample_id, decision_id, finding, "It is not so.", actor=make_account(Role.LEAD))

    def told(self, earlier: str, *, to: Actor | None = None, case_id: str = "") -> tuple[Reversal, ...]:
        """What somebody is told of the earlier decision who looks at a case that it is like."""
        person, case_id = to or make_account(), case_id or make_case()
        claim_case(case_id, actor=person)
        shown = (Candidate(earlier, Why.TEXT, NOW, 80),)
        look_without_evidence(case_id, precedents=shown, actor=person)
        (found,) = shown_precedents(self.desk.session, case_id, account_id=person.account_id)
        self.desk.session.rollback()
        return found.reversals


@pytest.fixture
def story(desk: Desk) -> Iterator[Told]:
    with time_machine.travel(NOW, tick=False) as hand:
        yield Told(desk, hand, accept(make_clause("4.2")))


def test_a_decision_that_nothing_stands_against_has_no_mark(story: Told) -> None:
    assert story.told(story.decided(DECLINE, url=PLACE)) == ()
    assert story.told(story.decided(DECLINE, DECLINE)) == ()


@pytest.mark.parametrize("kept", [False, True])
def test_the_third_review_reverses_where_it_comes_to_the_other_outcome(story: Told, *, kept: bool) -> None:
    resolving = DECLINE if kept else story.accept
    earlier = story.decided(DECLINE, story.accept, resolving)
    assert story.told(earlier) == (() if kept else (Reversal.RESOLVED,))


@pytest.mark.parametrize(
    ("finding", "marked"),
    [
        (Finding.FALSE_ACCEPT, True),
        (Finding.WRONG_CLAUSE, True),
        (Finding.FALSE_DECLINE, True),
        (Finding.TECHNICAL, False),
        (Finding.CORRECT, False),
    ],
)
def test_a_quality_review_reverses_where_it_finds_the_judgement_wrong(
    story: Told, finding: Finding, *, marked: bool
) -> None:
    earlier = story.decided(DECLINE if finding is Finding.FALSE_DECLINE else story.accept)
    story.decided(DECLINE)
    story.found(earlier, finding)
    assert story.told(earlier) == ((Reversal.QUALITY,) if marked else ())


def test_a_later_decision_the_other_way_reverses_the_earlier_and_not_itself(story: Told) -> None:
    earlier = story.decided(DECLINE, url=PLACE)
    later = story.decided(story.accept, url=PLACE)
    assert story.told(earlier) == (Reversal.LATER,)
    assert story.told(later) == ()


def test_what_is_no_other_judgement_of_the_same_question_reverses_nothing(story: Told) -> None:
    removed = replace(DECLINE, decline_reason="already_removed")
    earlier = story.decided(story.accept, url=PLACE)
    story.decided(removed, url=PLACE)
    story.decided(story.accept, url=PLACE)
    story.decided(DECLINE, url=PLACE, intake_kind="notice")
    story.decided(DECLINE, url="https://video.example/watch/there")
    make_case(url=PLACE)
    assert story.told(earlier) == ()


def test_all_that_stands_against_a_decision_is_told_in_order(story: Told) -> None:
    earlier = story.decided(DECLINE, OTHER_DECLINE, story.accept, url=PLACE)
    story.decided(DECLINE, url=PLACE)
    story.found(earlier, Finding.FALSE_ACCEPT)
    assert story.told(earlier) == (Reversal.RESOLVED, Reversal.QUALITY, Reversal.LATER)


def test_who_alone_reviewed_a_case_is_told_nothing_of_its_decision(story: Told) -> None:
    """Else it would tell that the case was not drawn for a second review."""
    person, other = make_account(), make_account()
    earlier = story.decided(DECLINE, url=PLACE, by=person)
    story.decided(story.accept, url=PLACE)
    story.found(earlier, Finding.FALSE_DECLINE)
    assert story.told(earlier, to=person) == ()
    assert story.told(earlier, to=other) == (Reversal.QUALITY, Reversal.LATER)


def test_who_reviewed_a_case_with_others_is_told_once_it_is_decided(story: Told) -> None:
    person = make_account()
    earlier = story.decided(DECLINE, story.accept, story.accept, by=person)
    assert story.told(earlier, to=person) == (Reversal.RESOLVED,)


def test_who_alone_reviewed_a_later_case_is_not_told_that_it_was_decided(story: Told) -> None:
    person = make_account()
    earlier = story.decided(DECLINE, url=PLACE)
    story.decided(story.accept, url=PLACE, by=person)
    assert story.told(earlier, to=person) == ()
    assert story.told(earlier) == (Reversal.LATER,)


def test_a_second_reviewer_is_told_what_is_of_the_earlier_decision_alone(story: Told) -> None:
    earlier = story.decided(DECLINE, OTHER_DECLINE, story.accept, url=PLACE)
    story.decided(DECLINE, url=PLACE)
    story.found(earlier, Finding.FALSE_ACCEPT)
    case_id = make_case()
    to_second_review(case_id, make_account(), story.hand)
    assert story.told(earlier, case_id=case_id) == (Reversal.RESOLVED, Reversal.QUALITY)
