"""Which versions has each clause of our terms had, what waits to be published, and how much is each used?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.clause_text import natural_order
from review.models import Account, Clause, ClauseDraft, ClauseVersion, Decision, ReviewClause

MOST_COUNTED = 999
"""Decisions that are counted for each version of one clause, so that a page can say 999+."""
MOST_LISTED = 99
"""The same for each version in the list of all clauses, whose cost this bounds."""

Standing = Literal["in_force", "coming", "past", "never", "ended", "ending"]


@dataclass(frozen=True)
class Version:
    """A published version; people by pseudonym, nobody where a command brought it in.

    ``standing`` on the day asked about: ``in_force``; ``coming`` later; ``past``, whose last day was
    ``valid_until``; ``never``, replaced before or on its first day; ``ended`` and ``ending`` for one that
    ends the clause.
    ``used`` counts decisions that name it, up to one more than is counted.
    """

    id: str
    version: int
    title: str
    text: str
    text_sha256: str
    valid_from: date
    valid_until: date | None
    standing: Standing
    ends: bool
    reason: str | None
    drafted_by: str | None
    published_by: str | None
    published_at: datetime
    used: int


@dataclass(frozen=True)
class DraftShown:
    """A draft that waits; ``author_id`` is the account of who saved last, ``drafted_by`` the pseudonym."""

    clause_id: str
    document: str
    number: str
    version: str
    ends: bool
    title: str
    text: str
    valid_from: date
    reason: str
    author_id: str
    drafted_by: str
    saved_at: datetime


@dataclass(frozen=True)
class ClauseHistory:
    """One clause with all its versions, the newest first, and its draft if there is one."""

    id: str
    document: str
    number: str
    versions: tuple[Version, ...]
    draft: DraftShown | None

    @property
    def title(self) -> str:
        """Title of the version in force, else of the newest, else of the draft."""
        if self.in_force is not None:
            return self.in_force.title
        if self.versions:
            return self.versions[0].title
        return self.draft.title if self.draft else ""

    @property
    def in_force(self) -> Version | None:
        """The version that holds on the day asked about."""
        return next((version for version in self.versions if version.standing == "in_force"), None)

    @property
    def coming(self) -> Version | None:
        """The next version, or end, that is published and has not taken effect."""
        waiting = [version for version in self.versions if version.standing in ("coming", "ending")]
        return waiting[-1] if waiting else None

    @property
    def ended(self) -> Version | None:
        """The version that ended the clause, where it does not hold any more."""
        return next((version for version in self.versions if version.standing == "ended"), None)

    @property
    def used(self) -> int:
        """Decisions that name any version, each counted so far."""
        return sum(version.used for version in self.versions)

    @property
    def wordings(self) -> tuple[Version, ...]:
        """The versions that have words of their own, the newest first: not those that end the clause."""
        return tuple(version for version in self.versions if not version.ends)

    def numbered(self, number: int) -> Version | None:
        """The version of that number."""
        return next((version for version in self.versions if version.version == number), None)


def clause_histories(reader: Session, *, on: date) -> tuple[ClauseHistory, ...]:
    """Every clause that has a version or a draft, by document and number in natural order; without texts."""
    return _histories(reader, on=on)


def clause_history(reader: Session, clause_id: str, *, on: date) -> ClauseHistory | None:
    """One clause, also one whose only draft was discarded; None where there is none."""
    found = _histories(reader, Clause.id == clause_id, on=on)
    if found:
        return found[0]
    bare = reader.execute(
        sa.select(Clause.document, Clause.number).where(Clause.id == clause_id)
    ).one_or_none()
    return ClauseHistory(clause_id, bare.document, bare.number, (), None) if bare else None


def documents(reader: Session) -> tuple[str, ...]:
    """The documents that our terms consist of."""
    return tuple(reader.scalars(sa.select(Clause.document).distinct().order_by(Clause.document)))


def _histories(reader: Session, *conditions: sa.ColumnElement[bool], on: date) -> tuple[ClauseHistory, ...]:
    rows = _version_rows(reader, *conditions)
    drafts = {draft.clause_id: draft for draft in _drafts(reader, *conditions)}
    places = {row.clause_id: (row.document, row.number) for row in rows}
    places |= {draft.clause_id: (draft.document, draft.number) for draft in drafts.values()}
    grouped: dict[str, list[Any]] = {clause_id: [] for clause_id in places}
    for row in rows:
        grouped[row.clause_id].append(row)
    found = [
        ClauseHistory(
            clause_id, document, number, _versions(grouped[clause_id], on=on), drafts.get(clause_id)
        )
        for clause_id, (document, number) in places.items()
    ]
    return tuple(sorted(found, key=lambda clause: (clause.document, natural_order(clause.number))))


def _version_rows(reader: Session, *conditions: sa.ColumnElement[bool]) -> list[Any]:
    author, publisher = aliased(Account), aliased(Account)
    statement = (
        sa.select(
            ClauseVersion.clause_id,
            Clause.document,
            Clause.number,
            ClauseVersion.id,
            ClauseVersion.version,
            ClauseVersion.title,
            (ClauseVersion.text if conditions else sa.literal("")).label("text"),
            ClauseVersion.text_sha256,
            ClauseVersion.valid_from,
            ClauseVersion.ends,
            ClauseVersion.reason,
            author.pseudonym.label("drafted_by"),
            publisher.pseudonym.label("published_by"),
            ClauseVersion.created_at,
            _decisions_counted(MOST_COUNTED if conditions else MOST_LISTED).label("used"),
        )
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .outerjoin(author, author.id == ClauseVersion.drafted_by)
        .outerjoin(publisher, publisher.id == ClauseVersion.published_by)
        .where(*conditions)
        .order_by(ClauseVersion.clause_id, ClauseVersion.version)
    )
    return list(reader.execute(statement))


def _decisions_counted(most: int) -> sa.ScalarSelect[int]:
    """How many decisions name a version; it stops beyond ``most``, so that a much used one costs no more."""
    named = (
        sa.select(sa.literal(1).label("one"))
        .select_from(ReviewClause)
        .join(Decision, Decision.review_id == ReviewClause.review_id)
        .where(ReviewClause.clause_version_id == ClauseVersion.id)
        .correlate(ClauseVersion)
        .limit(most + 1)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(named).scalar_subquery()


def _drafts(reader: Session, *conditions: sa.ColumnElement[bool]) -> list[DraftShown]:
    rows = reader.execute(
        sa.select(
            ClauseDraft.clause_id,
            Clause.document,
            Clause.number,
            ClauseDraft.version,
            ClauseDraft.ends,
            ClauseDraft.title,
            ClauseDraft.text,
            ClauseDraft.valid_from,
            ClauseDraft.reason,
            ClauseDraft.drafted_by,
            Account.pseudonym,
            ClauseDraft.saved_at,
        )
        .join(Clause, Clause.id == ClauseDraft.clause_id)
        .join(Account, Account.id == ClauseDraft.drafted_by)
        .where(*conditions)
    )
    return [DraftShown(*tuple(row)) for row in rows]


def _versions(rows: list[Any], *, on: date) -> tuple[Version, ...]:
    """The versions of one clause, the newest first; days never fall from one version to the next."""
    found: list[Version] = []
    following: date | None = None
    for row in reversed(rows):
        standing = _standing(row.valid_from, following, ends=row.ends, on=on)
        found.append(
            Version(
                id=row.id,
                version=row.version,
                title=row.title,
                text=row.text,
                text_sha256=row.text_sha256,
                valid_from=row.valid_from,
                valid_until=None if following is None else following - timedelta(days=1),
                standing=standing,
                ends=row.ends,
                reason=row.reason,
                drafted_by=row.drafted_by,
                published_by=row.published_by,
                published_at=row.created_at,
                used=row.used,
            )
        )
        following = row.valid_from
    return tuple(found)


def _standing(valid_from: date, following: date | None, *, ends: bool, on: date) -> Standing:
    if following is not None and following <= valid_from:
        return "never"
    if valid_from > on:
        return "ending" if ends else "coming"
    if following is not None and following <= on:
        return "past"
    return "ended" if ends else "in_force"
