"""Which clauses of our terms are in force on a day, in which wording, and with which snippets?"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.clause_text import natural_order
from review.domain.clause_words import is_clause
from review.domain.snippets import Snippet as SnippetText
from review.models import Clause, ClauseVersion, Snippet, SnippetVersion
from review.prepared import Prepared


@dataclass(frozen=True)
class ClauseInForce:
    """A clause in the wording of one day; ``snippets``: the ready-made texts for it that stand now."""

    version_id: str
    document: str
    number: str
    version: int
    title: str
    text: str
    snippets: tuple[SnippetText, ...] = ()


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


_in_force: dict[tuple[sa.Engine, date], tuple[tuple[int, str | None, int], tuple[ClauseInForce, ...]]] = {}
MOST_REMEMBERED = 8

# ids of versions rise with nothing, so the newest is told by number and by the day of its making
_STATE = Prepared(
    lambda: sa.select(
        sa.func.count(),
        sa.func.max(ClauseVersion.created_at),
        sa.select(sa.func.count()).select_from(SnippetVersion).scalar_subquery().label("snippets"),
    )
)


def clauses_in_force(reader: Session, *, on: date) -> tuple[ClauseInForce, ...]:
    """The clauses that hold on a day, each in the wording of that day, by document and number.

    An introduction is no rule that content could break, so it is left out.
    The version with the latest first day up to ``on`` holds; of two from one day, the newer one; none where
    that one ends the clause. Versions never change and are never taken away, those of snippets neither, so
    what was read stays right until there is one more.
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
            ClauseVersion.clause_id,
        )
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .join(ranked, ranked.c.id == ClauseVersion.id)
        .where(ranked.c.rank == 1, ClauseVersion.ends.is_(False))
    )
    snippets = _snippets_by_clause(reader)
    found = [
        ClauseInForce(*row[:-1], snippets=snippets.get(row.clause_id, ()))
        for row in rows
        if is_clause(row.number)
    ]
    return tuple(sorted(found, key=lambda clause: (clause.document, natural_order(clause.number))))


def _snippets_by_clause(reader: Session) -> dict[str, tuple[SnippetText, ...]]:
    """The newest version of every snippet that is not withdrawn, by the id of its clause."""
    rows = reader.execute(
        sa.select(
            Snippet.clause_id,
            SnippetVersion.id,
            Snippet.kind,
            Snippet.language,
            SnippetVersion.version,
            SnippetVersion.text,
        )
        .join(
            SnippetVersion,
            sa.and_(SnippetVersion.snippet_id == Snippet.id, SnippetVersion.version == Snippet.version),
        )
        .where(SnippetVersion.withdrawn.is_(False))
        .order_by(Snippet.clause_id, Snippet.kind, Snippet.language)
    )
    found: dict[str, tuple[SnippetText, ...]] = {}
    for row in rows:
        found[row.clause_id] = (*found.get(row.clause_id, ()), SnippetText(*row[1:]))
    return found


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
