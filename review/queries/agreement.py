"""Which cases did two people judge apart, and what did each find? Counted; nobody is named."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.doubly_judged import ClauseNamed, Judged, Judgement, Twice
from review.domain.states import Round
from review.models import Case, Clause, ClauseVersion, Review, ReviewClause

_FIRST, _SECOND, _RESOLVING = aliased(Review), aliased(Review), aliased(Review)
_ROUND_SECOND: sa.ColumnElement[Any] = sa.literal_column(f"'{Round.SECOND}'")
"""Written out, as a query must be that is to find second reviews by their index."""


def twice_judged(reader: Session, *, since: datetime, before: datetime) -> Twice:
    """The cases whose second review was recorded in the span and is past its undo window.

    Those on which the two differ count as soon as they do, resolved or not: without them agreement would
    seem higher than it is.
    """
    span = _in_span(since, before)
    judged = tuple(
        Judged(row[0], Judgement(row[1], row[2]), Judgement(row[3], row[4]), _last(row[5], row[6]), row[7])
        for row in reader.execute(_counted(span))
    )
    people: dict[str, set[str]] = defaultdict(set)
    for kind, *both in reader.execute(
        sa.select(Case.intake_kind, _FIRST.account_id, _SECOND.account_id)
        .select_from(_SECOND)
        .join(_FIRST, _together())
        .join(Case, Case.id == _SECOND.case_id)
        .where(*span)
        .distinct()
    ):
        people[kind].update(both)
    return Twice(
        judged,
        _clauses(reader, span),
        people=len(set().union(*people.values())),
        people_of_kind={kind: len(people[kind]) for kind in sorted(people)},
    )


def _in_span(since: datetime, before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _SECOND.round == _ROUND_SECOND,
        _SECOND.recorded_at >= since,
        _SECOND.recorded_at < before,
        _SECOND.undone_at.is_(None),
        _SECOND.dispatched_at.is_not(None),
    )


def _together() -> sa.ColumnElement[bool]:
    """The standing first review of the same case."""
    return sa.and_(_FIRST.case_id == _SECOND.case_id, _FIRST.round == Round.FIRST, _FIRST.undone_at.is_(None))


def _counted(span: tuple[sa.ColumnElement[bool], ...]) -> sa.Select[Any]:
    columns = [
        column
        for review in (_FIRST, _SECOND, _RESOLVING)
        for column in (review.outcome, sa.func.coalesce(review.ground, review.decline_reason))
    ]
    resolved = sa.and_(
        _RESOLVING.case_id == _SECOND.case_id,
        _RESOLVING.round == Round.RESOLVING,
        _RESOLVING.undone_at.is_(None),
        _RESOLVING.dispatched_at.is_not(None),
    )
    grouped = (
        sa.select(Case.intake_kind, *(column.label(f"c{place}") for place, column in enumerate(columns)))
        .select_from(_SECOND)
        .join(_FIRST, _together())
        .join(Case, Case.id == _SECOND.case_id)
        .outerjoin(_RESOLVING, resolved)
        .where(*span)
        .subquery()
    )
    return sa.select(*grouped.c, sa.func.count()).group_by(*grouped.c).order_by(*grouped.c)


def _last(outcome: str | None, reason: str | None) -> Judgement | None:
    return None if outcome is None else Judgement(outcome, reason or "")


def _clauses(reader: Session, span: tuple[sa.ColumnElement[bool], ...]) -> tuple[ClauseNamed, ...]:
    """The clauses that these reviews name; versions of one clause are the same clause."""
    named: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    people: dict[str, set[str]] = defaultdict(set)
    for review in (_FIRST, _SECOND):
        rows = reader.execute(
            sa.select(
                Clause.document,
                Clause.number,
                _SECOND.case_id,
                review.round,
                _FIRST.account_id,
                _SECOND.account_id,
            )
            .select_from(_SECOND)
            .join(_FIRST, _together())
            .join(ReviewClause, ReviewClause.review_id == review.id)
            .join(ClauseVersion, ClauseVersion.id == ReviewClause.clause_version_id)
            .join(Clause, Clause.id == ClauseVersion.clause_id)
            .where(*span)
        )
        for document, number, case_id, judged_in, *both in rows:
            name = f"{document}: {number}"
            named[name][case_id].add(judged_in)
            people[name].update(both)
    return tuple(
        ClauseNamed(
            name,
            both=sum(len(rounds) == 2 for rounds in cases.values()),
            either=len(cases),
            people=len(people[name]),
        )
        for name, cases in sorted(named.items())
    )
