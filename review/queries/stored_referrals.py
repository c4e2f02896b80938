"""Are referrals and their items in their tables what the trail tells? For a set of referrals."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import SERVICE
from review.domain.removal_order import written_order
from review.domain.told import Difference, Told, differing, items_told, referral_told
from review.formats import original
from review.models import Account, Item, Referral
from review.queries.erased import Erased
from review.queries.stored_cases import Chains, Row, ended_differences, moved_at
from review.queries.trail_rows import among, listed, raw, rows_by_name, stream

Evidence = Callable[[str], bytes]
"""The bytes of evidence by their SHA-256 in hex; raises `OSError` where they are not kept."""

MOST_BODY_BYTES = 8 * 1024 * 1024
"""Bodies read with one query."""
MOST_BODIES = 500
IN_BODY = (
    "reason", "category", "keyword", "issuing_authority", "issuing_country", "legal_basis",
    "requested_action",
)  # fmt: skip
"""Columns that repeat members of the original word for word."""


def compare_referrals(reader: Session, chains: Chains, *, evidence: Evidence | None) -> Iterator[Difference]:
    """Columns, originals and items of these referrals.

    Without ``evidence`` an original from which evidence was spliced out is left unchecked.
    """
    received = {
        referral_id: events[0]
        for referral_id, events in chains.items()
        if events and events[0].event_type == "referral.received"
    }
    rows = {row["id"]: row for row in rows_by_name(reader, _referrals, chains)}
    for referral_id in rows.keys() - received.keys():
        yield Difference("referral", str(referral_id), "", "surplus")
    people = {event.actor_id for event in received.values() if event.actor_kind == "account"}
    senders = senders_of(reader, people)
    for referral_id, event in received.items():
        if referral_id not in rows:
            yield Difference("referral", referral_id, "", "gone", position=event.position)
            continue
        told = referral_told(event) | (
            {"sender_id": senders[event.actor_id]} if event.actor_id in senders else {}
        )
        for column, found, wanted in differing(rows[referral_id], told):
            yield Difference("referral", referral_id, "", "changed", column, found, wanted, event.position)
    yield from _original_differences(reader, received, rows, evidence)
    yield from _item_differences(reader, chains, received)


def _referrals(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Referral.id, Referral.sender_id, Referral.key_id, Referral.reference, Referral.intake_kind,
        Referral.transmitted_via, Referral.urgency, Referral.body_sha256, Referral.received_at,
    )  # fmt: skip
    length = sa.func.length(Referral.received_body).label("length")
    return sa.select(*columns, length).where(among(reader, Referral.id))


def senders_of(reader: Session, people: Collection[str]) -> dict[str, str]:
    """The sender behind each person who sent a referral, by the person's id on the trail."""
    if not people:
        return {}
    statement = sa.select(*raw(Account.trail_id, Account.sender_id)).where(Account.trail_id.in_(people))
    return {row.trail_id: row.sender_id for row in reader.execute(statement)}


def _original_differences(
    reader: Session, received: Mapping[str, Told], rows: Mapping[str, Row], evidence: Evidence | None
) -> Iterator[Difference]:
    """Rebuild each original and compare its SHA-256; some megabytes at a time."""
    gone = [referral_id for referral_id, row in rows.items() if row["length"] == 0]
    erased = Erased(reader).emptied("referrals", "received_body", gone) if gone else set()
    sized = [
        (referral_id, rows[referral_id]["length"])
        for referral_id in received
        if referral_id in rows and referral_id not in erased
    ]
    splices = sa.cast(Referral.splices, sa.Text).label("splices")
    for ids in _by_size(sized):
        columns = raw(
            Referral.id, Referral.received_body, Referral.removal_order,
            *(getattr(Referral, name) for name in IN_BODY),
        )  # fmt: skip
        bodies = sa.select(*columns, splices).where(among(reader, Referral.id))
        for row in reader.execute(bodies, listed(reader, ids)):
            event = received[row.id]
            if not event.knows("body_sha256"):
                continue
            wanted = event.text("body_sha256")
            found = _digest(row.received_body, row.splices, evidence)
            if found is not None and found != wanted:
                yield Difference("referral", row.id, "", "changed", "original", found, wanted, event.position)
            elif found is not None and event.actor_kind != SERVICE.kind:  # an e-mail repeats nothing
                for column, stored, told in differing(row._mapping, _in_body(row.received_body)):
                    yield Difference("referral", row.id, "", "changed", column, stored, told, event.position)


def _in_body(body: bytes) -> dict[str, object]:
    """What an original says of the columns that repeat it; nothing where it is not an object of JSON."""
    try:
        members = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(members, dict):
        return {}
    return {"removal_order": order_in_body(members), **{name: members.get(name) for name in IN_BODY}}


def order_in_body(members: Mapping[str, object]) -> str | None:
    """What the column of a removal order repeats of an original."""
    order = members.get("order")
    return written_order(order) if isinstance(order, dict) else None


def _by_size(sized: Sequence[tuple[str, object]]) -> Iterator[list[str]]:
    ids: list[str] = []
    total = 0
    for referral_id, length in sized:
        if ids and (total > MOST_BODY_BYTES or len(ids) >= MOST_BODIES):
            yield ids
            ids, total = [], 0
        ids.append(referral_id)
        total += length if isinstance(length, int) else 0
    if ids:
        yield ids


def _digest(body: object, splices: object, evidence: Evidence | None) -> str | None:
    """SHA-256 of the original behind a stored body; None where it needs evidence that was not asked for."""
    if not isinstance(body, bytes) or not isinstance(splices, str):
        return "unreadable"
    if splices == "[]":
        return sha256(body).hexdigest()
    if evidence is None:
        return None
    try:
        whole = original.rebuild(body, original.read_splices(json.loads(splices)), evidence)
    except OSError:
        return "evidence is missing"
    except (ValueError, TypeError):
        return "cannot be rebuilt"
    return sha256(whole).hexdigest()


def _item_differences(reader: Session, chains: Chains, received: Mapping[str, Told]) -> Iterator[Difference]:
    """Items of each referral: all that were received, none besides, each as sent and in its case."""
    statement = (
        sa.select(
            *raw(Item.id, Item.referral_id, Item.url_as_sent, Item.case_id, Item.status),
            *raw(Item.joined_at, Item.withdrawn_at),
        )
        .where(among(reader, Item.referral_id))
        .order_by(Item.referral_id, Item.position)
    )
    waiting = dict(received)
    with stream(reader, statement, received) as rows:
        for referral_id, group in groupby(rows, key=lambda row: row.referral_id):
            event = waiting.pop(referral_id)
            items = {row.id: row._mapping for row in group}
            yield from _items_of_one(reader, referral_id, event, items)
            yield from _withdrawn_differences(chains[referral_id], items)
    for referral_id, event in waiting.items():
        yield from _items_of_one(reader, referral_id, event, {})


def _items_of_one(
    reader: Session, referral_id: str, event: Told, rows: Mapping[str, Row]
) -> Iterator[Difference]:
    if not event.knows("items"):
        return
    owner, told = f"referral {referral_id}", items_told(event)
    elsewhere: dict[str, Row] = {}
    for item_id, columns in told.items():
        if item_id not in rows:
            case_id = columns.get("case_id")
            yield Difference("item", item_id, owner, "gone", told=case_id, position=event.position)
            continue
        for column, found, wanted in differing(rows[item_id], columns):
            if column == "case_id":
                elsewhere[item_id] = rows[item_id]
            else:
                yield Difference("item", item_id, owner, "changed", column, found, wanted, event.position)
    moved = moved_at(reader, {item_id: row["case_id"] for item_id, row in elsewhere.items()})
    for item_id, row in elsewhere.items():
        if item_id not in moved:
            wanted = told[item_id]["case_id"]
            yield Difference(
                "item", item_id, owner, "changed", "case", row["case_id"], wanted, event.position
            )
    for item_id in rows:
        if item_id not in told:
            yield Difference("item", str(item_id), owner, "surplus")


def _withdrawn_differences(events: Sequence[Told], rows: Mapping[str, Row]) -> Iterator[Difference]:
    for event in events:
        if event.event_type == "referral.withdrawn":
            for item_id in event.value("items", []):
                if item_id in rows:
                    yield from ended_differences(item_id, rows[item_id], event)
