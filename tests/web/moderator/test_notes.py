"""Notes on the page of a case: who reads and writes them, and that no word is lost or gets out."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import db
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.notes import write_note
from review.domain.permissions import Actor, Role
from review.models import Account, Case, Draft, Note
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sign_in
from tests.judging import DECLINE, OTHER_DECLINE, settle_review
from tests.web.moderator.test_my_work import _row
from tests.web.moderator.test_pages import Moderator, _declined

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOSTILE = "</textarea><script>alert(1)</script> \u202egnp.exe \x07 CANARY-NOTE"


def _name(desk: Desk, person: Actor) -> str:
    return desk.session.get_one(Account, person.account_id).pseudonym


def _notes(page: str) -> str:
    return page.partition('id="notes"')[2].partition("</section>")[0]


def test_the_holder_writes_a_note_and_the_typed_review_stays(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    assert "No note yet." in _notes(person.get(f"/cases/{case_id}"))
    answer = person.post(f"/cases/{case_id}/note", **_declined(**seen), note=HOSTILE, pinned="1")
    assert (answer.status_code, answer.location) == (303, f"/cases/{case_id}#notes")
    page = person.get(f"/cases/{case_id}")
    notes = _notes(page)
    assert "Note written." in page
    assert "Pinned" in notes
    assert "You" in notes
    assert "⟨202E⟩gnp.exe ⟨0007⟩ CANARY-NOTE" in notes.replace("\u2068", "").replace("\u2069", "")
    assert "<script" not in notes
    assert "\u202e" not in page
    assert "The video praises" in page
    assert len(desk.session.scalars(sa.select(Draft)).all()) == 1


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("", "The note is empty"),
        ("x" * 5001, "5000 characters at most"),
        ("@Reviewer Z99 look", "called Reviewer Z99"),
    ],
)
def test_a_refused_note_stays_in_its_field_with_the_reason(desk: Desk, note: str, words: str) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    answer = person.post(f"/cases/{case_id}/note", **_declined(**seen), note=note, pinned="1")
    assert answer.status_code == 422
    notes = _notes(answer.text)
    assert words in notes
    assert f">{note}</textarea>" in notes
    assert "checked" in notes
    assert "<title>Error:" in answer.text
    assert "The video praises" in answer.text
    assert desk.session.scalars(sa.select(Note)).all() == []


def test_a_note_of_a_claim_that_ended_is_given_back(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(), Moderator(desk)
        seen = person.claim(case_id)
        hand.shift(timedelta(minutes=15))
        answer = person.post(f"/cases/{case_id}/note", **_declined(**seen), note="Half a thought")
        assert answer.status_code == 409
        assert "Half a thought" in answer.text
        assert "The video praises" in answer.text


def test_a_colleague_without_the_case_reads_nothing_and_the_next_holder_everything(desk: Desk) -> None:
    case_id, person, other = make_case(), Moderator(desk), Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/note", **seen, note="CANARY-NOTE")
    page = other.get(f"/cases/{case_id}")
    assert "CANARY-NOTE" not in page
    assert 'id="notes"' not in page
    person.post(f"/cases/{case_id}/release", **seen)
    assert "CANARY-NOTE" in person.get(f"/cases/{case_id}"), "one's own"
    other.claim(case_id)
    notes = _notes(other.get(f"/cases/{case_id}"))
    assert "CANARY-NOTE" in notes
    assert _name(desk, person.actor) in notes


def test_a_lead_writes_beside_the_claim_of_others_and_reads_what_came_before_it(desk: Desk) -> None:
    case_id, lead, person = make_case(), Moderator(desk, Role.LEAD), Moderator(desk)
    page = lead.get(f"/cases/{case_id}")
    assert "No note that you may read." in _notes(page)
    assert "claim_generation" not in _notes(page)
    assert lead.post(f"/cases/{case_id}/note", note="Early").status_code == 303
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/note", **seen, note="CANARY-NOTE")
    notes = _notes(lead.get(f"/cases/{case_id}"))
    assert "Early" in notes
    assert "CANARY-NOTE" not in notes
    refused = lead.post(f"/cases/{case_id}/note", note="")
    assert refused.status_code == 422
    assert "The note is empty" in _notes(refused.text)


@pytest.mark.parametrize("state", ["second_review", "resolving"])
def test_who_judges_after_others_gets_a_page_without_later_notes(desk: Desk, state: str) -> None:
    """Byte for byte as without them, whoever wrote them and however many there are."""
    with time_machine.travel(NOW, tick=False):
        case_id, lead, first = make_case(), make_account(Role.LEAD), make_account()
        second = Moderator(desk, Role.LEAD)
        write_note(case_id, "Early", actor=lead)
        second.claim(case_id)
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id == case_id).values(state=state))
        before = _masked(second.get(f"/cases/{case_id}"))
        for text in ("CANARY-NOTE", "x" * 4000):
            write_note(case_id, text, pinned=True, actor=lead)
        assert _masked(second.get(f"/cases/{case_id}")) == before
        assert "Early" in before
        for person in (lead, first):
            assert _name(desk, person) not in before


def _masked(page: str) -> str:
    return re.sub(r'name="csrf_token"[^>]*>', "", page)


def test_a_mention_is_listed_with_the_case_and_without_a_word_of_the_note(desk: Desk) -> None:
    case_id, lead, person = make_case(), make_account(Role.LEAD), Moderator(desk)
    assert "None. Colleagues mention you with @ and your name" in person.get("/my-work")
    write_note(case_id, f"@{_name(desk, person.actor)}: CANARY-NOTE", actor=lead)
    page = person.get("/my-work")
    assert "Open" in _row(page, case_id)
    assert "CANARY-NOTE" not in page
    assert _name(desk, lead) not in page
    assert f'href="/cases/{case_id}#notes"' in page
    assert "CANARY-NOTE" not in person.get(f"/cases/{case_id}")


def test_a_resolver_reads_no_note_of_those_who_differ(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, people, lead = make_case(), (make_account(), make_account()), Moderator(desk, Role.LEAD)
        for person, review in zip(people, (DECLINE, OTHER_DECLINE), strict=True):
            claim = claim_case(case_id, actor=person)
            write_note(case_id, "CANARY-NOTE", claim_generation=claim.claim_generation, actor=person)
            recorded = record_review(
                case_id, review, claim_generation=claim.claim_generation, version=claim.version, actor=person
            )
            assert settle_review(recorded, hand) is None
        lead.claim(case_id)
        page = lead.get(f"/cases/{case_id}")
        assert "Two reviews differ" in page
        assert "No note that you may read." in _notes(page)
        assert "CANARY-NOTE" not in page
        assert not [person for person in people if _name(desk, person) in page]


def _legal(desk: Desk) -> tuple[FlaskClient, str]:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/display").text)
    assert token is not None
    return client, token[1]


def test_legal_reads_all_notes_in_the_record_and_writes_there(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.post(f"/cases/{case_id}/note", **person.claim(case_id), note="CANARY-NOTE")
    client, token = _legal(desk)
    notes = _notes(client.get(f"/records/{case_id}").text)
    assert "CANARY-NOTE" in notes
    assert _name(desk, person.actor) in notes
    given = {"csrf_token": token, "note": "From legal", "pinned": "1"}
    answer = client.post(f"/records/{case_id}/note", data=given)
    assert (answer.status_code, answer.location) == (303, f"/records/{case_id}#notes")
    page = client.get(f"/records/{case_id}").text
    assert "From legal" in _notes(page)
    assert "Note written" in page, "in the timeline"
    assert "From legal" in person.get(f"/cases/{case_id}")
    refused = client.post(f"/records/{case_id}/note", data=given | {"note": " "})
    assert refused.status_code == 422
    assert "The note is empty" in _notes(refused.text)
    assert client.post("/records/nonsense/note", data=given).status_code == 404


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SENDER])
def test_others_write_none_and_read_none(desk: Desk, role: Role) -> None:
    client, case_id = desk.client(), make_case()
    write_note(case_id, "CANARY-NOTE", actor=make_account(Role.LEAD))
    make_sign_in(client, role)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/display").text)
    assert token is not None
    for address in (f"/cases/{case_id}/note", f"/records/{case_id}/note"):
        assert client.post(address, data={"csrf_token": token[1], "note": "x"}).status_code == 403
