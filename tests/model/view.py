"""What is there? The same picture of a desk drawn from the model and from the database, to be compared."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Answer, Case, Decision, Draft, Item, Leaf, Opening, PendingEvent, Referral, Review
from tests.model.rules import Rules

Row = TypeVar("Row", Case, Item, Referral, Review)


@dataclass
class Names:
    """The program's ids, each list in the order of the model's numbers."""

    people: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    referrals: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)

    def learn(self, reader: Session, rules: Rules) -> None:
        """Find the ids of what is new in the model since the last time."""
        for referral in rules.referrals[len(self.referrals) :]:
            row = sa.select(Referral.id).where(
                Referral.sender_id == self.senders[referral.sender], Referral.reference == referral.reference
            )
            self.referrals.append(reader.scalars(row).one())
            ids = sa.select(Item.id).where(Item.referral_id == self.referrals[-1]).order_by(Item.position)
            self.items += reader.scalars(ids)
        for number in range(len(self.cases), len(rules.cases)):
            item = next(place for place, item in enumerate(rules.items) if item.case == number)
            self.cases.append(
                reader.scalars(sa.select(Item.case_id).where(Item.id == self.items[item])).one()
            )


@dataclass(frozen=True)
class View:
    """Rows by name of the table, in the order of the model's numbers, and how many events there are."""

    cases: list[dict[str, Any]]
    items: list[dict[str, Any]]
    referrals: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    drafts: list[tuple[int, int]]
    events: int

    def differences(self, other: "View") -> list[str]:
        """Where this picture differs from the other, one line for each row and member."""
        found = []
        for table, rows in vars(self).items():
            others = getattr(other, table)
            if not isinstance(rows, list) or len(rows) != len(others):
                found += [f"{table}: {rows} != {others}"] if rows != others else []
                continue
            found += [
                f"{table} {number}: {row} != {theirs}"
                for number, (row, theirs) in enumerate(zip(rows, others, strict=True))
                if row != theirs
            ]
        return found


def expected(rules: Rules) -> View:
    """The picture as the model has it."""
    chains = [
        *(case.events for case in rules.cases),
        *(item.events for item in rules.items),
        *(referral.events for referral in rules.referrals),
    ]
    return View(
        cases=[
            {
                "state": case.state,
                "kind": case.kind,
                "rank": case.rank,
                "due": case.due,
                "opened": case.opened,
                "version": case.version,
                "generation": case.generation,
                "holder": case.holder,
                "until": case.until,
                "pending": case.pending,
                "items": rules.live_items(number),
                "events": case.events,
            }
            for number, case in enumerate(rules.cases)
        ],
        items=[
            {
                "referral": item.referral,
                "case": item.case,
                "joined": item.joined,
                "status": item.status,
                "answers": [item.outcome] if item.outcome else [],
                "events": item.events,
            }
            for item in rules.items
        ],
        referrals=[
            {"sender": referral.sender, "reference": referral.reference, "events": referral.events}
            for referral in rules.referrals
        ],
        reviews=[
            {
                "case": review.case,
                "person": review.person,
                "version": review.version,
                "round": review.round,
                "until": review.until,
                "undone": review.undone,
                "dispatched": review.dispatched,
                "lettered": review.lettered,
                "decisions": [review.outcome] if review.decides else [],
            }
            for review in rules.reviews
        ],
        drafts=sorted(rules.drafts),
        events=sum(map(len, chains)) + rules.notes,
    )


def stored(reader: Session, names: Names) -> View:
    """The picture as the database has it; fails where a row is missing or stands there unexpected."""
    number = {name: place for known in vars(names).values() for place, name in enumerate(known)}
    chains = _Chains(reader)
    drafts = reader.execute(sa.select(Draft.case_id, Draft.account_id)).all()
    return View(
        cases=[
            {
                "state": case.state,
                "kind": case.intake_kind,
                "rank": case.rank,
                "due": case.due_at,
                "opened": case.opened_at,
                "version": case.version,
                "generation": case.claim_generation,
                "holder": number[case.claimed_by] if case.claimed_by else None,
                "until": case.claimed_until,
                "pending": number[case.pending_review_id] if case.pending_review_id else None,
                "items": case.items_live,
                "events": chains.of("case", case.id, case.trail_version),
            }
            for case in _rows(reader, Case, names.cases)
        ],
        items=_items(reader, names, number, chains),
        referrals=[
            {
                "sender": number[referral.sender_id],
                "reference": referral.reference,
                "events": chains.of("referral", referral.id, referral.trail_version),
            }
            for referral in _rows(reader, Referral, names.referrals)
        ],
        reviews=_reviews(reader, names, number),
        drafts=sorted((number[case_id], number[person]) for case_id, person in drafts),
        events=chains.events,
    )


def _items(reader: Session, names: Names, number: dict[str, int], chains: "_Chains") -> list[dict[str, Any]]:
    answers = defaultdict(list)
    for item_id, body in reader.execute(sa.select(Answer.item_id, Answer.body)):
        answers[item_id].append(json.loads(body)["outcome"])
    return [
        {
            "referral": number[item.referral_id],
            "case": number[item.case_id],
            "joined": item.joined_version,
            "status": item.status,
            "answers": answers[item.id],
            "events": chains.of("item", item.id, item.trail_version),
        }
        for item in _rows(reader, Item, names.items)
    ]


def _reviews(reader: Session, names: Names, number: dict[str, int]) -> list[dict[str, Any]]:
    decisions = defaultdict(list)
    for review_id, outcome in reader.execute(sa.select(Decision.review_id, Decision.outcome)):
        decisions[review_id].append(outcome)
    return [
        {
            "case": number[review.case_id],
            "person": number[review.account_id],
            "version": review.case_version,
            "round": review.round,
            "until": review.undo_until,
            "undone": review.undone_at is not None,
            "dispatched": review.dispatched_at is not None,
            "lettered": review.letter is not None,
            "decisions": decisions[review.id],
        }
        for review in _rows(reader, Review, names.reviews)
    ]


def _rows(reader: Session, table: type[Row], ids: Sequence[str]) -> list[Row]:
    """The rows in the order of the ids; the table holds these and no other."""
    found = {row.id: row for row in reader.scalars(sa.select(table))}
    assert sorted(found) == sorted(ids), f"{table.__tablename__}: {sorted(found)} != {sorted(ids)}"
    return [found[name] for name in ids]


class _Chains:
    """The events of all objects, read once; each waits for its position or has exactly one."""

    def __init__(self, reader: Session) -> None:
        self._chains: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        rows = reader.execute(
            sa.select(Opening.object_kind, Opening.object_id, Opening.object_version, Opening.event_type)
        ).all()
        self.events = len(rows)
        for kind, object_id, version, event in rows:
            if version is not None:
                self._chains[kind, object_id].append((version, event))
        placed = [
            reader.scalar(sa.select(sa.func.count()).select_from(table)) for table in (PendingEvent, Leaf)
        ]
        assert sum(count or 0 for count in placed) == self.events

    def of(self, kind: str, object_id: str, length: int) -> list[str]:
        """The events of one object, which counts them itself; no gap and no double."""
        chain = sorted(self._chains[kind, object_id])
        assert [version for version, _event in chain] == list(range(1, length + 1)), (
            f"{kind} {object_id}: {chain}"
        )
        return [event for _version, event in chain]
