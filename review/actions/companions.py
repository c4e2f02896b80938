"""Which further cases of the same referral does a person record with the one at hand? Part of that action.

Each was ticked by itself on the form; each gets a review of its own with its own events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.actions.claiming import Claim, take
from review.actions.offering import free_case
from review.domain.permissions import Actor
from review.errors import InvalidInput
from review.models import Case
from review.queries.cases import is_held_by
from review.queries.companions import MOST_COMPANIONS, can_go_along, shares_referral


@dataclass(frozen=True)
class Ticked:
    """A further case as the form showed it: its id and the version seen."""

    case_id: str
    version: int


@dataclass(frozen=True)
class LeftOut:
    """A ticked case that was not recorded. ``why``: ``taken`` by somebody else or ended, or ``changed``."""

    case_id: str
    why: str


@dataclass(frozen=True)
class Undone:
    """What was taken back: ``generation`` of the new claim, ``also`` the other cases of that step."""

    generation: int
    also: tuple[str, ...]


def check_ticked(ticked: Sequence[Ticked]) -> None:
    """Raise `InvalidInput` above 20 further cases, so that one step stays short."""
    if len(ticked) > MOST_COMPANIONS:
        raise InvalidInput(f"Tick at most {MOST_COMPANIONS} other cases; record these, then the rest.")


def take_ticked(
    writer: Session, main_id: str, ticked: Sequence[Ticked], *, actor: Actor, now: datetime
) -> tuple[list[Claim], list[LeftOut]]:
    """Claim those of the ticked cases that are as the form showed them; the others, each with its reason.

    Rows that others are writing at this moment count as taken: whoever holds the row of one case waits for
    none of another, or two people could wait for each other.
    """
    seen = {one.case_id: one.version for one in ticked if one.case_id != main_id}
    claims, left_out = [], []
    locked = {row.id: row for row in _locked(writer, main_id, seen, actor, now)} if seen else {}
    for case_id, version in seen.items():
        row = locked.get(case_id)
        if row is None:
            left_out.append(LeftOut(case_id, "taken"))
        elif row.version != version:
            left_out.append(LeftOut(case_id, "changed"))
        else:
            claim = Claim(row.id, row.claim_generation, row.version)
            found = None if row.held else free_case(writer, case_id, actor, now)
            taken = claim if found is None else take(writer, found, way="also", actor=actor, now=now)
            claims += [taken] if taken else []
    return claims, left_out


def _locked(
    writer: Session, main_id: str, ids: Sequence[str] | dict[str, int], actor: Actor, now: datetime
) -> Sequence[sa.Row[str, int, int, bool]]:
    return writer.execute(
        sa.select(
            Case.id,
            Case.version,
            Case.claim_generation,
            is_held_by(actor.account_id, now).label("held"),
        )
        .where(Case.id.in_(sorted(ids)), can_go_along(actor.account_id, now), shares_referral(main_id))
        .order_by(Case.id)
        .with_for_update(of=Case, skip_locked=True)
    ).all()
