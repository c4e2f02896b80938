"""Where do new items go? Into the one live case of their location and kind; part of receiving referrals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.config import Settings
from review.domain.categories import severity_of
from review.domain.ids import new_id
from review.domain.permissions import Actor
from review.domain.priority import Rank, due_at, rank_of
from review.domain.referrals import Intake, IntakeItem
from review.domain.states import LIVE, CaseState
from review.errors import DatabaseBusy
from review.models import Case
from review.models.cases import IS_LIVE
from review.models.rows import CHUNK, insert_new
from review.queries.senders import flagger_on

TRIES_TO_JOIN = 5


@dataclass(frozen=True)
class Place:
    """Where an item's work is done: its case, and the version of the case after it joined."""

    case_id: str
    version: int


Location = tuple[str, str]
"""Match digest and intake kind, which have at most one live case together."""

Places = Mapping[Location, Place]


@dataclass
class _Joining:
    """All items that arrive together for one location, the first of them, and their most pressing terms."""

    intake: Intake
    item: IntakeItem
    rank: Rank
    due: datetime
    items: int = 1
    case_id: str = field(default_factory=lambda: new_id("C"))

    def add(self, *, rank: Rank, due: datetime) -> None:
        """One more item of the same location."""
        self.items += 1
        self.rank, self.due = min(self.rank, rank), min(self.due, due)


def join_cases(
    writer: Session, intakes: Sequence[Intake], *, actor: Actor, at: datetime, settings: Settings
) -> Places:
    """A place in the one live case of each location; the unique index decides races.

    First all inserts, then all updates, each in the order of the digests, so that two writers that name
    the same locations never wait for each other in a circle.
    """
    waiting = _joinings(writer, intakes, actor=actor, at=at, settings=settings)
    places: dict[Location, Place] = {}
    for _attempt in range(TRIES_TO_JOIN):
        opened = _open_cases(writer, waiting, at=at)
        places |= {location: Place(waiting[location].case_id, 1) for location in opened}
        waiting = {location: joining for location, joining in waiting.items() if location not in places}
        if waiting:
            places |= _attach(writer, waiting)
        waiting = {location: joining for location, joining in waiting.items() if location not in places}
        if not waiting:
            return places
    raise DatabaseBusy("Cases are changing too fast; send the referral again.", retry_after_seconds=1)


def _joinings(
    writer: Session, intakes: Sequence[Intake], *, actor: Actor, at: datetime, settings: Settings
) -> dict[Location, _Joining]:
    """What arrives for each location, in the order of the digests."""
    flagger = flagger_on(writer, actor.sender_id or "", at.date())
    found: dict[Location, _Joining] = {}
    for intake in intakes:
        rank = rank_of(intake_kind=intake.intake_kind, urgency=intake.urgency)
        order = intake.order is not None
        due = due_at(at, rank=rank, trusted_flagger=flagger, order=order, settings=settings)
        for item in intake.items:
            location = item.location.match_digest, intake.intake_kind
            if location in found:
                found[location].add(rank=rank, due=due)
            else:
                found[location] = _Joining(intake, item, rank, due)
    return dict(sorted(found.items()))


def _open_cases(writer: Session, joinings: Mapping[Location, _Joining], *, at: datetime) -> set[Location]:
    """New cases for the locations that have no live one."""
    rows = [_case_row(location, joining, at=at) for location, joining in joinings.items()]
    stored = insert_new(writer, Case, rows, unique=("match_digest", "intake_kind"), where=IS_LIVE)
    return {location for location, joining in joinings.items() if joining.case_id in stored}


def _case_row(location: Location, joining: _Joining, *, at: datetime) -> dict[str, Any]:
    return {
        "id": joining.case_id,
        "match_digest": location[0],
        "intake_kind": location[1],
        "state": CaseState.OPEN.value,
        "rank": int(joining.rank),
        "severity": severity_of(joining.intake.category),
        "content_type": joining.item.content_type,
        "language": joining.item.language or joining.intake.language,
        "items_live": joining.items,
        "opened_at": at,
        "due_at": joining.due,
        "version": 1,
        "claim_generation": 0,
    }


def _attach(writer: Session, joinings: Mapping[Location, _Joining]) -> dict[Location, Place]:
    """Join the live cases of locations: a new version each, the earlier due time, the better rank.

    Without the locations whose case stopped being live in the meantime.
    """
    found = _locked_cases(writer, list(joinings))
    if found:
        writer.connection().execute(
            _JOIN,
            [
                {
                    "joined_case": place.case_id,
                    "joined_version": place.version,
                    "joining_items": joinings[location].items,
                    "joining_due": joinings[location].due,
                    "joining_rank": int(joinings[location].rank),
                }
                for location, place in found.items()
            ],
        )
    return found


def _locked_cases(writer: Session, locations: Sequence[Location]) -> dict[Location, Place]:
    """The live cases of locations, locked in the order of the digests, each with its next version."""
    found: dict[Location, Place] = {}
    for start in range(0, len(locations), CHUNK):
        digests = {digest for digest, _kind in locations[start : start + CHUNK]}
        rows = writer.execute(
            sa.select(Case.match_digest, Case.intake_kind, Case.id, Case.version)
            .where(Case.match_digest.in_(digests), Case.state.in_(LIVE))
            .order_by(Case.match_digest, Case.intake_kind)
            .with_for_update()
        )
        for digest, kind, case_id, version in rows:
            found[digest, kind] = Place(case_id, version + 1)
    return {location: found[location] for location in locations if location in found}


_JOIN = (
    sa.update(Case.__table__)  # type: ignore[arg-type]
    .where(Case.id == sa.bindparam("joined_case"))
    .values(
        version=sa.bindparam("joined_version"),
        items_live=Case.items_live + sa.bindparam("joining_items"),
        due_at=sa.case(
            (Case.due_at > sa.bindparam("joining_due"), sa.bindparam("joining_due")), else_=Case.due_at
        ),
        rank=sa.case(
            (Case.rank > sa.bindparam("joining_rank"), sa.bindparam("joining_rank")), else_=Case.rank
        ),
    )
)
