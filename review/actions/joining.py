"""Where do new items go? Into the one live case of their location and kind; part of receiving a referral."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review import db
from review.config import Settings
from review.domain.categories import severity_of
from review.domain.ids import new_id
from review.domain.permissions import Actor
from review.domain.priority import Rank, due_at, rank_of
from review.domain.referrals import Intake, IntakeItem
from review.domain.states import LIVE, CaseState
from review.errors import DatabaseBusy
from review.models import Case
from review.queries.senders import flagger_on

TRIES_TO_JOIN = 5


@dataclass(frozen=True)
class Place:
    """Where an item's work is done: its case, and the version of the case after it joined."""

    case_id: str
    version: int


def insert_into(writer: Session, table: Any) -> Any:
    """An INSERT that can say what to do on conflict, in this database's words."""
    return sqlite.insert(table) if db.is_sqlite(writer) else postgresql.insert(table)


def join_cases(
    writer: Session, intake: Intake, *, actor: Actor, at: datetime, settings: Settings
) -> dict[str, Place]:
    """A place in the one live case of each location, by match digest; the unique index decides races.

    First all inserts, then all updates, each in the order of the digests, so that two referrals that name
    the same locations never wait for each other in a circle.
    """
    rank = rank_of(intake_kind=intake.intake_kind, urgency=intake.urgency)
    flagger = flagger_on(writer, actor.sender_id or "", at.date())
    due = due_at(at, rank=rank, trusted_flagger=flagger, settings=settings)
    waiting = sorted(intake.items, key=lambda item: item.location.match_digest)
    places: dict[str, Place] = {}
    for _attempt in range(TRIES_TO_JOIN):
        places |= _open_cases(writer, waiting, intake, rank=rank, due=due, at=at)
        for item in waiting:
            digest = item.location.match_digest
            if digest not in places:
                place = _attach(writer, digest, intake.intake_kind, rank=rank, due=due)
                places |= {digest: place} if place else {}
        waiting = [item for item in waiting if item.location.match_digest not in places]
        if not waiting:
            return places
    raise DatabaseBusy("Cases are changing too fast; send the referral again.", retry_after_seconds=1)


def _open_cases(
    writer: Session,
    items: Sequence[IntakeItem],
    intake: Intake,
    *,
    rank: Rank,
    due: datetime,
    at: datetime,
) -> dict[str, Place]:
    """New cases for the locations that have no live one, by match digest."""
    rows = [
        {
            "id": new_id("C"),
            "match_digest": item.location.match_digest,
            "intake_kind": intake.intake_kind,
            "state": CaseState.OPEN.value,
            "rank": int(rank),
            "severity": severity_of(intake.category),
            "content_type": item.content_type,
            "language": item.language or intake.language,
            "items_live": 1,
            "opened_at": at,
            "due_at": due,
            "version": 1,
            "claim_generation": 0,
        }
        for item in items
    ]
    live = Case.state.in_([sa.literal_column(f"'{state}'") for state in LIVE])
    insert = insert_into(writer, Case).on_conflict_do_nothing(
        index_elements=["match_digest", "intake_kind"], index_where=live
    )
    opened = writer.execute(insert.returning(Case.match_digest, Case.id), rows)
    return {digest: Place(case_id, 1) for digest, case_id in opened}


def _attach(writer: Session, digest: str, intake_kind: str, *, rank: Rank, due: datetime) -> Place | None:
    """Join the live case of a location: a new version, the earlier due time, the better rank.

    None when the case stopped being live in the meantime.
    """
    row = writer.execute(
        sa.update(Case)
        .where(Case.match_digest == digest, Case.intake_kind == intake_kind, Case.state.in_(LIVE))
        .values(
            version=Case.version + 1,
            items_live=Case.items_live + 1,
            due_at=sa.case((Case.due_at > due, due), else_=Case.due_at),
            rank=sa.case((Case.rank > int(rank), int(rank)), else_=Case.rank),
        )
        .returning(Case.id, Case.version)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Place(row.id, row.version)
