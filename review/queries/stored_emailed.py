"""Are messages that came by e-mail, and what was made of them, what the trail tells? For a set of them."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.emailed import CONFIRM, REFUSE, EmailedState
from review.domain.told import Difference, Told, differing
from review.models import Account, EmailedReferral, Referral
from review.queries.emailed import facts_in, message_of
from review.queries.erased import Erased
from review.queries.stored_cases import Chains
from review.queries.trail_rows import raw

STATED = (
    "reason", "category", "issuing_authority", "issuing_country", "contact_name", "contact_email",
    "good_faith",
)  # fmt: skip
"""Columns of a referral that the person who confirmed it stated."""


def compare_emailed(reader: Session, chains: Chains) -> Iterator[Difference]:
    """The message, the facts read from it, how it ended, and the referral that it became."""
    table = EmailedReferral
    statement = (
        sa.select(
            *raw(table.id, table.sha256, table.from_header, table.subject, table.date_header),
            *raw(table.message_id, table.authentication_results, table.text, table.cut),
            *raw(table.arrived_at, table.state, table.referral_id, table.identity_way, table.identity_words),
            *raw(table.refusal, table.ended_at),
            sa.type_coerce(Account.trail_id, sa.types.NullType()).label("ended_by"),
        )
        .outerjoin(Account, Account.id == table.ended_by)
        .where(table.id.in_(list(chains)))
    )
    rows = {row.id: row._mapping for row in reader.execute(statement)}
    erased = Erased(reader).emptied("emailed_referrals", "message", list(chains))
    for email_id, events in chains.items():
        arrived, last = events[0], events[-1]
        row = rows.get(email_id)
        if row is None:
            yield Difference("email", email_id, "", "gone", position=arrived.position)
            continue
        yield from _changed(email_id, row, _told(events), last)
        if arrived.event_type != "email.arrived" or email_id in erased:
            continue
        message = message_of(reader, email_id)
        found = {
            "message": sha256(message).hexdigest() if isinstance(message, bytes) else None,
            "facts": facts_in(row).sha256,
        }
        digests = {"message": "message_sha256", "facts": "facts_sha256"}
        told = {name: arrived.text(field) for name, field in digests.items() if arrived.knows(field)}
        yield from _changed(email_id, found, told, arrived)
    yield from _referrals_confirmed(reader, chains)


def _told(events: Sequence[Told]) -> dict[str, Any]:
    """The columns of a message as its events tell them; what was erased since is left out."""
    told: dict[str, Any] = {"state": EmailedState.WAITING.value, "referral_id": None, "ended_by": None}
    for event in events:
        if event.event_type == "email.arrived":
            told["arrived_at"] = event.when
            if event.knows("message_sha256"):
                told["sha256"] = event.text("message_sha256")
            continue
        told |= {"ended_by": event.actor_id, "ended_at": event.when}
        fields = {"refusal": "reason"}
        if event.event_type == CONFIRM.event:
            fields = {"referral_id": "referral", "identity_words": "identity_check"}
            told["identity_way"] = event.meta.get("identity_way")
        told["state"] = (CONFIRM if event.event_type == CONFIRM.event else REFUSE).target.value
        for column, field in fields.items():
            if event.knows(field):
                told[column] = event.text(field)
    return told


def _referrals_confirmed(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Sender and statement of the referrals that these messages became."""
    confirmed = {
        event.text("referral") or "": event
        for events in chains.values()
        for event in events
        if event.event_type == CONFIRM.event and event.knows("referral")
    }
    columns = raw(Referral.id, Referral.sender_id, *(getattr(Referral, name) for name in STATED))
    statement = sa.select(*columns).where(Referral.id.in_(list(confirmed)))
    for row in reader.execute(statement):
        event = confirmed[row.id]
        told: dict[str, Any] = {}
        if event.knows("sender"):
            told["sender_id"] = event.text("sender")
        if event.knows("stated"):
            stated = event.value("stated", {})
            told |= {name: stated.get(name) for name in STATED}
        for column, found, wanted in differing(row._mapping, told):
            yield Difference("referral", row.id, "", "changed", column, found, wanted, event.position)


def _changed(
    email_id: str, stored: Mapping[Any, Any], told: Mapping[str, Any], event: Told
) -> Iterator[Difference]:
    for column, found, wanted in differing(stored, told):
        yield Difference("email", email_id, "", "changed", column, found, wanted, event.position)
