"""Senders of the demonstration have contacts to ask and keys in every state, none of which is shown."""

import json
from collections import Counter

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from review import clock
from review.demo import content
from review.domain.keys import BEGINNING, state_of
from review.models import SenderKey
from review.queries.emailed import registered_contacts


def test_every_sender_has_a_desk_to_ask(reader: Session) -> None:
    contacts = registered_contacts(reader)
    assert {contact.sender for contact in contacts} == {sender.name for sender in content.SENDERS}
    assert all(contact.email.endswith(".example") for contact in contacts)


def test_one_key_is_in_use_one_expired_and_one_revoked(reader: Session) -> None:
    keys = reader.execute(sa.select(SenderKey.expires_at, SenderKey.revoked_at, SenderKey.last_used_at)).all()
    states = {
        state_of(expires_at=key.expires_at, revoked_at=key.revoked_at, at=clock.now()): key for key in keys
    }
    assert len(keys) == len(states) == 3
    assert states["in_use"].last_used_at is not None


def test_nothing_of_a_key_is_left_beside_the_accounts(demo: Flask) -> None:
    written = (demo.config["REVIEW_SETTINGS"].data_dir / "demo-accounts.json").read_text()
    assert BEGINNING not in written
    assert Counter(key for person in json.loads(written) for key in person) == Counter(
        {"label": 6, "email": 6, "password": 6}
    )
