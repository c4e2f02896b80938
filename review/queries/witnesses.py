"""Who has cosigned what? Checkpoints with their cosignatures, and how the witnesses of the policy stand."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.witness_policy import WitnessPolicy
from review.domain.witness_requests import WitnessFailure
from review.models import Cosignature, Leaf, Opening, StoredCheckpoint, WitnessTry
from review.queries.checkpoints import StoredNote, newest_checkpoint

LOOKED_BACK = 1_000
"""Cosignatures, newest first, among which a quorum is looked for."""


@dataclass(frozen=True)
class WitnessState:
    """One witness of the policy: the most it has cosigned and when; why it did not when asked last."""

    key: str
    size: int
    cosigned_at: datetime | None
    failure: WitnessFailure | None


@dataclass(frozen=True)
class Standing:
    """For how many entries the quorum stands and since when; ``waiting_since``: the oldest entry after them.

    ``waiting_since`` is None where every entry with a checkpoint is covered by the quorum.
    """

    quorum_size: int
    quorum_at: datetime | None
    waiting_since: datetime | None
    witnesses: tuple[WitnessState, ...]


def published_checkpoint(reader: Session) -> StoredNote | None:
    """The newest signed checkpoint with the cosignatures that it has; None before the first."""
    newest = newest_checkpoint(reader)
    return None if newest is None else with_cosignatures(reader, newest)


def covering_checkpoint(reader: Session, position: int) -> StoredNote | None:
    """The checkpoint to prove an entry by: the newest cosigned one, else the newest; None before it."""
    size = reader.scalar(sa.select(sa.func.max(Cosignature.size)))
    if size is not None and size > position:
        note = reader.execute(
            sa.select(StoredCheckpoint.note).where(StoredCheckpoint.size == size)
        ).scalar_one()
        return with_cosignatures(reader, StoredNote(size=size, note=note))
    newest = newest_checkpoint(reader)
    return None if newest is None or newest.size <= position else newest


def cosigned_sizes(reader: Session, keys: Collection[str]) -> dict[str, int]:
    """The largest size that each of these witnesses has cosigned; who has cosigned nothing is not in it."""
    rows = reader.execute(
        sa.select(Cosignature.witness, sa.func.max(Cosignature.size))
        .where(Cosignature.witness.in_(keys))
        .group_by(Cosignature.witness)
    )
    return dict(rows.all())


def witness_standing(reader: Session, policy: WitnessPolicy) -> Standing:
    """How the quorum and each witness stand."""
    keys = [one.key for one in policy.witnesses]
    sizes = cosigned_sizes(reader, keys)
    failures = dict(
        reader.execute(
            sa.select(WitnessTry.witness, WitnessTry.failure).where(WitnessTry.witness.in_(keys))
        ).all()
    )
    states = tuple(
        WitnessState(
            key,
            sizes.get(key, 0),
            reader.scalar(
                sa.select(Cosignature.cosigned_at).where(
                    Cosignature.witness == key, Cosignature.size == sizes.get(key, 0)
                )
            ),
            WitnessFailure(failure) if (failure := failures.get(key)) else None,
        )
        for key in keys
    )
    size, at = _quorum(reader, policy, keys)
    return Standing(size, at, _waiting_since(reader, policy, size), states)


def _quorum(reader: Session, policy: WitnessPolicy, keys: Collection[str]) -> tuple[int, datetime | None]:
    rows = reader.execute(
        sa.select(Cosignature.size, Cosignature.witness, Cosignature.cosigned_at)
        .where(Cosignature.witness.in_(keys))
        .order_by(Cosignature.size.desc())
        .limit(LOOKED_BACK)
    )
    together: dict[int, dict[str, datetime]] = {}
    for size, witness, cosigned_at in rows:
        together.setdefault(size, {})[witness] = cosigned_at
    for size, witnesses in together.items():
        if policy.stands(witnesses):
            return size, max(witnesses.values())
    return 0, None


def _waiting_since(reader: Session, policy: WitnessPolicy, covered: int) -> datetime | None:
    """When the first entry was recorded that has a checkpoint but no quorum."""
    signed = reader.scalar(sa.select(sa.func.max(StoredCheckpoint.size))) or 0
    if policy.stands(()) or signed <= covered:
        return None
    recorded_at: datetime | None = reader.scalar(
        sa.select(Opening.recorded_at).join(Leaf, Leaf.eid == Opening.eid).where(Leaf.position == covered)
    )
    return recorded_at


def with_cosignatures(reader: Session, stored: StoredNote) -> StoredNote:
    """The checkpoint with the cosignatures of its size, one a line below our own."""
    lines = reader.scalars(
        sa.select(Cosignature.line).where(Cosignature.size == stored.size).order_by(Cosignature.witness)
    )
    return StoredNote(size=stored.size, note=stored.note + "".join(lines))
