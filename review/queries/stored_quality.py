"""Are samples for quality review, and what was found of each decision, what the trail tells?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import Difference, Told, differing
from review.models import Account, QualityEntry, QualitySample
from review.queries.stored_cases import Chains
from review.queries.trail_rows import raw

Row = Mapping[Any, Any]
_NOT_JUDGED = {"finding": None, "remark": None, "judged_by": None, "judged_at": None}


def compare_samples(reader: Session, chains: Chains) -> Iterator[Difference]:
    """How each sample was drawn, which decisions are in it, and what was found of them."""
    table = QualitySample
    statement = sa.select(*raw(table.id, table.seed, table.since, table.until, table.size, table.strata))
    rows = {row.id: row._mapping for row in reader.execute(statement.where(table.id.in_(list(chains))))}
    entries = _entries(reader, chains)
    for sample_id, events in chains.items():
        drawn, row = events[0], rows.get(sample_id)
        if row is None or drawn.event_type != "quality.sampled":
            yield Difference("sample", sample_id, "", "gone", position=drawn.position)
            continue
        for column, found, wanted in differing(_as_told(row), _drawn(drawn)):
            yield Difference("sample", sample_id, "", "changed", column, found, wanted, drawn.position)
        yield from _entry_differences(sample_id, events, entries.get(sample_id, {}))


def _entries(reader: Session, chains: Chains) -> dict[str, dict[str, Row]]:
    """The entries of these samples by decision."""
    table = QualityEntry
    columns = raw(table.sample_id, table.decision_id, table.finding, table.remark, table.judged_at)
    judge = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("judged_by")
    found: dict[str, dict[str, Row]] = {}
    for row in reader.execute(
        sa.select(*columns, judge)
        .outerjoin(Account, Account.id == table.judged_by)
        .where(table.sample_id.in_(list(chains)))
    ):
        found.setdefault(row.sample_id, {})[row.decision_id] = row._mapping
    return found


def _as_told(row: Row) -> dict[str, Any]:
    """A row in the form of its event: PostgreSQL gives days and lists, SQLite text."""
    strata = json.loads(row["strata"]) if isinstance(row["strata"], str) else row["strata"]
    days = {name: str(row[name]) for name in ("since", "until")}
    return {"seed": row["seed"], "size": row["size"], "strata": strata, **days}


def _drawn(event: Told) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: event.text(name) for name in ("seed", "since", "until") if event.knows(name)
    }
    if event.knows("strata"):
        told["strata"] = event.value("strata", [])
    return told | {"size": event.meta.get("size")}


def _entry_differences(
    sample_id: str, events: Sequence[Told], entries: Mapping[str, Row]
) -> Iterator[Difference]:
    drawn, *judged = events
    told: dict[str, tuple[dict[str, Any], Told]] = {}
    if drawn.knows("decisions"):
        told = {one: (dict(_NOT_JUDGED), drawn) for one in drawn.value("decisions", [])}
        for decision_id in entries.keys() - told.keys():
            yield Difference(
                "decision", decision_id, f"sample {sample_id}", "surplus", "stands in the sample"
            )
    for event in judged:
        found = {"finding": event.meta.get("finding"), "judged_by": event.actor_id, "judged_at": event.when}
        if event.knows("remark"):
            found["remark"] = event.text("remark")
        told[event.text("decision") or ""] = found, event
    for decision_id, (columns, event) in told.items():
        row, owner = entries.get(decision_id), f"sample {sample_id}"
        if row is None:
            yield Difference("decision", decision_id, owner, "gone", position=event.position)
            continue
        for column, stored, wanted in differing(row, columns):
            yield Difference(
                "decision", decision_id, owner, "changed", column, stored, wanted, event.position
            )
