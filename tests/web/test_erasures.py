"""Holds, erasures and what is due: asked for, settled and shown through the pages."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import clock
from review.actions.holds import place_hold
from review.domain.holds import RecordKind
from review.domain.permissions import Role
from review.models import Erasure, LegalHold, Review
from tests.conftest import Desk
from tests.erasures import CHECKED, TEXTS, WHY, Decided, ask, decided_record, erase, hold, split_record
from tests.factories import make_case, make_sender, make_sign_in


def signed_in(desk: Desk, role: Role = Role.LEGAL) -> FlaskClient:
    client = desk.client()
    make_sign_in(client, role)
    return client


def send(client: FlaskClient, page: str, address: str, **fields: Any) -> Any:
    """Send a form with the token of the page that it stands on."""
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)[0]
    return client.post(address, data=fields | {"csrf_token": token})


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_legal_asks_and_a_second_person_lets_it_go(desk: Desk) -> None:
    record = decided_record()
    first, second = signed_in(desk), signed_in(desk, Role.ADMIN)
    page = first.get(f"/records/{record.case_id}").text
    assert TEXTS["rationale"] in page
    form = f"/erasures/new?record={record.case_id}"
    assert form in page
    asked = send(
        first, form, "/erasures", record=record.case_id, parts=["rationale"], ground="order", reason=WHY
    )
    assert asked.status_code == 303, words_of(asked.text)
    own = first.get(asked.location).text
    assert "Approve and erase" not in own
    assert "Erase what is ticked" not in first.get("/erasures").text, "nobody settles only the own"
    assert "Erase what is ticked" in second.get("/erasures").text
    assert asked.location.rsplit("/", 1)[1] in second.get("/erasures").text
    page = second.get(asked.location).text
    assert WHY in page
    assert TEXTS["rationale"] not in page
    done = send(second, asked.location, f"{asked.location}/execute", reason=CHECKED)
    assert done.status_code == 303, words_of(done.text)
    page = first.get(f"/records/{record.case_id}").text
    assert TEXTS["rationale"] not in page
    assert "erased on" in page
    assert "A court or an authority ordered it" in unescape(page)
    assert "Erasure carried out" in page
    assert "The stored rows are not what the trail tells" not in page


def test_a_refusal_says_so_and_erases_nothing(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    client, page = signed_in(desk), f"/erasures/{erasure_id}"
    blank = send(client, page, f"{page}/refuse", reason=" ")
    assert blank.status_code == 422
    assert send(client, page, f"{page}/refuse", reason=WHY).status_code == 303
    assert "Refused" in client.get(page).text
    late = send(client, "/holds/new", f"{page}/execute", reason=CHECKED)
    assert late.status_code == 409
    assert "settled in the meantime" in late.text
    assert desk.session.scalars(sa.select(Review.rationale)).one() == TEXTS["rationale"]


def test_what_was_typed_into_a_request_stays(desk: Desk) -> None:
    record = decided_record()
    client, form = signed_in(desk), f"/erasures/new?record={record.referral_id}"
    typed = {"record": record.referral_id, "parts": ["url"], "reason": "Because of it."}
    answer = send(client, form, "/erasures", **typed)
    assert answer.status_code == 422
    assert "Because of it." in answer.text
    assert re.search(r'value="url" checked', answer.text)
    assert client.get("/erasures/new?record=nothing").status_code == 404


def test_a_hold_is_placed_found_shown_and_released(desk: Desk) -> None:
    record = decided_record()
    first, second = signed_in(desk), signed_in(desk, Role.ADMIN)
    form = f"/holds/new?record={record.case_id}"
    day = (clock.now() + timedelta(days=9)).date().isoformat()
    wrong = send(first, form, "/holds", record="C-1", reason="", review_on="soon")
    assert wrong.status_code == 422
    none = send(first, form, "/holds", record="C-0000-0000-0000", reason=WHY, review_on=day)
    assert none.status_code == 422
    placed = send(first, form, "/holds", record=record.case_id, reason=WHY, review_on=day)
    assert placed.status_code == 303, words_of(placed.text)
    assert "Release the hold" not in first.get(placed.location).text
    hold_id = desk.session.scalars(sa.select(LegalHold.id)).one()
    assert hold_id in first.get(f"/records/{record.case_id}").text
    assert hold_id in first.get(f"/holds?q={record.case_id}&state=standing").text
    assert hold_id not in first.get("/holds?state=released").text
    assert hold_id in first.get("/holds?q=letter").text
    asked = send(
        first,
        f"/erasures/new?record={record.case_id}",
        "/erasures",
        record=record.case_id,
        parts=["notes"],
        ground="order",
        reason=WHY,
    )
    assert asked.status_code == 409
    assert "A legal hold stands" in asked.text
    assert send(second, placed.location, f"{placed.location}/release", reason=" ").status_code == 422
    assert send(second, placed.location, f"{placed.location}/release", reason="Over.").status_code == 303
    assert "Released" in second.get(placed.location).text


def test_what_is_due_is_listed_and_asked_for_together(desk: Desk) -> None:
    with time_machine.travel(clock.now() - timedelta(days=400), tick=True):
        records = [decided_record(number=number) for number in (1, 2, 3)]
    fresh = decided_record(number=4)
    hold(records[2])
    client = signed_in(desk)
    page = client.get("/retention").text
    assert all(record.case_id in page for record in records)
    assert fresh.case_id not in page
    ids = [record.case_id for record in records[:2]]
    wrong = send(client, "/retention", "/retention", of="cases", case=ids, reason="")
    assert wrong.status_code == 422
    typed = {"of": "cases", "case": [records[2].case_id], "case_parts": ["notes"], "reason": WHY}
    held = send(client, "/retention", "/retention", **typed)
    assert held.status_code == 409
    for of, parts in (("cases", {"case_parts": ["rationale"]}), ("referrals", {"referral_parts": ["url"]})):
        asked = send(client, "/retention", "/retention", of=of, case=ids, reason=WHY, **parts)
        assert asked.status_code == 303, words_of(asked.text)
    waiting = list(desk.session.scalars(sa.select(Erasure.id)))
    assert len(waiting) == 4
    second = signed_in(desk)
    assert send(second, "/erasures", "/erasures/execute", erasure=[], reason=WHY).status_code == 422
    done = send(second, "/erasures", "/erasures/execute", erasure=waiting, reason=CHECKED)
    assert done.status_code == 303, words_of(done.text)
    page = client.get("/retention").text
    assert records[2].case_id in page
    assert not any(case_id in page for case_id in ids)


def test_the_page_says_which_referrals_stay_and_why(desk: Desk) -> None:
    record, later = split_record()
    with time_machine.travel(clock.now() - timedelta(days=400), tick=True):
        plain = decided_record()
    client = signed_in(desk)
    why = f"{record.referral_id}: case {later} is kept until"
    assert why in words_of(client.get("/retention").text)
    typed = {"of": "referrals", "referral_parts": ["url"], "reason": WHY}
    alone = send(client, "/retention", "/retention", case=[record.case_id], **typed)
    assert alone.status_code == 409
    assert "1 referral stays, because it has items in a case that is not due. " + why in words_of(alone.text)
    both = send(client, "/retention", "/retention", case=[record.case_id, plain.case_id], **typed)
    assert both.status_code == 303, words_of(both.text)
    assert desk.session.scalars(sa.select(Erasure.object_id)).all() == [plain.referral_id]
    said = words_of(client.get(both.location).text)
    assert "1 erasure is requested." in said
    assert why in said


def test_all_that_is_listed_is_ticked_at_once_but_what_is_held(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(clock.now() - timedelta(days=400), tick=True):
        records = [decided_record(number=number) for number in (1, 2, 3)]
    hold(records[0])
    client = signed_in(desk)
    page = client.get("/retention").text
    assert " checked" not in page
    assert "the next come here" not in page
    page = client.get("/retention?tick=all").text
    ticked = set(re.findall(r'name="case" value="([^"]+)" checked', page))
    assert ticked == {record.case_id for record in records[1:]}
    assert "Take all ticks away" in page
    monkeypatch.setattr("review.queries.retention.PAGE_ROWS", 1)
    monkeypatch.setattr("review.web.legal.retention.PAGE_ROWS", 1)
    page = client.get("/retention?tick=all").text
    assert len(re.findall(r'name="case" value="[^"]+" checked', page)) == 1
    assert "the next come here when these are requested." in page


def test_cases_with_many_referrals_are_asked_for_some_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.web.legal.retention.MOST_AT_ONCE", 2)
    sender = make_sender()
    with time_machine.travel(clock.now() - timedelta(days=400), tick=True):
        ids = [decided_record(sender_id=sender, number=number).case_id for number in (1, 2, 3)]
    client = signed_in(desk)
    typed = {"of": "referrals", "case": ids, "referral_parts": ["url"], "reason": WHY}
    asked = send(client, "/retention", "/retention", **typed)
    assert "1 more referral of these cases can be asked for" in words_of(client.get(asked.location).text)
    asked = send(client, "/retention", "/retention", **typed)
    assert "can be asked for" not in words_of(client.get(asked.location).text)
    assert len(desk.session.scalars(sa.select(Erasure.id)).all()) == 3
    again = send(client, "/retention", "/retention", **typed)
    assert again.status_code == 409
    assert "Every referral of the ticked cases is erased or asked for already." in again.text
    none = send(client, "/retention", "/retention", **(typed | {"case": []}))
    assert none.status_code == 422
    assert "Tick at least one case." in none.text


def test_pages_that_showed_an_erased_record_do_not_break(desk: Desk) -> None:
    record = decided_record()
    erase(record, "rationale", "statement", "notes")
    erase(record, "reference", "contact", "reason", "url", "evidence", kind=RecordKind.REFERRAL)
    legal, sender = signed_in(desk), desk.client()
    make_sign_in(sender, Role.SENDER, sender_id=record.sender_id)
    lead = signed_in(desk, Role.LEAD)
    pages = [
        (legal, "/records"),
        (legal, f"/records/{record.case_id}"),
        (legal, "/records?q=canary&words=1"),
        (legal, f"/senders/{record.sender_id}"),
        (lead, "/queue"),
        (lead, "/my-work"),
        (sender, "/sender"),
        (sender, "/sender/referrals"),
        (sender, f"/sender/referrals/{record.referral_id}"),
    ]
    for client, address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "CANARY" not in answer.text, address
        assert "url-canary" not in answer.text, address
    text = sender.get(f"/sender/referrals/{record.referral_id}").text
    assert "erased on" in text


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.SENDER])
def test_others_see_neither_holds_nor_requests(desk: Desk, role: Role) -> None:
    client = signed_in(desk, role)
    for address in ("/holds", "/erasures", "/retention", "/holds/new", "/erasures/new"):
        assert client.get(address).status_code == 403


def test_an_administrator_reads_no_reason_of_a_record(desk: Desk) -> None:
    record: Decided = decided_record()
    erasure_id = ask(record, "rationale")
    admin = signed_in(desk, Role.ADMIN)
    page = admin.get(f"/erasures/{erasure_id}").text
    assert f"/records/{record.case_id}" not in page
    assert "CANARY" not in page
    assert admin.get("/retention").status_code == 403


SECOND = "A second person has to do this"


def test_the_own_request_is_refused_in_words_of_a_second_person(desk: Desk) -> None:
    record, client = decided_record(), desk.client()
    record.asker = make_sign_in(client, Role.LEGAL)
    erasure_id = ask(record, "rationale")
    page = f"/erasures/{erasure_id}"
    for address in (f"{page}/execute", f"{page}/refuse", "/erasures/execute"):
        answer = send(client, page, address, reason=CHECKED, erasure=erasure_id)
        assert answer.status_code == 403, address
        assert SECOND in answer.text
        assert "You asked for this yourself; somebody else of legal" in answer.text
        assert "Your role does not allow this" not in answer.text
    assert "Approve and erase" in signed_in(desk, Role.ADMIN).get(page).text, "it waits as before"


def test_the_own_hold_is_kept_in_words_of_a_second_person(desk: Desk) -> None:
    client = desk.client()
    legal, due = make_sign_in(client, Role.LEGAL), clock.now() + timedelta(days=9)
    hold_id = place_hold(RecordKind.CASE, make_case(), WHY, due.date(), actor=legal)
    answer = send(client, f"/holds/{hold_id}", f"/holds/{hold_id}/release", reason=CHECKED)
    assert answer.status_code == 403
    assert SECOND in answer.text
    assert "You placed this hold yourself; somebody else of legal" in answer.text
    assert "Your role does not allow this" not in answer.text
    others = send(signed_in(desk, Role.LEAD), "/queue", f"/holds/{hold_id}/release", reason=CHECKED)
    assert others.status_code == 403
    assert "Your role does not allow this" in others.text
