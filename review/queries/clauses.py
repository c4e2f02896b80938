"""Which clauses of our terms are in force on a day, and in which wording?"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.clause_text import natural_order
from review.models import Clause, ClauseVersion


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
    """One version of a clause in the list of our terms."""

    version_id: str
    clause_id: str
    document: str
    number: str
    version: int
    title: str
    valid_from: date


def clauses_in_force(reader: Session, *, on: date) -> list[ClauseInForce]:
    """The clauses that hold on a day, each in the wording of that day, by document and number.

    The version with the latest first day up to ``on`` holds; of two from one day, the newer one.
    """
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
        .where(ranked.c.rank == 1)
    )
    found = [ClauseInForce(*row) for row in rows]
    return sorted(found, key=lambda clause: (clause.document, natural_order(clause.number)))


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
        ).join(Clause, Clause.id == ClauseVersion.clause_id)
    )
    found = [ClauseListed(*row) for row in rows]
    return sorted(found, key=lambda row: (row.document, natural_order(row.number), row.version))
