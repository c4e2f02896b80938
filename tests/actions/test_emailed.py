"""E-mails: kept once and byte for byte, ended by one lead, who then does not judge the case."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from review.actions.cases import claim_case, claim_next
from review.actions.emailed import receive_email, refuse_email
from review.domain.commitments import parse_envelope
from review.domain.emailed import LARGEST_MESSAGE, IdentityCheck
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.errors import (
    AlreadyClosed,
    CaseNotClaimable,
    InvalidInput,
    NotFound,
    NotPermitted,
    ScopeTooSmall,
    TooLarge,
)
from review.models import Case, EmailedReferral, Item, Opening, Referral
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.emails import CALLED, arrive, confirm, message, stated
from tests.factories import make_account, make_case, make_sender, receive, sender_actor
from tests.threads import together


def told(desk: Desk, object_id: str) -> list[str]:
    ordered = sa.select(Opening.event_type).where(Opening.object_id == object_id)
    return list(desk.session.scalars(ordered.order_by(Opening.object_version)))


def row(desk: Desk, email_id: str) -> EmailedReferral:
    return desk.session.get_one(EmailedReferral, email_id)


def count(desk: Desk, table: type[Referral | EmailedReferral | Opening]) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_message_is_kept_byte_for_byte_and_is_on_the_trail(desk: Desk) -> None:
    content = message(subject="caf\u00e9") + b"\x00\xff"
    arrived = receive_email(content, actor=OPERATOR)
    assert arrived.new
    stored = row(desk, arrived.email_id)
    assert (stored.message, stored.state, stored.subject) == (content, "waiting", "café")
    assert told(desk, arrived.email_id) == ["email.arrived"]
    assert count(desk, Referral) == 0


def test_the_same_message_again_changes_nothing(desk: Desk) -> None:
    content = message()
    first = receive_email(content, actor=OPERATOR)
    again = receive_email(content, actor=OPERATOR)
    assert (again.email_id, again.new) == (first.email_id, False)
    assert (count(desk, EmailedReferral), count(desk, Opening)) == (1, 1)


def test_only_a_command_brings_messages_in_and_only_small_ones(desk: Desk) -> None:
    for actor in (make_account(Role.LEAD), make_account(Role.ADMIN), SERVICE, sender_actor(make_sender())):
        with pytest.raises(NotPermitted):
            receive_email(message(), actor=actor)
    with pytest.raises(TooLarge):
        receive_email(b"x" * (LARGEST_MESSAGE + 1), actor=OPERATOR)
    with pytest.raises(InvalidInput):
        receive_email(b"", actor=OPERATOR)
    assert count(desk, EmailedReferral) == 0


def test_of_one_message_that_comes_twice_at_once_one_is_kept(desk: Desk) -> None:
    content = message()
    results = together(desk.app, [lambda: receive_email(content, actor=OPERATOR)] * 4)
    assert len({getattr(result, "email_id", result) for result in results}) == 1, results
    assert [getattr(result, "new", None) for result in results].count(True) == 1
    assert count(desk, Opening) == 1


def test_a_confirmed_message_is_a_referral_as_any_other(desk: Desk) -> None:
    content, sender_id, lead = message(), make_sender(), make_account(Role.LEAD)
    email_id = arrive(content)
    urls = ("https://video.example/watch/7", "https://elsewhere.example/a")
    confirmed = confirm(email_id, sender_id, *urls, actor=lead, reference="MINE")
    assert (confirmed.items, confirmed.refused) == (1, 1)
    referral = desk.session.get_one(Referral, confirmed.referral_id)
    assert (referral.sender_id, referral.transmitted_via, referral.key_id) == (sender_id, "email", None)
    assert (referral.issuing_authority, referral.issuing_country) == ("Police of Ghent", "BE")
    assert referral.earlier_received_at is not None
    assert referral.received_at > referral.earlier_received_at
    assert original_of(desk.session, referral.id, data_dir=desk.settings.data_dir) == content
    assert referral.body_sha256 == row(desk, email_id).sha256
    assert told(desk, referral.id) == ["referral.received"]
    assert told(desk, email_id) == ["email.arrived", "email.confirmed"]
    stored = row(desk, email_id)
    assert (stored.state, stored.referral_id, stored.ended_by) == ("confirmed", referral.id, lead.account_id)
    assert (stored.identity_way, stored.identity_words) == (CALLED.way, CALLED.words)
    item = desk.session.scalars(sa.select(Item).where(Item.referral_id == referral.id)).one()
    assert desk.session.get_one(Case, item.case_id).state == "open"


def test_the_event_that_the_sender_sees_names_no_person(desk: Desk) -> None:
    lead = make_account(Role.LEAD)
    confirmed = confirm(arrive(), make_sender(), actor=lead)
    opening = desk.session.scalars(sa.select(Opening).where(Opening.object_id == confirmed.referral_id)).one()
    assert parse_envelope(opening.envelope)["actor"]["kind"] == "service"
    assert lead.id.encode() not in opening.envelope


def test_only_a_lead_confirms_or_refuses(desk: Desk) -> None:
    email_id, sender_id = arrive(), make_sender()
    people = [make_account(role) for role in (Role.MODERATOR, Role.LEGAL, Role.ADMIN)]
    for actor in (*people, OPERATOR, SERVICE, sender_actor(sender_id)):
        with pytest.raises((NotPermitted, ScopeTooSmall)):
            confirm(email_id, sender_id, actor=actor)
        with pytest.raises((NotPermitted, ScopeTooSmall)):
            refuse_email(email_id, "Advertisement.", actor=actor)
    assert told(desk, email_id) == ["email.arrived"]


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(desk: Desk) -> None:
    email_id, sender_id, lead = arrive(), make_sender(), make_account(Role.LEAD)
    receive(sender_actor(sender_id), "https://video.example/z", reference="USED")
    before = count(desk, Opening)
    attempts: dict[str, Callable[[], object]] = {
        "sender_id": lambda: confirm(email_id, "S-0000-0000-0000", actor=lead),
        "identity_way": lambda: confirm(email_id, sender_id, actor=lead, identity=IdentityCheck("")),
        "reference": lambda: confirm(email_id, sender_id, actor=lead, reference="USED"),
        "refusal": lambda: refuse_email(email_id, " ", actor=lead),
    }
    for field, attempt in attempts.items():
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert [error.pointer for error in refused.value.errors] == [field]
    assert (count(desk, Referral), count(desk, Opening), row(desk, email_id).state) == (1, before, "waiting")


def test_a_message_ends_once(desk: Desk) -> None:
    lead, sender_id = make_account(Role.LEAD), make_sender()
    confirmed, refused = arrive(), arrive()
    confirm(confirmed, sender_id, actor=lead)
    refuse_email(refused, "Advertisement.", actor=lead)
    assert told(desk, refused) == ["email.arrived", "email.refused"]
    assert row(desk, refused).refusal == "Advertisement."
    for email_id in (confirmed, refused):
        with pytest.raises(AlreadyClosed):
            confirm(email_id, sender_id, actor=lead)
        with pytest.raises(AlreadyClosed):
            refuse_email(email_id, "Advertisement.", actor=lead)
    with pytest.raises(NotFound):
        confirm("M-0000-0000-0000", sender_id, actor=lead)
    with pytest.raises(NotFound):
        refuse_email("M-0000-0000-0000", "Advertisement.", actor=lead)
    assert count(desk, Referral) == 1


def test_of_leads_who_confirm_at_once_one_does(desk: Desk) -> None:
    email_id, sender_id = arrive(), make_sender()
    leads = [make_account(Role.LEAD) for _lead in range(4)]
    intake = stated(reference="ONE")
    attempts = [
        lambda lead=lead: confirm(email_id, sender_id, actor=lead, reference=intake.reference)
        for lead in leads
    ]
    results = together(desk.app, attempts)
    assert len([result for result in results if isinstance(result, AlreadyClosed)]) == 3, results
    assert told(desk, email_id).count("email.confirmed") == 1
    assert count(desk, Referral) == 1


def test_of_confirming_and_refusing_at_once_one_is_done(desk: Desk) -> None:
    email_id, sender_id, lead = arrive(), make_sender(), make_account(Role.LEAD)
    attempts: list[Callable[[], object]] = [
        lambda: confirm(email_id, sender_id, actor=lead),
        lambda: refuse_email(email_id, "Advertisement.", actor=lead),
    ]
    results = together(desk.app, attempts)
    assert len([result for result in results if isinstance(result, AlreadyClosed)]) == 1, results
    assert len(told(desk, email_id)) == 2


def test_who_confirmed_knows_the_sender_and_does_not_judge_the_case(desk: Desk) -> None:
    lead, other = make_account(Role.LEAD), make_account(Role.LEAD)
    confirmed = confirm(arrive(), make_sender(), actor=lead)
    case_id = desk.session.scalars(
        sa.select(Item.case_id).where(Item.referral_id == confirmed.referral_id)
    ).one()
    free = make_case(due_in=timedelta(days=30))
    with pytest.raises(CaseNotClaimable):
        claim_case(case_id, actor=lead)
    claim = claim_next(actor=lead)
    assert claim is not None
    assert claim.case_id == free
    claim = claim_next(actor=other)
    assert claim is not None
    assert claim.case_id == case_id


def test_a_claim_that_the_lead_has_on_the_case_ends(desk: Desk) -> None:
    lead, url = make_account(Role.LEAD), "https://video.example/held"
    receive(sender_actor(make_sender()), url)
    claim = claim_next(actor=lead)
    assert claim is not None
    confirm(arrive(), make_sender(), url, actor=lead)
    case = desk.session.get_one(Case, claim.case_id)
    assert (case.items_live, case.claimed_by) == (2, None)
    assert told(desk, claim.case_id)[-1] == "case.released"
