"""Are reviews, decisions and answers in their tables what the trail tells? For a set of cases or items."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import ItemStatus
from review.domain.told import CaseTold, Difference, ReviewTold, Told, case_told, differing, read_told
from review.models import (
    Account,
    Answer,
    Case,
    Decision,
    Item,
    Leaf,
    Opening,
    Review,
    ReviewClause,
    ReviewCompanion,
    ReviewSnippet,
)
from review.queries.stored_complaints import compare_complaints
from review.queries.stored_looks import look_differences, stored_looks
from review.queries.stored_notes import compare_notes
from review.queries.stored_questions import question_differences, stored_questions
from review.queries.trail_rows import among, can_be_id, raw, rows_by_name

SET = 500
"""Objects, or ids in one list, that one query is about."""

Chains = Mapping[str, Sequence[Told]]
"""The events of some objects by object id, each object's in their order."""
Row = Mapping[Any, Any]


def in_sets(ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids in lists of 500, so that no query names more than a database takes."""
    waiting = list(ids)
    for start in range(0, len(waiting), SET):
        yield waiting[start : start + SET]


def told_events(kind: str, types: Collection[str]) -> sa.Select[Any]:
    """The events of these types on objects of a kind, each object's in their order."""
    return (
        sa.select(
            *raw(Opening.envelope, Opening.object_id, Leaf.position),
            sa.cast(Opening.fields, sa.Text).label("fields"),
        )
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .where(Opening.object_kind == kind, Opening.event_type.in_(types))
        .order_by(Opening.object_id, Opening.object_version)
    )


def by_owner(rows: Iterable[Row], owner: str) -> dict[str, list[Row]]:
    """These rows by the column that names what they belong to."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[owner], []).append(row)
    return found


def compare_cases(reader: Session, chains: Chains) -> Iterator[Difference]:
    """State, reviews, their clauses, decisions, first looks, questions and complaints of these cases."""
    ids = list(chains)
    looks = stored_looks(reader, ids)
    states = {row["id"]: row for row in rows_by_name(reader, _cases, ids)}
    reviews = by_owner(rows_by_name(reader, _reviews, ids), "case_id")
    beside = [by_owner(rows_by_name(reader, build, ids), "review_id") for build in BESIDE]
    decisions = by_owner(rows_by_name(reader, _decisions, ids), "case_id")
    questions = by_owner(rows_by_name(reader, stored_questions, ids), "case_id")
    for case_id, events in chains.items():
        told = case_told(events)
        state = states.get(case_id)
        position = events[-1].position if events else None
        for column, found, wanted in () if state is None else differing(state, _columns(told)):
            yield Difference("case", case_id, "", "changed", column, found, wanted, position)
        yield from _review_differences(case_id, told, reviews.get(case_id, ()), beside)
        yield from _decision_differences(case_id, told, decisions.get(case_id, ()))
        yield from question_differences(case_id, told, questions.get(case_id, ()))
        yield from look_differences(case_id, told.looks, looks.get(case_id, {}))
        for event in events:
            if event.event_type == "case.opened":
                yield from _moved_differences(reader, case_id, event)
    yield from compare_notes(reader, chains)
    yield from compare_complaints(reader, chains)


def _columns(told: CaseTold) -> Row:
    return {"state": told.state, "decided_at": told.decided_at}


def _moved_differences(reader: Session, case_id: str, event: Told) -> Iterator[Difference]:
    """Items that an event moved to this case and that are elsewhere, where no later event moved them."""
    for ids in in_sets(filter(can_be_id, event.value("items", []))):
        wanted = sa.select(*raw(Item.id, Item.case_id)).where(Item.id.in_(ids))
        away = {row.id: row.case_id for row in reader.execute(wanted) if row.case_id != case_id}
        moved = moved_at(reader, away)
        for item_id, found in away.items():
            if item_id not in moved or moved[item_id] < event.at:
                yield Difference("item", item_id, "", "changed", "case", found, case_id, event.position)


def moved_at(reader: Session, cases: Mapping[str, Any]) -> dict[str, datetime]:
    """When each item was moved to the case it is in now, for those that an event tells of."""
    moved: dict[str, datetime] = {}
    for ids in in_sets({str(case_id) for case_id in cases.values()}):
        opened = told_events("case", ["case.opened"]).where(Opening.object_id.in_(ids))
        for row in reader.execute(opened):
            event = read_told(row.envelope, row.fields, row.position)
            for item_id in event.value("items", []) if event else ():
                if cases.get(item_id) == row.object_id and event is not None:
                    moved[item_id] = max(moved.get(item_id, event.at), event.at)
    return moved


def _cases(reader: Session) -> sa.Select[Any]:
    return sa.select(*raw(Case.id, Case.state, Case.decided_at)).where(among(reader, Case.id))


def _decisions(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Decision.id, Decision.case_id, Decision.review_id, Decision.outcome, Decision.decided_at,
        Decision.supersedes_id,
    )  # fmt: skip
    return sa.select(*columns).where(among(reader, Decision.case_id)).order_by(Decision.case_id, Decision.id)


def _reviews(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Review.id, Review.case_id, Review.round, Review.outcome, Review.ground, Review.decline_reason,
        Review.law, Review.rationale, Review.statement, Review.visibility, Review.account_measure,
        Review.territory, Review.context, Review.over_broad, Review.case_version, Review.claim_generation,
        Review.recorded_at, Review.undone_at, Review.dispatched_at, Review.letter,
    )  # fmt: skip
    reviewer = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("reviewer")
    return (
        sa.select(*columns, reviewer)
        .outerjoin(Account, Account.id == Review.account_id)
        .where(among(reader, Review.case_id))
        .order_by(Review.case_id, Review.id)  # by id alone SQLite walks the whole table in that order
    )


def _beside(
    review_id: sa.orm.InstrumentedAttribute[str], named: sa.orm.InstrumentedAttribute[str], reader: Session
) -> sa.Select[Any]:
    of_these = sa.select(Review.id).where(among(reader, Review.case_id))
    second = sa.type_coerce(named, sa.types.NullType()).label("named")
    return sa.select(*raw(review_id), second).where(review_id.in_(of_these))


BESIDE = (
    partial(_beside, ReviewClause.review_id, ReviewClause.clause_version_id),
    partial(_beside, ReviewSnippet.review_id, ReviewSnippet.snippet_version_id),
    partial(_beside, ReviewCompanion.review_id, ReviewCompanion.main_review_id),
)
"""What is kept of a review in tables of its own: clauses, snippets, and the review of the same step."""


def _review_differences(
    case_id: str, told: CaseTold, rows: Sequence[Row], beside: Sequence[Mapping[str, Sequence[Row]]]
) -> Iterator[Difference]:
    owner, stored = f"case {case_id}", {row["id"]: row for row in rows}
    for review_id, review in told.reviews.items():
        if review_id not in stored:
            yield Difference("review", review_id, owner, "gone", position=review.position)
            continue
        named = [_named(rows.get(review_id, ())) for rows in beside]
        for column, found, wanted in _in_one_review(review, stored[review_id], *named):
            yield Difference("review", review_id, owner, "changed", column, found, wanted, review.position)
    for review_id in stored:
        if review_id not in told.reviews:
            yield Difference("review", str(review_id), owner, "surplus")


def _named(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted(str(row["named"]) for row in rows))


def _in_one_review(
    review: ReviewTold,
    row: Row,
    clauses: tuple[str, ...],
    snippets: tuple[str, ...],
    companions: tuple[str, ...],
) -> Iterator[tuple[str, object, object]]:
    yield from differing(row, review.columns)
    if review.clauses is not None and clauses != review.clauses:
        yield "clauses", clauses, review.clauses
    if review.snippets is not None and snippets != review.snippets:
        yield "snippets", snippets, review.snippets
    together = () if review.recorded_with is None else (review.recorded_with,)
    if companions != together:
        yield "recorded_with", companions, together


def _decision_differences(case_id: str, told: CaseTold, rows: Sequence[Row]) -> Iterator[Difference]:
    owner, stored = f"case {case_id}", {row["id"]: row for row in rows}
    for decision_id, (columns, position) in told.decisions.items():
        if decision_id not in stored:
            yield Difference("decision", decision_id, owner, "gone", position=position)
            continue
        for column, found, wanted in differing(stored[decision_id], columns):
            yield Difference("decision", decision_id, owner, "changed", column, found, wanted, position)
    for decision_id in stored:
        if decision_id not in told.decisions:
            yield Difference("decision", str(decision_id), owner, "surplus")


def compare_items(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Answers of these items, in the order in which they were given, and the status that they leave."""
    ids = list(chains)
    answers = by_owner(rows_by_name(reader, _answers, ids), "item_id")
    stored = {row["id"]: row for row in rows_by_name(reader, _items, ids)}
    for item_id, events in chains.items():
        yield from _answer_differences(item_id, events, answers.get(item_id, ()))
        if events and item_id in stored:
            yield from ended_differences(item_id, stored[item_id], events[-1])


def _answers(reader: Session) -> sa.Select[Any]:
    decided_case = sa.type_coerce(Decision.case_id, sa.types.NullType()).label("decided_case")
    return (
        sa.select(*raw(Answer.item_id, Answer.body, Answer.answered_at, Item.case_id), decided_case)
        .outerjoin(Item, Item.id == Answer.item_id)
        .outerjoin(Decision, Decision.id == Answer.decision_id)
        .where(among(reader, Answer.item_id))
        .order_by(Answer.answered_at, Answer.decision_id)
    )


def _items(reader: Session) -> sa.Select[Any]:
    return sa.select(*raw(Item.id, Item.status, Item.withdrawn_at)).where(among(reader, Item.id))


def ended_differences(item_id: str, row: Row, event: Told) -> Iterator[Difference]:
    """An item whose status is not the one that its answer or its withdrawal left it in."""
    answered = event.event_type == "item.answered"
    told = {
        "status": ItemStatus.DECIDED.value if answered else ItemStatus.WITHDRAWN.value,
        "withdrawn_at": None if answered else event.when,
    }
    for column, found, wanted in differing(row, told):
        yield Difference("item", item_id, "", "changed", column, found, wanted, event.position)


def _answer_differences(item_id: str, events: Sequence[Told], rows: Sequence[Row]) -> Iterator[Difference]:
    given = [event for event in events if event.event_type == "item.answered"]
    owner = f"item {item_id}"
    for place, event in enumerate(given):
        if place >= len(rows):
            yield Difference("answer", item_id, owner, "gone", position=event.position)
            continue
        row, body = rows[place], event.fields.get("answer")
        told = {"answered_at": event.when} | ({"body": body} if event.knows("answer") else {})
        for column, found, wanted in differing(row, told):
            yield Difference("answer", item_id, owner, "changed", column, found, wanted, event.position)
        if row["decided_case"] is None or row["decided_case"] != row["case_id"]:
            yield Difference(
                "answer",
                item_id,
                owner,
                "changed",
                "decision",
                row["decided_case"],
                row["case_id"],
                event.position,
            )
    if len(rows) > len(given):
        yield Difference("answer", item_id, owner, "surplus")
