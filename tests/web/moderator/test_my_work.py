"""The page of one's own work: what it says, what can be done from it, and what it never shows."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from review.actions.assigning import assign_case
from review.domain.permissions import Role
from review.models import Account
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, make_sign_in
from tests.web.moderator.test_pages import Moderator, _declined, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _row(page: str, case_id: str) -> str:
    """The words of the line of a case."""
    rows = [row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if f">{case_id}</a>" in row]
    assert len(rows) == 1, (case_id, len(rows))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rows[0]))


def _button(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the button with this address."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    assert form, action
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))


def test_an_idle_person_reads_what_to_do_next(desk: Desk) -> None:
    page = Moderator(desk).get("/my-work")
    assert "You hold nothing." in page
    assert 'href="/queue">Go to the queue' in page
    assert 'action="/queue/next"' in page
    assert page.count("<table") == 0
    assert 'href="/my-work" aria-current="page"' in page


def test_a_held_case_is_kept_and_given_back_from_here(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk, Role.LEAD)
    person.claim(case_id)
    page = person.get("/my-work")
    assert "Assigned" not in page
    kept = person.client.post(f"/cases/{case_id}/renew", data=_button(page, f"/cases/{case_id}/renew"))
    assert (kept.status_code, kept.location) == (303, "/my-work")
    page = person.get("/my-work")
    assert "Kept for you." in page
    back = person.client.post(f"/cases/{case_id}/release", data=_button(page, f"/cases/{case_id}/release"))
    assert (back.status_code, back.location) == (303, "/my-work")
    assert "You hold nothing." in person.get("/my-work")
    lost = person.client.post(f"/cases/{case_id}/release", data=_button(page, f"/cases/{case_id}/release"))
    assert lost.status_code == 409


def test_a_case_from_a_lead_says_so_to_its_holder_alone(desk: Desk) -> None:
    case_id, person, lead = make_case(), Moderator(desk), make_account(Role.LEAD)
    name = desk.session.get_one(Account, person.actor.account_id).pseudonym
    assign_case(case_id, to=name, actor=lead)
    page = person.get("/my-work")
    assert "Assigned to you by a lead" in _row(page, case_id)
    assert desk.session.get_one(Account, lead.account_id).pseudonym not in page
    assert case_id not in Moderator(desk).get("/my-work")


def test_undo_stands_beside_the_review_until_its_window_ends(desk: Desk) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 10, 0, tzinfo=UTC), tick=False) as hand:
        first, second, person = make_case(), make_case(), Moderator(desk)
        for case_id in (first, second):
            seen = person.claim(case_id)
            person.post(f"/cases/{case_id}/review", **_declined(**seen, then="stay"))
        page = person.get("/my-work")
        assert page.count('/undo"') == 2, "once each, and not in the frame as well"
        assert "Can be undone" in _row(page, first)
        undone = person.client.post(f"/cases/{first}/undo", data=_button(page, f"/cases/{first}/undo"))
        assert undone.location == f"/cases/{first}"
        page = person.get("/my-work")
        assert "Yours until" in page
        assert "saved" in _row(page, first)
        hand.shift(timedelta(seconds=61))
        page = person.get("/my-work")
        assert '/undo"' not in page
        assert "Recorded" in _row(page, second)


def test_a_draft_left_behind_is_gone_on_with(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/release", rationale="Half a thought", **seen)
    page = person.get("/my-work")
    assert "Free" in _row(page, case_id)
    assert "Half a thought" not in page
    answer = person.client.post(f"/cases/{case_id}/claim", data=_button(page, f"/cases/{case_id}/claim"))
    assert answer.location == f"/cases/{case_id}"
    assert "Half a thought" in person.get(f"/cases/{case_id}")


def test_a_question_to_legal_says_whether_there_is_advice(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/review", outcome="escalate", rationale="CANARY question", **seen)
    page = person.get("/my-work")
    row = _row(page, case_id)
    assert "Waits for advice" in row
    assert "comes back by itself in 2 days 23 h" in row
    assert "With legal" in row
    assert "CANARY" not in page


def test_no_content_address_or_sender_is_on_the_page(desk: Desk) -> None:
    def case() -> str:
        return make_case(
            sender_id=make_sender(kind="trusted_flagger"), reason="CANARY-REASON",
            url=f"https://video.example/CANARY-{make_sender()}", issuing_authority="CANARY-AUTHORITY",
        )  # fmt: skip

    person = Moderator(desk)
    held, recorded, drafted, asked = (case() for _number in range(4))
    person.claim(held)
    fields: dict[str, Any] = person.claim(recorded)
    words = "CANARY rationale, a whole sentence."
    person.post(f"/cases/{recorded}/review", **_declined(**fields, rationale=words, then="stay"))
    fields = person.claim(drafted)
    person.post(f"/cases/{drafted}/release", rationale="CANARY", **fields)
    fields = person.claim(asked)
    person.post(f"/cases/{asked}/review", outcome="escalate", rationale="CANARY", then="stay", **fields)
    page = person.get("/my-work")
    for case_id in (held, recorded, drafted, asked):
        assert case_id in page
    for word in ("canary", "video.example", "video[.]example", "flagger", "Praise"):
        assert word not in page.lower()


def test_no_work_is_counted_and_no_speed_is_praised(desk: Desk) -> None:
    person = Moderator(desk)
    for _number in range(3):
        case_id = make_case()
        person.post(f"/cases/{case_id}/review", **_declined(**person.claim(case_id), then="stay"))
    words = re.sub(r"<[^>]+>", " ", person.get("/my-work").partition("<main")[2].partition("</main")[0])
    assert re.search(r"\b3\b (?!h|min|days)", words) is None
    assert not re.search("(?i)per hour|average|fast|well done|great|congrat", words)


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN, Role.SENDER])
def test_others_have_no_such_page(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_sign_in(client, role)
    assert client.get("/my-work").status_code == 403
    assert field(Moderator(desk).get("/my-work"), "csrf_token")
