"""Which ready-made texts are there for a clause, in which versions, and which were inserted into a review?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain import snippets as rules
from review.models import Account, ReviewSnippet, Snippet, SnippetVersion
from review.prepared import Prepared

MOST_COUNTED = 999


@dataclass(frozen=True)
class SnippetWording:
    """One version of a snippet, by pseudonym; ``used``: by how many reviews, counted up to 999."""

    version: int
    text: str
    withdrawn: bool
    written_by: str
    written_at: datetime
    used: int


@dataclass(frozen=True)
class SnippetListed:
    """A snippet of a clause with its versions, the newest first."""

    id: str
    language: str
    kind: str
    version: int
    wordings: tuple[SnippetWording, ...]

    @property
    def newest(self) -> SnippetWording:
        """What stands now."""
        return self.wordings[0]


_COLUMNS = (
    SnippetVersion.id,
    Snippet.kind,
    Snippet.language,
    SnippetVersion.version,
    SnippetVersion.text,
)
_OF_REVIEW = Prepared(
    lambda: (
        sa.select(*_COLUMNS)
        .join(SnippetVersion, SnippetVersion.snippet_id == Snippet.id)
        .join(ReviewSnippet, ReviewSnippet.snippet_version_id == SnippetVersion.id)
        .where(ReviewSnippet.review_id == sa.bindparam("review_id"))
        .order_by(SnippetVersion.id)
    )
)


def snippets_of_review(reader: Session, review_id: str) -> tuple[rules.Snippet, ...]:
    """What was inserted into a review, in the versions that were inserted."""
    return tuple(rules.Snippet(*row) for row in _OF_REVIEW.all(reader, review_id=review_id))


def snippets_named(reader: Session, version_ids: Collection[str]) -> tuple[rules.Snippet, ...]:
    """Of these versions those that there are, replaced ones included; withdrawn ones have no text."""
    return _worded(reader, SnippetVersion.id.in_(sorted(version_ids)))


def every_wording(reader: Session, version_ids: Collection[str]) -> tuple[rules.Snippet, ...]:
    """All that the snippets of these versions ever said."""
    same = sa.select(SnippetVersion.snippet_id).where(SnippetVersion.id.in_(sorted(version_ids)))
    return _worded(reader, SnippetVersion.snippet_id.in_(same))


def _worded(reader: Session, wanted: sa.ColumnElement[bool]) -> tuple[rules.Snippet, ...]:
    rows = reader.execute(
        sa.select(*_COLUMNS)
        .join(SnippetVersion, SnippetVersion.snippet_id == Snippet.id)
        .where(wanted, SnippetVersion.withdrawn.is_(False))
        .order_by(SnippetVersion.id)
    )
    return tuple(rules.Snippet(*row) for row in rows)


def snippets_of_clause(reader: Session, clause_id: str) -> tuple[SnippetListed, ...]:
    """Every snippet of a clause with all its versions, by field and language."""
    rows = reader.execute(
        sa.select(
            Snippet.id,
            Snippet.language,
            Snippet.kind,
            Snippet.version.label("newest"),
            SnippetVersion.version,
            SnippetVersion.text,
            SnippetVersion.withdrawn,
            Account.pseudonym,
            SnippetVersion.written_at,
            _reviews_counted().label("used"),
        )
        .join(SnippetVersion, SnippetVersion.snippet_id == Snippet.id)
        .join(Account, Account.id == SnippetVersion.written_by)
        .where(Snippet.clause_id == clause_id)
        .order_by(Snippet.kind, Snippet.language, SnippetVersion.version.desc())
    )
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.id, []).append(row)
    return tuple(
        SnippetListed(
            id=some[0].id,
            language=some[0].language,
            kind=some[0].kind,
            version=some[0].newest,
            wordings=tuple(
                SnippetWording(row.version, row.text, row.withdrawn, row.pseudonym, row.written_at, row.used)
                for row in some
            ),
        )
        for some in grouped.values()
    )


def _reviews_counted() -> sa.ScalarSelect[int]:
    """How many reviews began with a version; it stops beyond 999, so that a much used one costs no more."""
    named = (
        sa.select(sa.literal(1).label("one"))
        .select_from(ReviewSnippet)
        .where(ReviewSnippet.snippet_version_id == SnippetVersion.id)
        .correlate(SnippetVersion)
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(named).scalar_subquery()
