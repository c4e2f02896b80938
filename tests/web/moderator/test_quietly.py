"""What the script asks without leaving the page: drafts, a longer claim, a longer sign-in."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review.models import Case, Draft
from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import Moderator

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_draft_saves_itself_and_says_when_and_nothing_on_the_next_page(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, moderator = make_case(), Moderator(desk)
        opaque = moderator.claim(case_id)
        answer = moderator.post(f"/cases/{case_id}/draft", autosave="1", rationale="half a sen", **opaque)
        assert answer.status_code == 200
        assert answer.get_json() == {"saved_at": "2026-11-23T10:00:00.000000Z", "text": "saved 10:00:00 UTC"}
        assert desk.session.scalars(sa.select(Draft)).one().fields["rationale"] == "half a sen"
        assert "Draft saved." not in moderator.get(f"/cases/{case_id}")


def test_a_draft_of_a_lost_claim_is_a_problem_with_the_reason(desk: Desk) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    opaque = moderator.claim(case_id)
    moderator.post(f"/cases/{case_id}/release", **opaque)
    answer = moderator.post(f"/cases/{case_id}/draft", autosave="1", rationale="late", **opaque)
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert "claim" in answer.get_json()["detail"]
    assert "<" not in answer.text
    assert desk.session.scalars(sa.select(Draft)).all() == []


def test_a_draft_without_its_hidden_fields_or_of_no_case_is_refused(desk: Desk) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    moderator.claim(case_id)
    answer = moderator.post(f"/cases/{case_id}/draft", autosave="1", rationale="x")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert moderator.post(
        "/cases/C-0000-0000-0000/draft", autosave="1", claim_generation="1"
    ).status_code in (
        404,
        409,
    )


def test_a_claim_is_kept_longer_with_what_is_typed(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, moderator = make_case(), Moderator(desk)
        opaque = moderator.claim(case_id)
        hand.shift(timedelta(minutes=13))
        answer = moderator.post(f"/cases/{case_id}/renew", autosave="1", rationale="so far", **opaque)
        assert answer.get_json() == {
            "ends_at": "2026-11-23T10:28:00Z",
            "clock": "10:28:00 UTC",
            "text": "Kept for you until 10:28:00 UTC.",
        }
        case = desk.session.get_one(Case, case_id)
        assert case.claimed_until == NOW + timedelta(minutes=28)
        assert desk.session.scalars(sa.select(Draft)).one().fields["rationale"] == "so far"
        hand.shift(timedelta(minutes=20))
        late = moderator.post(f"/cases/{case_id}/renew", autosave="1", **opaque)
        assert (late.status_code, late.mimetype) == (409, "application/problem+json")


def test_staying_signed_in_counts_as_activity(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        moderator = Moderator(desk)
        moderator.get("/queue")
        idle = timedelta(seconds=desk.settings.session_idle_seconds)
        hand.shift(idle - timedelta(minutes=2))
        answer = moderator.post("/account/stay", autosave="1").get_json()
        assert datetime.fromisoformat(answer["ends_at"]) == NOW + 2 * idle - timedelta(minutes=2)
        assert answer["clock"] in answer["text"]


def test_nobody_stays_who_is_not_signed_in(desk: Desk) -> None:
    assert desk.client().post("/account/stay").status_code in (401, 403)
