"""E-mails on the pages of leads: the list, confirming with nothing lost, refusing, and who sees none."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from review.actions.sender_changes import change_sender
from review.domain.permissions import OPERATOR, Role
from review.domain.senders import Contact, Profile
from review.models import Account, Case, Item, Referral
from tests.conftest import Desk
from tests.emails import arrive, confirm, message
from tests.factories import make_account, make_sender, make_sign_in
from tests.web.admin.pages import Person

HOSTILE = (
    "From: <script>alert(1)</script> \u202egnp <evil@unit.example>\r\n"
    "Subject: <b>Look</b> \u202egnp\r\n"
    "Message-ID: <x@unit.example>\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    "<img src=x onerror=alert(1)> \u202e\u0007 https://video.example/watch/9 "
    "and https://elsewhere.example/z and hxxps://video[.]example/watch/10.\r\n"
).encode()


def fields(sender_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "sender_id": sender_id, "identity_way": "reply", "identity_words": "CANARY-WORDS",
        "urgency": "normal", "intake_kind": "referral", "urls": ["https://video.example/watch/1"],
        "more_urls": "",
        "reason": "Video of a listed organisation.", "category": "", "reference": "",
        "issuing_authority": "Police of Ghent", "issuing_country": "be",
    } | changes  # fmt: skip


def referrals(desk: Desk) -> list[Referral]:
    return list(desk.session.scalars(sa.select(Referral)))


def test_the_list_is_empty_then_shows_what_waits_and_what_became_of_it(desk: Desk) -> None:
    lead = Person(desk, Role.LEAD)
    assert "No e-mail waits." in lead.get("/emailed")
    waiting = arrive(message(subject="Waiting one"))
    ended = arrive(message(subject="Ended one"))
    confirmed = confirm(ended, make_sender(), actor=lead.actor)
    page = lead.get("/emailed")
    assert page.index("Waiting one") < page.index("Ended one")
    assert f'href="/emailed/{waiting}"' in page
    assert confirmed.referral_id in page
    assert 'href="/emailed" aria-current="page"' in page


def test_a_hostile_message_harms_no_page_and_is_no_link(desk: Desk) -> None:
    email_id, lead = arrive(HOSTILE), Person(desk, Role.LEAD)
    for address in ("/emailed", f"/emailed/{email_id}"):
        page = lead.get(address)
        assert "<script>alert" not in page
        assert "<b>Look" not in page
        assert "<img" not in page.replace('<img src="/static/favicon', "")
        assert "⟨202E⟩" in page
    shown = re.sub(r"<(textarea|input)[^>]*>[^<]*", "", page)
    assert "hxxps://elsewhere[.]example/z" in shown
    assert "https://elsewhere.example" not in shown
    assert 'href="https://' not in page
    boxes = re.findall(r'name="urls" value="([^"]+)"( checked)?', page)
    assert "\u202e" not in page
    assert boxes == [
        ("https://video.example/watch/9", " checked"),
        ("https://elsewhere.example/z", ""),
        ("hxxps://video[.]example/watch/10", " checked"),
    ]


def test_confirming_makes_the_referral_and_says_so(desk: Desk) -> None:
    sender_id, lead, email_id = make_sender("Harbour Watch"), Person(desk, Role.LEAD), arrive()
    page = lead.get(f"/emailed/{email_id}")
    assert "We refer this video of a listed organisation:" in page
    answer = lead.post(
        f"/emailed/{email_id}/confirm", **fields(sender_id, more_urls="https://elsewhere.example/x")
    )
    page = lead.follow(answer)
    (referral,) = referrals(desk)
    assert f"Received as {referral.id} with 1 item, which is in the queue." in page
    assert "1 address was refused" in page
    assert (referral.reference, referral.issuing_country) == (email_id, "BE")
    page = lead.get(f"/emailed/{email_id}")
    assert "CANARY-WORDS" in page
    assert "Reply to a registered contact" in page
    assert "Confirm as a referral" not in page


def test_what_is_wrong_comes_back_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    sender_id, lead, email_id = make_sender(), Person(desk, Role.LEAD), arrive()
    lead.get(f"/emailed/{email_id}")
    typed = fields(
        "", identity_way="", reason="Typed reason", issuing_country="Belgium", more_urls="https://typed.example/",
        urls=[], category="STATEMENT_CATEGORY_VIOLENCE", contact_name="Typed name",
    )  # fmt: skip
    page = lead.post(f"/emailed/{email_id}/confirm", 422, **typed).text
    assert page.count('class="field-error"') == 4
    for name in ("sender_id", "identity_way", "more_urls", "issuing_country"):
        assert f'id="{name}-error"' in page, name
    for kept in ("CANARY-WORDS", "Typed reason", "Typed name", "https://typed.example/", 'value="Belgium"'):
        assert kept in page, kept
    assert re.search(r'<option selected value="STATEMENT_CATEGORY_VIOLENCE"', page)
    assert 'value="https://video.example/watch/1" checked' not in page
    assert "Error: " in page
    notice = fields(sender_id, intake_kind="notice")
    page = lead.post(f"/emailed/{email_id}/confirm", 422, **notice).text
    assert 'id="good_faith-error"' in page
    assert re.search(rf'<option selected value="{sender_id}"', page)
    assert referrals(desk) == []


def test_a_used_reference_is_said_at_its_field(desk: Desk) -> None:
    sender_id, lead = make_sender(), Person(desk, Role.LEAD)
    confirm(arrive(), sender_id, actor=lead.actor, reference="USED")
    email_id = arrive()
    lead.get(f"/emailed/{email_id}")
    page = lead.post(f"/emailed/{email_id}/confirm", 422, **fields(sender_id, reference="USED")).text
    assert 'id="reference-error"' in page


def test_refusing_takes_a_reason_and_is_final(desk: Desk) -> None:
    lead, email_id = Person(desk, Role.LEAD), arrive()
    lead.get(f"/emailed/{email_id}")
    assert 'id="refusal-error"' in lead.post(f"/emailed/{email_id}/refuse", 422, refusal=" ").text
    page = lead.follow(lead.post(f"/emailed/{email_id}/refuse", refusal="Advertisement."))
    assert f"Refused: {email_id} does not become a referral." in page
    assert "Advertisement." in lead.get(f"/emailed/{email_id}")


def test_the_second_lead_is_told_that_somebody_was_faster(desk: Desk) -> None:
    sender_id, email_id = make_sender(), arrive()
    first, second = Person(desk, Role.LEAD), Person(desk, Role.LEAD)
    for lead in (first, second):
        lead.get(f"/emailed/{email_id}")
    first.post(f"/emailed/{email_id}/confirm", **fields(sender_id))
    page = second.post(f"/emailed/{email_id}/confirm", 409, **fields(sender_id)).text
    assert "in the meantime" in page
    assert len(referrals(desk)) == 1


def test_other_spellings_lead_to_the_message_and_unknown_ones_nowhere(desk: Desk) -> None:
    lead, email_id = Person(desk, Role.LEAD), arrive()
    answer = lead.client.get(f"/emailed/{email_id.lower()}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/emailed/{email_id}")
    for wrong in ("M-0000-0000-0000", "R-0000-0000-0000", "x"):
        lead.get(f"/emailed/{wrong}", 404)


def test_registered_contacts_are_at_hand(desk: Desk) -> None:
    sender_id, lead, email_id = make_sender("Harbour Watch"), Person(desk, Role.LEAD), arrive()
    assert "No sender has a registered contact yet" in lead.get(f"/emailed/{email_id}")
    contact = Contact("Duty desk", "desk@harbour.example", "+32 2 555 01 23", "")
    profile = Profile("Harbour Watch", "iru", "BE", (), (contact,), "")
    change_sender(sender_id, profile, version=0, actor=OPERATOR)
    page = lead.get(f"/emailed/{email_id}")
    assert "+32 2 555 01 23" in page
    assert "desk@harbour.example" in page


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEGAL, Role.ADMIN, Role.SENDER])
def test_nobody_else_opens_what_came_by_email(desk: Desk, role: Role) -> None:
    email_id, person = arrive(message(subject="CANARY-SUBJECT")), Person(desk, role)
    for address in ("/emailed", f"/emailed/{email_id}", "/emailed/M-0000-0000-0000"):
        assert "CANARY" not in person.get(address, 403)
    assert "/emailed" not in person.get("/account/security")


def test_its_sender_learns_of_the_referral_and_of_nothing_else(desk: Desk) -> None:
    sender_id, other_id = make_sender(), make_sender()
    lead = make_account(Role.LEAD)
    content = message(subject="CANARY-SUBJECT").replace(b"mx.desk", b"CANARY-MX")
    email_id = arrive(content)
    confirmed = confirm(email_id, sender_id, actor=lead, contact_name="Duty desk")
    pseudonym = desk.session.scalars(sa.select(Account.pseudonym).where(Account.id == lead.account_id)).one()
    person = Person(desk, Role.SENDER, sender_id=sender_id)
    page = person.get("/sender") + person.get(f"/sender/referrals/{confirmed.referral_id}")
    assert confirmed.referral_id in page
    for hidden in ("CANARY", pseudonym, lead.id, email_id, "Called the duty desk"):
        assert hidden not in page, hidden
    other = Person(desk, Role.SENDER, sender_id=other_id)
    assert other.get(f"/sender/referrals/{confirmed.referral_id}", 404)


def test_a_moderator_sees_the_case_without_its_message(desk: Desk) -> None:
    email_id = arrive(message(subject="CANARY-SUBJECT"))
    confirm(email_id, make_sender("CANARY-SENDER"), actor=make_account(Role.LEAD))
    case_id = desk.session.scalars(sa.select(Case.id)).one()
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    for address in ("/queue", f"/cases/{case_id}"):
        page = client.get(address).text
        for hidden in ("CANARY", email_id, "duty@unit.example"):
            assert hidden not in page, (address, hidden)
    assert desk.session.scalars(sa.select(Item.case_id)).all() == [case_id]
