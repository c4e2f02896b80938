"""Which clauses of our terms are in force on a day, and in which wording?"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.clause_text import natural_order
from review.domain.clause_words import is_clause
from review.models import Clause, ClauseVersion
from review.prepared import Prepared


@dataclass(frozen=True)
class ClauseInForce:
    """A clause in the wording of one day."""

    version_id: str
    document: str
    number: str
    version: int
    title: str
    text: str


@dataclass(frozen=True)
class ClauseListed:
    """One version in the list of our terms; ``ends``: the clause does not hold from its day on."""

    version_id: str
    clause_id: str
    document: str
    number: str
    version: int
    title: str
    valid_from: date
    ends: bool


_in_force: dict[tuple[sa.Engine, date], tuple[tuple[int, str | None], tuple[ClauseInForce, ...]]] = {}
MOST_REMEMBERED = 8

# ids of versions rise with nothing, so the newest is told by number and by the day of its making
_STATE = Prepared(lambda: sa.select(sa.func.count(), sa.func.max(ClauseVersion.created_at)))


def clauses_in_force(reader: Session, *, on: date) -> tuple[ClauseInForce, ...]:
    """The clauses that hold on a day, each in the wording of that day, by document and number.

    An introduction is no rule that content could break, so it is left out.
    The version with the latest first day up to ``on`` holds; of two from one day, the newer one; none where
    that one ends the clause. Versions never change and are never taken away, so what was read stays right
    until there is one more.
    """
    place = (reader.get_bind().engine, on)
    state = tuple(_STATE.first(reader))
    known = _in_force.get(place)
    if known is None or known[0] != state:
        while len(_in_force) >= MOST_REMEMBERED:
            _in_force.pop(next(iter(_in_force)), None)
        known = _in_force[place] = (state, _read_in_force(reader, on=on))
    return known[1]


def _read_in_force(reader: Session, *, on: date) -> tuple[ClauseInForce, ...]:
    rank = (
        sa.func.row_number()
        .over(
            partition_by=ClauseVersion.clause_id,
            order_by=(ClauseVersion.valid_from.desc(), ClauseVersion.version.desc()),
        )
        .label("rank")
    )
    ranked = sa.select(ClauseVersion.id, rank).where(ClauseVersion.valid_from <= on).subquery()
    rows = reader.execute(
        sa.select(
            ClauseVersion.id,
            Clause.document,
            Clause.number,
            ClauseVersion.version,
            ClauseVersion.title,
            ClauseVersion.text,
        )
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .join(ranked, ranked.c.id == ClauseVersion.id)
        .where(ranked.c.rank == 1, ClauseVersion.ends.is_(False))
    )
    found = [ClauseInForce(*row) for row in rows if is_clause(row.number)]
    return tuple(sorted(found, key=lambda clause: (clause.document, natural_order(clause.number))))


def list_clauses(reader: Session) -> list[ClauseListed]:
    """Every version of every clause, by document, number and version."""
    rows = reader.execute(
        sa.select(
            ClauseVersion.id,
            Clause.id,
            Clause.document,
            Clause.number,
            ClauseVersion.version,
            ClauseVersion.title,
            ClauseVersion.valid_from,
            ClauseVersion.ends,
        ).join(Clause, Clause.id == ClauseVersion.clause_id)
    )
    found = [ClauseListed(*row) for row in rows]
    return sorted(found, key=lambda row: (row.document, natural_order(row.number), row.version))
