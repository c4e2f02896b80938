"""Complaining, judging and being told on the pages, and what nobody else learns of it."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from review.domain.permissions import Role
from tests.complaints import CONTACT, REASONS, Complained
from tests.conftest import Desk
from tests.factories import make_sign_in

WORDS = "CANARY-REASONS: the clip shows it in full."


@pytest.fixture
def story(desk: Desk) -> Complained:
    """A declined case of two senders."""
    return Complained(desk)


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def signed_in(story: Complained, role: Role, *, place: int | None = None) -> FlaskClient:
    client = story.desk.client()
    make_sign_in(client, role, sender_id=None if place is None else story.senders[place])
    return client


def send(client: FlaskClient, address: str, **fields: str) -> Any:
    token = field(client.get(address).text, "csrf_token")
    return client.post(address, data={"csrf_token": token} | fields)


def register(client: FlaskClient, case_id: str, **fields: str) -> Any:
    token = field(client.get(f"/records/{case_id}").text, "csrf_token")
    return client.post(f"/records/{case_id}/complaint", data={"csrf_token": token} | fields)


def claim(client: FlaskClient, case_id: str) -> Any:
    token = field(client.get("/complaints").text, "csrf_token")
    return client.post(f"/cases/{case_id}/claim", data={"csrf_token": token})


def judge(client: FlaskClient, case_id: str, **fields: str) -> Any:
    page = client.get(f"/cases/{case_id}").text
    hidden = {name: field(page, name) for name in ("csrf_token", "version", "claim_generation")}
    return client.post(f"/cases/{case_id}/review", data=hidden | fields)


DECLINED = {
    "outcome": "declined",
    "decline_reason": "no_breach",
    "rationale": "Watched again; it praises nobody.",
    "statement": "CANARY-STATEMENT: it keeps our terms.",
    "then": "stay",
}


def test_a_sender_complains_on_the_page_of_its_item_and_reads_the_result(story: Complained) -> None:
    officer, lead = signed_in(story, Role.SENDER, place=0), signed_in(story, Role.LEAD)
    item_id, referral_id = story.items[0], story.referrals[0]
    address = f"/sender/items/{item_id}/complaint"
    assert f'href="{address}"' in officer.get(f"/sender/referrals/{referral_id}").text
    assert "Nobody complains of a decision." in lead.get("/complaints").text
    sent = send(officer, address, reasons=WORDS)
    assert (sent.status_code, sent.location) == (
        303, f"/sender/referrals/{referral_id}?item={item_id}#{item_id}",
    )  # fmt: skip
    page = officer.get(f"/sender/referrals/{referral_id}").text
    assert WORDS in page
    assert "Being judged" in page
    assert f'href="{address}"' not in page, "one at a time"
    assert officer.get(address).status_code == 303
    listed = lead.get("/complaints").text
    assert story.case_id in listed
    assert "CANARY" not in listed
    assert claim(lead, story.case_id).status_code == 303
    held = lead.get(f"/cases/{story.case_id}").text
    assert WORDS in held
    assert "A sender of this case" in held
    assert "The decision follows this one" in held
    assert judge(lead, story.case_id, **DECLINED).status_code == 303
    review_id = (
        story.desk.session.connection()
        .exec_driver_sql("SELECT id FROM reviews WHERE round = 'complaint'")
        .scalar_one()
    )
    assert story.dispatch(review_id) is None
    page = officer.get(f"/sender/referrals/{referral_id}").text
    assert "The decision stands" in page
    assert DECLINED["statement"] in page
    assert "After your complaint our decision on 1 item stands" in page
    assert "Watched again" not in page
    assert "Nobody complains of a decision." in lead.get("/complaints").text


def test_a_refused_complaint_keeps_its_words(story: Complained) -> None:
    officer = signed_in(story, Role.SENDER, place=0)
    address = f"/sender/items/{story.items[0]}/complaint"
    answer = send(officer, address, reasons="w" * 10_001)
    assert answer.status_code == 422
    assert "Write at most 10000 characters" in answer.text
    assert "www" in answer.text
    token = field(officer.get(address).text, "csrf_token")
    story.complain()
    late = officer.post(address, data={"csrf_token": token, "reasons": WORDS})
    assert late.status_code == 409
    assert WORDS in late.text
    assert re.search(r" [0-9]{4},? [0-9:]{5} UTC.? waits for its result", late.text)


def test_a_form_that_has_expired_gives_the_words_back(story: Complained) -> None:
    officer = signed_in(story, Role.SENDER, place=0)
    address = f"/sender/items/{story.items[0]}/complaint"
    answer = officer.post(address, data={"csrf_token": "another", "reasons": WORDS})
    assert answer.status_code == 403
    assert WORDS in answer.text
    assert f'href="{address}"' in answer.text
    assert story.complaints() == []


def test_nobody_complains_on_the_page_of_anothers_item(story: Complained) -> None:
    officer = signed_in(story, Role.SENDER, place=1)
    address = f"/sender/items/{story.items[0]}/complaint"
    token = field(officer.get(f"/sender/items/{story.items[1]}/complaint").text, "csrf_token")
    other = "/sender/items/I-0000-0000-0000/complaint"
    assert officer.get(address).status_code == officer.get(other).status_code == 404
    given = {"csrf_token": token, "reasons": WORDS}
    assert officer.post(address, data=given).status_code == 404
    assert story.complaints() == []


def test_the_other_sender_learns_nothing_of_a_complaint_that_is_upheld(story: Complained) -> None:
    other = signed_in(story, Role.SENDER, place=1)
    places = (
        "/sender", "/sender/referrals", f"/sender/referrals/{story.referrals[1]}", "/sender/deliveries",
    )  # fmt: skip
    before = [plain(other.get(place).text) for place in places]
    story.complain(0, WORDS)
    assert [plain(other.get(place).text) for place in places] == before
    story.uphold()
    assert [plain(other.get(place).text) for place in places] == before


def plain(page: str) -> str:
    """A page without what is new each time it is drawn."""
    return re.sub(r'name="csrf_token" value="[^"]*"|data-now="[^"]*"|<time[^>]*>[^<]*</time>', "", page)


def test_after_a_reversal_every_sender_reads_both_outcomes_and_no_name_of_a_party(story: Complained) -> None:
    story.register(WORDS, CONTACT)
    story.reverse()
    for place in (0, 1):
        officer = signed_in(story, Role.SENDER, place=place)
        page = officer.get(f"/sender/referrals/{story.referrals[place]}").text
        assert "Supersedes" in page
        assert "Our decision on 1 item was reversed: Accepted" in page
        assert "1 item answered: Declined" in page
        for secret in (WORDS, CONTACT, "The user whose content it is", "Watched"):
            assert secret not in page


def test_legal_registers_reads_everything_and_a_lead_never_sees_the_contact(story: Complained) -> None:
    legal, lead = signed_in(story, Role.LEGAL), signed_in(story, Role.LEAD)
    record = f"/records/{story.case_id}"
    assert f'action="{record}/complaint"' in legal.get(record).text
    refused = register(legal, story.case_id, reasons=" ", contact="")
    assert refused.status_code == 422
    assert "Write where the answer goes to." in refused.text
    sent = register(legal, story.case_id, reasons=WORDS, contact=CONTACT)
    assert (sent.status_code, sent.location) == (303, f"{record}#complaints")
    page = legal.get(record).text
    assert WORDS in page
    assert CONTACT in page
    assert f'action="{record}/complaint"' not in page
    assert "The stored rows are not what the trail tells" not in page
    claim(lead, story.case_id)
    held = lead.get(f"/cases/{story.case_id}").text
    assert WORDS in held
    assert CONTACT not in held
    assert "The user whose content it is" in held
    judged = DECLINED | {"decline_reason": "not_found", "statement": "It is gone."}
    assert judge(lead, story.case_id, **judged).status_code == 303
    review_id = (
        story.desk.session.connection()
        .exec_driver_sql("SELECT id FROM reviews WHERE round = 'complaint'")
        .scalar_one()
    )
    assert story.dispatch(review_id) is not None
    page = legal.get(record).text
    for words in ("The decision was reversed", "It is gone.", "Superseded", "Complaint review"):
        assert words in page
    first, second = story.decisions()
    assert first.id in page
    assert second.id in page
    assert "The stored rows are not what the trail tells" not in page
    assert "Decision reversed after a complaint" in page
    verbatim = page.partition("Messages with the senders, verbatim")[2]
    for place in (0, 1):
        assert len(story.answers(place)) == 2
    assert verbatim.count("complaint_until") == 4, "both answers to both senders"


def test_legal_is_told_when_there_is_nothing_to_register_against(story: Complained) -> None:
    legal = signed_in(story, Role.LEGAL)
    missing = {
        "reasons": WORDS,
        "contact": "x",
        "csrf_token": field(legal.get("/records").text, "csrf_token"),
    }
    assert legal.post("/records/C-0000-0000-0000/complaint", data=missing).status_code == 404
    story.register()
    refused = register(legal, story.case_id, reasons=WORDS, contact="x")
    assert refused.status_code == 409
    assert WORDS in refused.text
    assert re.search(r" [0-9]{4},? [0-9:]{5} UTC.? waits for its result", refused.text)


def test_a_lead_with_a_part_in_the_case_is_told_and_offered_nothing(story: Complained) -> None:
    lead = story.desk.client()
    actor = make_sign_in(lead, Role.LEAD)
    story.complain()
    story.reverse(lead=actor)
    story.complain(1)
    listed = lead.get("/complaints").text
    assert "another lead judges" in listed
    assert f"/cases/{story.case_id}/claim" not in listed
    for role, status in ((Role.MODERATOR, 403), (Role.LEGAL, 403), (Role.SENDER, 403)):
        assert signed_in(story, role).get("/complaints").status_code == status


def test_a_claim_that_somebody_else_has_is_refused(story: Complained) -> None:
    story.complain()
    first, second = signed_in(story, Role.LEAD), signed_in(story, Role.LEAD)
    assert claim(first, story.case_id).status_code == 303
    assert "Held" in second.get("/complaints").text
    assert claim(second, story.case_id).status_code == 409
    assert "/complaints" not in signed_in(story, Role.MODERATOR).get("/queue").text


def test_reversals_are_counted_by_the_outcome_that_was_first(story: Complained) -> None:
    story.complain()
    story.reverse()
    story.register()
    second = story.desk.client()
    actor = make_sign_in(second, Role.LEAD)
    same = replace(story.other, rationale="Once more: the video praises a listed organisation.")
    assert story.dispatch(story.record(same, lead=actor)) is None
    rows = re.findall(r'<td role="cell" class="number"[^>]*><div>([^<]*)</div>', second.get("/numbers").text)
    assert rows[-6:] == ["1", "0", "0%", "1", "1", "100%"]


def test_a_lifted_restriction_waits_for_nobody_and_says_so(desk: Desk) -> None:
    story = Complained(desk, accepted=True)
    lead = signed_in(story, Role.LEAD)
    (restriction,) = story.restrictions()
    story.register(REASONS)
    story.reverse()
    listed = lead.get("/restrictions").text
    assert "Every restriction was reported." in listed
    assert "Lifted after a complaint" in listed
    page = lead.get(f"/restrictions/{restriction.id}").text
    assert "Lifted" in page
    assert "https://video.example/complained" in page, "whoever acts by hand is shown where"
    assert "It is in place now" not in page
