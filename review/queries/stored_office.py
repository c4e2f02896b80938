"""Are legal holds, accounts, API keys and chosen settings what the trail tells? For a set of each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import Role
from review.domain.told import At, Difference, Told, differing, moment_of
from review.models import Account, ChosenSetting, LegalHold, SenderKey
from review.queries.stored_cases import Chains
from review.queries.trail_rows import raw

OF_HOLDS = frozenset({"hold.placed", "hold.released"})
OF_ACCOUNTS = frozenset({"account.closed", "account.created", "account.renamed", "account.role_changed"})
OF_KEYS = frozenset({"key.issued", "key.revoked"})
OF_SETTINGS = frozenset({"setting.changed"})
Columns = dict[str, Any]


def compare_holds(reader: Session, chains: Chains) -> Iterator[Difference]:
    """On which record each hold stands, why and until when it is looked at, and who ended it."""
    table = LegalHold
    columns = raw(table.id, table.object_kind, table.object_id, table.reason, table.review_on)
    columns += raw(table.placed_by, table.placed_at, table.released_by, table.released_at)
    rows = reader.execute(sa.select(*columns, *raw(table.release_reason)).where(table.id.in_(list(chains))))
    stored = {row.id: {**row._mapping, "review_on": str(row.review_on)} for row in rows}
    return _differences("hold", chains, stored, _of_hold)


def compare_accounts(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Who each account is for, its role, and whether it is closed."""
    table = Account
    columns = raw(table.id, table.email, table.name, table.role, table.sender_id, table.pseudonym)
    columns += raw(table.created_at, table.closed_at)
    rows = reader.execute(sa.select(*columns).where(table.id.in_(list(chains))))
    return _differences("account", chains, {row.id: row._mapping for row in rows}, _of_account)


def compare_keys(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Whose each key is, what it may do, until when, and whether it is revoked."""
    table = SenderKey
    columns = raw(table.id, table.sender_id, table.scopes, table.label)
    columns += raw(table.created_at, table.expires_at, table.revoked_at)
    rows = reader.execute(sa.select(*columns).where(table.id.in_(list(chains))))
    return _differences("key", chains, {row.id: row._mapping for row in rows}, _of_key)


def compare_settings(reader: Session, chains: Chains) -> Iterator[Difference]:
    """What was chosen in place of the environment's value."""
    table = ChosenSetting
    columns = raw(table.id, table.value, table.changed_at)
    rows = reader.execute(sa.select(*columns).where(table.id.in_(list(chains))))
    return _differences("setting", chains, {row.id: row._mapping for row in rows}, _of_setting)


def _differences(
    noun: str, chains: Chains, stored: Mapping[str, Mapping[Any, Any]], told_by: Callable[[Told], Columns]
) -> Iterator[Difference]:
    """Each column is what the last event says that tells of it."""
    for one, events in chains.items():
        row = stored.get(one)
        if row is None:
            yield Difference(noun, one, "", "gone", position=events[0].position)
            continue
        told: dict[str, tuple[Any, int | None]] = {}
        for event in events:
            told |= {column: (value, event.position) for column, value in told_by(event).items()}
        wanted = {column: value for column, (value, _position) in told.items()}
        for column, found, right in differing(row, wanted):
            yield Difference(noun, one, "", "changed", column, found, right, told[column][1])


def _known(event: Told, **names: str) -> Columns:
    """Columns by the committed texts that were not erased."""
    return {column: event.text(name) for column, name in names.items() if event.knows(name)}


def _of_hold(event: Told) -> Columns:
    if event.event_type == "hold.released":
        ended = {"released_by": event.actor_id, "released_at": event.when}
        return ended | _known(event, release_reason="reason")
    placed = {"object_kind": event.meta.get("on"), "placed_by": event.actor_id, "placed_at": event.when}
    placed |= {"released_by": None, "released_at": None, "release_reason": None}
    return placed | _known(event, object_id="record", reason="reason", review_on="review_on")


def _of_account(event: Told) -> Columns:
    if event.event_type == "account.role_changed":
        return {"role": event.meta.get("role")}
    if event.event_type == "account.closed":
        return {"closed_at": event.when}
    if event.event_type == "account.renamed":
        return _known(event, pseudonym="pseudonym")
    created = {"role": event.meta.get("role"), "created_at": event.when, "closed_at": None}
    if event.meta.get("role") != Role.SENDER or "sender" in event.fields:  # the first releases left it out
        created["sender_id"] = event.text("sender")
    return created | _known(event, email="email", name="name")


def _of_key(event: Told) -> Columns:
    if event.event_type == "key.revoked":
        return {"revoked_at": event.when}
    issued: Columns = {"created_at": event.when, "revoked_at": None}
    if event.knows("scopes"):
        issued["scopes"] = " ".join(event.value("scopes", []))
    if event.knows("expires_at"):
        until = moment_of(event.text("expires_at"))
        issued["expires_at"] = None if until is None else At(until)
    return issued | _known(event, sender_id="sender", label="label")


def _of_setting(event: Told) -> Columns:
    chosen = {"changed_at": event.when}
    if not event.meta.get("chosen"):
        return chosen | {"value": None}
    return chosen | _known(event, value="value")
