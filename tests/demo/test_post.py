"""Two messages wait for a lead of the demonstration, and one was confirmed as one of its referrals."""

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from review.demo import content, plan
from review.domain.emailed import found_addresses
from review.domain.locations import Hosts
from review.models import Referral
from review.queries.emailed import emailed_list, emailed_shown, registered_contacts


def test_two_messages_wait_with_addresses_to_tick(demo: Flask, reader: Session) -> None:
    hosts = Hosts.parse(content.HOSTS)
    waiting = [emailed_shown(reader, email.id) for email in emailed_list(reader).waiting]
    assert len(waiting) == 2
    found = [found_addresses(email.facts.text, hosts=hosts) for email in waiting if email]
    assert [[address.own for address in addresses] for addresses in found] == [[True, True], [True, False]]


def test_one_who_wrote_is_a_registered_contact_and_one_is_not(reader: Session) -> None:
    known = {contact.email for contact in registered_contacts(reader)}
    written = [emailed_shown(reader, email.id) for email in emailed_list(reader).waiting]
    assert [email.facts.written_by[1] in known for email in written if email] == [True, False]


def test_one_message_became_one_of_the_four_hundred(reader: Session) -> None:
    (ended,) = emailed_list(reader).ended
    assert ended.state == "confirmed"
    row = reader.execute(
        sa.select(Referral.reference, Referral.transmitted_via).where(Referral.id == ended.referral_id)
    ).one()
    assert tuple(row) == (f"DEMO-{plan.EMAILED:03d}", "email")
