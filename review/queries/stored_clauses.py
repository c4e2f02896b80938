"""Are the wording of our terms and the names of senders what the trail tells? For a set of each."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from review.domain.told import Difference, Told
from review.models import Account, Clause, ClauseVersion, Sender
from review.queries.stored_cases import Chains
from review.queries.trail_rows import raw

TOLD_OF_SENDERS = ("name", "kind", "country")


def compare_clauses(reader: Session, chains: Chains) -> Iterator[Difference]:
    """What each version of these clauses says, from when on, whether it ends the clause, and whose it is."""
    author, publisher = orm.aliased(Account), orm.aliased(Account)
    statement = (
        sa.select(
            *raw(Clause.document, Clause.number, ClauseVersion.clause_id, ClauseVersion.version),
            *raw(ClauseVersion.title, ClauseVersion.text, ClauseVersion.text_sha256, ClauseVersion.reason),
            sa.cast(ClauseVersion.valid_from, sa.String).label("valid_from"),
            *raw(ClauseVersion.ends),
            author.trail_id.label("drafted_by"),
            publisher.trail_id.label("published_by"),
        )
        .join(ClauseVersion, ClauseVersion.clause_id == Clause.id)
        .outerjoin(author, author.id == ClauseVersion.drafted_by)
        .outerjoin(publisher, publisher.id == ClauseVersion.published_by)
        .where(Clause.id.in_(list(chains)))
    )
    versions = {(row.clause_id, row.version): row._mapping for row in reader.execute(statement)}
    told_of = {(clause_id, event.meta.get("version")) for clause_id in chains for event in chains[clause_id]}
    for clause_id, version in versions.keys() - told_of:
        yield Difference("clause", clause_id, f"version {version}", "surplus")
    for clause_id, events in chains.items():
        for event in events:
            version = event.meta.get("version")
            owner, row = f"version {version}", versions.get((clause_id, version))
            if row is None:
                yield Difference("clause", clause_id, owner, "gone", position=event.position)
                continue
            text = row["text"]
            hashed = sha256(text.encode()).hexdigest() if isinstance(text, str) else None
            stored = {**row, "text": hashed, "ends": bool(row["ends"])}
            for name, wanted in _version_told(event).items():
                if stored[name] != wanted:
                    found = stored[name]
                    yield Difference(
                        "clause", clause_id, owner, "changed", name, found, wanted, event.position
                    )


def _version_told(event: Told) -> dict[str, object]:
    """The columns of a version as published; what was erased since is left out."""
    fields = {name: name for name in ("document", "number", "title", "text_sha256", "valid_from")}
    fields |= {"text": "text_sha256", "reason": "reason", "drafted_by": "drafted_by"}
    told: dict[str, object] = {
        column: event.text(name) for column, name in fields.items() if event.knows(name)
    }
    told["published_by"] = event.actor_id if event.actor_kind == "account" else None
    return told | {"ends": bool(event.meta.get("ends"))}


def compare_senders(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Name, kind and country of these senders, as entered or as changed last."""
    statement = sa.select(*raw(Sender.id, Sender.name, Sender.kind, Sender.country))
    rows = {row.id: row for row in reader.execute(statement.where(Sender.id.in_(list(chains))))}
    for sender_id, events in chains.items():
        row = rows.get(sender_id)
        if row is None:
            continue  # the pass over the objects' own counts names it
        for name, (told, position) in _sender_told(events).items():
            stored = getattr(row, name)
            if stored != told:
                yield Difference("sender", sender_id, "", "changed", name, stored, told, position)


def _sender_told(events: Sequence[Told]) -> dict[str, tuple[Any, int | None]]:
    """Name, kind and country as the events tell them, each with its entry; what was erased is left out."""
    told: dict[str, tuple[Any, int | None]] = {}
    for event in events:
        if event.event_type == "sender.created":
            told["kind"] = event.meta.get("kind"), event.position
            told |= {
                name: (event.text(name), event.position) for name in ("name", "country") if event.knows(name)
            }
        elif not event.knows("after"):
            told.clear()
        else:
            after = event.value("after", {})
            told |= {name: (after[name], event.position) for name in TOLD_OF_SENDERS if name in after}
    return told
