"""What "next" offers: no more than so many severe cases in a row, and none beyond the day's budget."""

from dataclasses import replace
from datetime import timedelta

import time_machine

from review import db
from review.actions.cases import claim_next
from review.actions.comforts import choose_comfort
from review.actions.decisions import record_review
from review.actions.escalations import escalate_case
from review.actions.evidence import Size, reveal_evidence
from review.domain.media import Stage
from review.domain.permissions import Actor
from review.domain.wellbeing import DAY, Comfort
from tests.actions.test_cases import DECLINE, NOW
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.pieces import add_evidence

FAR = timedelta(hours=90)


def _next(actor: Actor, *, severe: bool = False) -> str | None:
    """Take the next case and record a review of it; its id."""
    claim = claim_next(severe=severe, actor=actor)
    if claim is None:
        return None
    record_review(
        claim.case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=actor
    )
    db.session().rollback()
    return claim.case_id


def _severe(number: int, *, due_in: timedelta = timedelta(hours=72)) -> list[str]:
    return [make_case(severity="high", due_in=due_in + timedelta(minutes=one)) for one in range(number)]


def test_after_three_severe_cases_a_calmer_one_comes_first(desk: Desk) -> None:
    person = make_account()
    severe, calm = _severe(5), make_case(due_in=FAR)
    assert [_next(person) for _case in range(6)] == [*severe[:3], calm, *severe[3:]]


def test_what_was_seen_and_given_back_counts_in_the_row(desk: Desk) -> None:
    person = make_account()
    with time_machine.travel(NOW, tick=False) as hand:
        severe, calm = _severe(5), make_case(due_in=FAR)
        for case_id in severe[:3]:
            claim = claim_next(actor=person)
            assert claim is not None
            assert claim.case_id == case_id
            reveal_evidence(
                case_id, add_evidence(case_id), stage=Stage.SMALL, size=Size(9, 3, 3), actor=person
            )
            escalate_case(
                case_id, "Is this a threat under the law, or satire as the poster says?",
                claim_generation=claim.claim_generation, version=claim.version, actor=person,
            )  # fmt: skip
            db.session().rollback()
            hand.shift(timedelta(minutes=1))
        assert [_next(person) for _case in range(2)] == [calm, severe[3]]


def test_a_row_of_severe_cases_goes_on_where_nothing_calmer_waits(desk: Desk) -> None:
    person = make_account()
    severe = _severe(5)
    assert [_next(person) for _case in range(6)] == [*severe, None]


def test_a_deadline_that_presses_goes_before_the_wish_for_a_calmer_case(desk: Desk) -> None:
    person = make_account()
    severe, _calm = _severe(3), make_case(due_in=FAR)
    threat = make_case(severity="high", rank=0)
    soon = make_case(severity="high", due_in=timedelta(minutes=30))
    assert [_next(person) for _case in range(5)] == [threat, soon, *severe[:1], _calm, severe[1]]


def test_a_desk_may_keep_its_order(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, severe_in_a_row=0)
    person = make_account()
    severe, _calm = _severe(5), make_case(due_in=FAR)
    assert [_next(person) for _case in range(5)] == severe


def _see(person: Actor, pictures: int) -> None:
    """Be shown so many pictures of a severe case, each of them twice."""
    case_id = make_case(severity="high", rank=0, due_in=timedelta(minutes=1))
    claim = claim_next(severe=True, actor=person)
    assert claim is not None
    assert claim.case_id == case_id
    for number in range(pictures):
        evidence_id = add_evidence(case_id, name=f"{number}.png")
        for stage in (Stage.SMALL, Stage.GREY):
            reveal_evidence(case_id, evidence_id, stage=stage, size=Size(9, 3, 3), actor=person)
    record_review(
        case_id, DECLINE, claim_generation=claim.claim_generation, version=claim.version, actor=person
    )


def test_beyond_the_days_budget_only_low_severity_is_offered(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person, other = make_account(), make_account()
        choose_comfort(Comfort(), break_minutes=None, budget_high=2, actor=person)
        _see(person, 1)
        severe = _severe(3)
        assert _next(person) == severe[0], "one of two"
        _see(person, 1)
        calm = make_case(due_in=FAR)
        assert _next(person) == calm
        assert _next(person) is None, "only high severity waits"
        assert _next(other) == severe[1], "nobody else is held back"
        assert _next(person, severe=True) == severe[2], "by one's own click"
        hand.shift(DAY + timedelta(minutes=1))
        last = make_case(severity="high")
        assert _next(person) == last, "a new day"
