"""What stands on the pages of rounds: a note, two reviews as A and B, and all of them once it is decided."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.domain.permissions import SERVICE, Role
from review.models import Account, Case, Review
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import make_account, make_case, make_clause, make_sign_in
from tests.judging import OTHER_DECLINE, accept, judge, settle_review, to_second_review
from tests.web.moderator.test_pages import Moderator

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SIDE_BY_SIDE = "Judged independently, side by side"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _pseudonym(desk: Desk, account_id: str | None) -> str:
    return desk.session.get_one(Account, account_id).pseudonym


def _record(desk: Desk, person: Moderator, case_id: str, review: Any, hand: Any) -> None:
    """Record by the action what the person claimed on a page, and let the window end."""
    seen = person.claim(case_id)
    recorded = record_review(
        case_id,
        review,
        claim_generation=int(seen["claim_generation"]),
        version=int(seen["version"]),
        actor=person.actor,
    )
    hand.move_to(recorded.undo_until)
    dispatch_review(recorded.review_id, actor=SERVICE, lot=DRAWN)


def test_a_difference_is_resolved_from_a_page_without_names(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        first, second, lead = Moderator(desk), Moderator(desk), Moderator(desk, Role.LEAD)
        case_id = make_case()
        words = {"rationale": "The first rationale of all.", "statement": "The first statement."}
        _record(desk, first, case_id, accept(make_clause("4.2"), **words), hand)
        seen = second.claim(case_id)
        page = second.get(f"/cases/{case_id}")
        assert "Independent review" in page
        assert "Escalate to legal" not in page
        assert "first rationale" not in page
        assert seen["version"].isdigit()
        second.post(f"/cases/{case_id}/release", claim_generation=seen["claim_generation"])
        _record(desk, second, case_id, OTHER_DECLINE, hand)
        for person in (first, second):
            assert SIDE_BY_SIDE not in person.get(f"/cases/{case_id}")
            assert "Recorded by you" in person.get(f"/cases/{case_id}")
        assert lead.post("/queue/next").location == f"/cases/{case_id}"
        page = lead.get(f"/cases/{case_id}")
        assert "Two reviews differ" in page
        letters = dict(
            desk.session.execute(sa.select(Review.letter, Review.rationale).order_by(Review.letter)).all()
        )
        places = [page.index("<h3>Review A</h3>"), page.index(letters["A"]), page.index("<h3>Review B</h3>")]
        assert [*places, page.index(letters["B"])] == sorted([*places, page.index(letters["B"])])
        assert page == lead.get(f"/cases/{case_id}"), "the order stays"
        for person in (first, second):
            assert _pseudonym(desk, person.actor.account_id) not in page
        assert "Escalate to legal" not in page
        fields = dict(re.findall(r'name="(version|claim_generation)"[^>]*value="(\d+)"', page))
        answer = lead.post(
            f"/cases/{case_id}/review", **fields, outcome="declined", decline_reason="not_found",
            rationale="Nothing is there.", then="stay",
        )  # fmt: skip
        assert answer.status_code == 303
        hand.shift(timedelta(seconds=60))
        pending = desk.session.get_one(Case, case_id).pending_review_id or ""
        assert dispatch_review(pending, actor=SERVICE) is not None
        for person in (first, second, lead):
            page = person.get(f"/cases/{case_id}")
            assert SIDE_BY_SIDE in page
            assert page.count("<h3>") == 3
            assert page.count("The decision follows this one") == 1
            assert page.count("· you</h3>") == 1
            own_work = person.get("/my-work")
            assert "Judged differently" in own_work
        assert SIDE_BY_SIDE not in Moderator(desk).get(f"/cases/{case_id}")


def test_two_that_agree_are_compared_once_it_is_decided(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        first, second = Moderator(desk), Moderator(desk)
        case_id = make_case()
        _record(desk, first, case_id, OTHER_DECLINE, hand)
        assert "Reviewed by you and a colleague" not in first.get("/my-work")
        _record(desk, second, case_id, OTHER_DECLINE, hand)
        for person in (first, second):
            page = person.get(f"/cases/{case_id}")
            assert SIDE_BY_SIDE in page
            assert page.count("<h3>") == 2
            assert "Judged alike" in person.get("/my-work")
            assert "Recorded by you" in person.get(f"/search?q={case_id}")


def test_one_review_is_compared_with_nothing(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person, case_id = Moderator(desk), make_case()
        settle_review(judge(case_id, person.actor), hand, lot=NOT_DRAWN)
        page = person.get(f"/cases/{case_id}")
        assert SIDE_BY_SIDE not in page
        assert "Your review, as recorded" in page
        assert "Compared" not in person.get("/my-work")


def test_legal_reads_three_rounds_side_by_side_and_why(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, client = make_case(), desk.client()
        to_second_review(case_id, make_account(), hand, accept(make_clause(), account="suspended"))
        settle_review(judge(case_id, make_account(), OTHER_DECLINE), hand)
        settle_review(judge(case_id, make_account(Role.LEAD), OTHER_DECLINE), hand)
        make_sign_in(client, Role.LEGAL)
        page = client.get(f"/records/{case_id}").text
        places = [page.index(f"<h3>{name} review ·") for name in ("First", "Second", "Resolving")]
        assert places == sorted(places)
        assert page.count("Decided the case") == 1
        assert "A measure against the account" in page
        for word in ("Second review due", "Reviews differ"):
            assert word in page
