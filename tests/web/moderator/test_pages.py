"""The moderator's pages: who sees what, and that no refusal loses a word."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review.actions.clauses import import_clauses
from review.actions.withdrawals import withdraw_item
from review.domain.clause_text import read_clauses
from review.domain.permissions import OPERATOR, Actor, Role
from review.models import Case, Draft, Item, Review
from tests.conftest import Desk
from tests.factories import join_case, make_case, make_clause, make_sender, make_sign_in, sender_actor

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URL = "https://video.example/CANARY-PATH"
REASON = "CANARY-REASON of the sender"
RATIONALE = "The video praises a listed organisation by name."

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


class Moderator:
    """A signed-in moderator at a browser without script."""

    def __init__(self, desk: Desk, role: Role = Role.MODERATOR) -> None:
        self.client: FlaskClient = desk.client()
        self.actor: Actor = make_sign_in(self.client, role)

    def get(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, address: str, **fields: Any) -> TestResponse:
        """Post with the token of a page; clients of Flask-WTF keep it in the session."""
        token = field(self.get("/queue"), "csrf_token")
        return self.client.post(address, data={"csrf_token": token} | fields)

    def claim(self, case_id: str) -> dict[str, Any]:
        """Claim and open a case; the opaque fields of its form."""
        assert self.post(f"/cases/{case_id}/claim").status_code == 303
        page = self.get(f"/cases/{case_id}")
        return {name: field(page, name) for name in ("version", "claim_generation")}


def _declined(**fields: Any) -> dict[str, Any]:
    return {
        "outcome": "declined",
        "decline_reason": "no_breach",
        "rationale": RATIONALE,
        "statement": "It keeps our terms.",
    } | fields


def test_queue_shows_nothing_of_content_or_sender(desk: Desk) -> None:
    sender_id = make_sender("CANARY-SENDER", kind="trusted_flagger")
    case_id = make_case(
        url=URL, sender_id=sender_id, reason=REASON, category="STATEMENT_CATEGORY_CANARY",
        requested_action="CANARY-ACTION", issuing_authority="CANARY-AUTHORITY", contact_name="CANARY-NAME",
    )  # fmt: skip
    moderator = Moderator(desk)
    moderator.claim(case_id)
    for page in (moderator.get("/queue"), Moderator(desk).get("/queue")):
        assert case_id in page
        assert "canary" not in page.lower()
        assert "flagger" not in page.lower()
        assert "video.example" not in page


def test_queue_pages_by_fifty_in_order(desk: Desk) -> None:
    ids = [make_case(due_in=timedelta(hours=number + 2)) for number in range(53)]
    moderator = Moderator(desk)
    first = moderator.get("/queue")
    shown = re.findall(r'href="/cases/(C-[^"]+)"', first)
    assert shown == ids[:50]
    following = re.search(r'href="(/queue\?after=[^"]+)"', first)
    assert following is not None
    second = moderator.get(following[1])
    assert re.findall(r'href="/cases/(C-[^"]+)"', second) == ids[50:]
    assert 'href="/queue?after=' not in second


@pytest.mark.parametrize("place", ["x", "e30", "W10", "WzEsMSwxLDFd", "_" * 500, "\x00"])
def test_a_made_up_page_of_the_queue_is_refused(desk: Desk, place: str) -> None:
    answer = Moderator(desk).client.get("/queue", query_string={"after": place})
    assert answer.status_code == 422


def test_next_opens_a_case_and_says_when_nothing_waits(desk: Desk) -> None:
    first = Moderator(desk)
    empty = first.post("/queue/next")
    assert (empty.status_code, empty.location) == (303, "/queue")
    assert "Nothing is waiting for you" in first.get("/queue")
    case_id = make_case()
    assert first.post("/queue/next").location == f"/cases/{case_id}"
    again = first.post("/queue/next")
    assert again.location == f"/cases/{case_id}", "one's own held case comes when nothing is free"


def test_a_second_click_on_the_same_page_opens_the_case_of_the_first(desk: Desk) -> None:
    for _number in range(3):
        make_case()
    moderator = Moderator(desk)
    holding = field(moderator.get("/queue"), "holding")
    first = moderator.post("/queue/next", holding=holding).location
    assert moderator.post("/queue/next", holding=holding).location == first
    fresh = field(moderator.get("/queue"), "holding")
    assert moderator.post("/queue/next", holding=fresh).location != first


def test_the_sixth_case_is_refused_with_a_message(desk: Desk) -> None:
    moderator = Moderator(desk)
    ids = [make_case() for _number in range(6)]
    for case_id in ids[:5]:
        moderator.claim(case_id)
    assert moderator.post("/queue/next").location == "/queue"
    assert "You hold 5 cases" in moderator.get("/queue")
    assert moderator.post(f"/cases/{ids[5]}/claim").location == "/queue"


def test_the_holder_sees_the_content_and_nobody_else(desk: Desk) -> None:
    case_id = make_case(url=URL, reason=REASON, items=2)
    holder, other = Moderator(desk), Moderator(desk)
    assert "CANARY" not in holder.get(f"/cases/{case_id}")
    holder.claim(case_id)
    page = holder.get(f"/cases/{case_id}")
    assert REASON in page
    assert "hxxps://video[.]example/CANARY-PATH" in page
    assert URL not in page
    assert "CANARY-REFERENCE" not in page
    apart = other.get(f"/cases/{case_id}")
    assert "CANARY" not in apart
    assert "Held by a colleague until" in apart
    assert "Claim this case" not in apart
    assert other.post(f"/cases/{case_id}/claim").status_code == 409


def test_an_id_in_another_spelling_is_sent_on_and_nonsense_is_missing(desk: Desk) -> None:
    case_id = make_case()
    client = Moderator(desk).client
    assert client.get(f"/cases/{case_id.lower()}").location == f"/cases/{case_id}"
    assert client.get("/cases/nonsense").status_code == 404
    assert client.get("/cases/C-0000-0000-0000").status_code == 404


def test_recording_opens_the_next_case_and_offers_undo(desk: Desk) -> None:
    first, second = make_case(due_in=timedelta(hours=1)), make_case()
    moderator = Moderator(desk)
    seen = moderator.claim(first)
    answer = moderator.post(f"/cases/{first}/review", **_declined(**seen))
    assert (answer.status_code, answer.location) == (303, f"/cases/{second}")
    page = moderator.get(f"/cases/{second}")
    assert "Recorded." in page
    assert f'action="/cases/{first}/undo"' in page
    stored = moderator.get(f"/cases/{first}")
    assert RATIONALE in stored
    undone = moderator.post(f"/cases/{first}/undo")
    assert (undone.status_code, undone.location) == (303, f"/cases/{first}")
    form = moderator.get(f"/cases/{first}")
    assert RATIONALE in form
    assert f'action="/cases/{first}/undo"' not in form


def test_record_and_stay_shows_what_is_stored(desk: Desk) -> None:
    case_id, clause = make_case(), make_clause()
    moderator = Moderator(desk)
    fields = moderator.claim(case_id) | {
        "outcome": "accepted", "ground": "terms", "clauses": [clause], "visibility": "removed",
        "rationale": RATIONALE, "statement": "It breaks clause 4.2.", "then": "stay",
    }  # fmt: skip
    answer = moderator.post(f"/cases/{case_id}/review", **fields)
    assert answer.location == f"/cases/{case_id}"
    page = moderator.get(f"/cases/{case_id}")
    assert "Your review, as recorded" in page
    assert "Removed" in page
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=False):
        late = moderator.post(f"/cases/{case_id}/undo")
        assert late.status_code == 409
        assert "over" in late.text
        assert f"/cases/{case_id}/undo" not in moderator.get(f"/cases/{case_id}")


def test_an_invalid_review_names_each_field_and_keeps_the_text(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    seen = moderator.claim(case_id)
    answer = moderator.post(
        f"/cases/{case_id}/review", outcome="accepted", rationale="short but mine", **seen
    )
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    for wrong in ("ground", "visibility", "rationale", "statement"):
        assert f'id="{wrong}-error"' in answer.text
    assert "short but mine" in answer.text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Review)) == 0
    mended = _declined(**{name: field(answer.text, name) for name in ("version", "claim_generation")})
    assert moderator.post(f"/cases/{case_id}/review", **mended).status_code == 303


def test_a_stale_review_is_refused_once_and_keeps_the_text(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    seen = moderator.claim(case_id)
    join_case(case_id)
    answer = moderator.post(f"/cases/{case_id}/review", **_declined(**seen))
    assert answer.status_code == 409
    assert RATIONALE in answer.text
    assert "joined or left" in answer.text
    fresh = {name: field(answer.text, name) for name in ("version", "claim_generation")}
    assert moderator.post(f"/cases/{case_id}/review", **_declined(**fresh)).status_code == 303


def test_a_double_review_is_refused_and_shows_both_texts(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    seen = moderator.claim(case_id)
    moderator.post(f"/cases/{case_id}/review", **_declined(**seen))
    answer = moderator.post(
        f"/cases/{case_id}/review", **_declined(**seen, rationale="Typed in another tab.")
    )
    assert answer.status_code == 409
    assert "Typed in another tab." in answer.text
    assert RATIONALE in answer.text
    assert "Claim the case again" not in answer.text


def test_a_review_after_the_claim_can_be_taken_along_into_a_new_claim(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        case_id = make_case(reason=REASON)
        moderator = Moderator(desk)
        seen = moderator.claim(case_id)
        clock.shift(timedelta(minutes=16))
        answer = moderator.post(f"/cases/{case_id}/review", **_declined(**seen))
        assert answer.status_code == 409
        assert RATIONALE in answer.text
        assert REASON not in answer.text
        assert "Claim the case again with this text" in answer.text
        moderator.post(f"/cases/{case_id}/claim", rationale=RATIONALE, outcome="declined")
        page = moderator.get(f"/cases/{case_id}")
        assert RATIONALE in page
        assert REASON in page


def test_a_refused_statement_tells_a_person_without_the_case_no_names(desk: Desk) -> None:
    case_id = make_case(sender_id=make_sender("Harbour Watch"))
    answer = Moderator(desk).post(
        f"/cases/{case_id}/review", **_declined(statement="Harbour Watch", version="1", claim_generation="1")
    )
    assert answer.status_code == 409
    assert "take out" not in answer.text


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "٣"])
def test_made_up_tokens_record_nothing(desk: Desk, number: str) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    moderator.claim(case_id)
    fields = _declined(version=number, claim_generation=number)
    answer = moderator.post(f"/cases/{case_id}/review", **fields)
    assert answer.status_code == 422
    assert "without its hidden field" in answer.text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Review)) == 0


def test_drafts_are_kept_with_keep_longer_and_give_back(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    seen = moderator.claim(case_id)
    for step, location in (
        ("draft", f"/cases/{case_id}"),
        ("renew", f"/cases/{case_id}"),
        ("release", "/queue"),
    ):
        text = f"typed before {step}"
        answer = moderator.post(f"/cases/{case_id}/{step}", rationale=text, clauses=["a", "b"], **seen)
        assert (answer.status_code, answer.location) == (303, location)
        draft = desk.session.scalars(sa.select(Draft)).one()
        assert (draft.fields["rationale"], draft.fields["clauses"]) == (text, ["a", "b"])
    case = desk.session.get_one(Case, case_id)
    assert case.claimed_by is None
    for step in ("draft", "renew", "release"):
        answer = moderator.post(f"/cases/{case_id}/{step}", rationale="typed too late", **seen)
        assert answer.status_code == 409
        assert "typed too late" in answer.text


def test_pages_of_decided_and_pending_cases_show_no_content(desk: Desk) -> None:
    case_id = make_case(reason=REASON)
    moderator, other = Moderator(desk), Moderator(desk)
    seen = moderator.claim(case_id)
    moderator.post(f"/cases/{case_id}/review", **_declined(**seen))
    page = other.get(f"/cases/{case_id}")
    assert "not waiting for a review" in page
    assert RATIONALE not in page
    assert REASON not in page
    assert case_id not in other.get("/queue")
    assert other.post(f"/cases/{case_id}/undo").status_code == 403
    assert other.post(f"/cases/{case_id}/claim").status_code == 409


def test_text_survives_a_claim_that_is_refused(desk: Desk) -> None:
    moderator = Moderator(desk)
    ids = [make_case() for _number in range(6)]
    for case_id in ids[:5]:
        moderator.claim(case_id)
    answer = moderator.post(f"/cases/{ids[5]}/claim", rationale=RATIONALE)
    assert answer.status_code == 409
    assert RATIONALE in answer.text


@pytest.mark.parametrize("form", ["review", "draft", "renew", "release"])
@pytest.mark.parametrize("name", ["version", "claim_generation"])
def test_a_form_without_its_hidden_numbers_is_refused_in_clear_words(
    desk: Desk, form: str, name: str
) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    seen = moderator.claim(case_id)
    answer = moderator.post(f"/cases/{case_id}/{form}", **_declined(**seen | {name: "one"}))
    if name == "version" and form != "review":
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert f"without its hidden field {name}" in answer.text
    assert RATIONALE in answer.text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Review)) == 0


def test_an_undo_after_a_withdrawal_says_what_happened(desk: Desk) -> None:
    sender_id = make_sender()
    case_id, moderator = make_case(sender_id=sender_id), Moderator(desk)
    seen = moderator.claim(case_id)
    assert moderator.post(f"/cases/{case_id}/review", **_declined(**seen)).status_code == 303
    item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    withdraw_item(item_id, actor=sender_actor(sender_id))
    answer = moderator.post(f"/cases/{case_id}/undo")
    assert answer.status_code == 409
    assert "Everything in this case was withdrawn meanwhile" in answer.text
    assert "window" not in answer.text


def test_clauses_are_read_as_words_and_an_introduction_cannot_be_ticked(desk: Desk) -> None:
    terms = read_clauses(
        "Be **kind**.\n\n# Hateful conduct\n\n- no *threats*\n\n# Spam\n\nNone.\n", name="Terms"
    )
    import_clauses(terms.document, terms.clauses, valid_from=NOW.date(), actor=OPERATOR)
    case_id, moderator = make_case(), Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert "• no threats" in page
    assert "introduction" not in page.lower()
    assert page.count("Hateful conduct") == 2, "the label, and the unseen words of its full text"
    assert "hateful-conduct" not in page
    assert "*" not in re.sub(r"<style.*?</style>", "", page)
