"""What do the events of the trail say that the ordinary rows must hold? Compared here, without a database.

The pages read ordinary rows, which somebody with the database's own console can change; the trail is what
was recorded. Nothing here trusts a type: on SQLite any column may hold anything.
"""

import json
from binascii import a2b_base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import orjson

from review.domain.display import visible
from review.domain.events import CLOCK
from review.domain.plain_event import PlainEvent
from review.domain.states import MOVES, CaseState, Round

STATE_AFTER: dict[str, str] = {
    move.event: move.target.value for move in MOVES.values() if move.target is not None
}
"""The state that an event leaves its case in, for the events that move it."""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class At:
    """A time as its event tells it, which is exactly that of the row."""

    moment: datetime

    def fits(self, stored: object) -> bool:
        """Whether a stored time, as either database gives it, is this one."""
        return moment_of(stored) == self.moment


def moment_of(stored: object) -> datetime | None:
    """A stored time, aware in UTC: PostgreSQL gives a time, SQLite text; None where it is neither."""
    try:
        found = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Told(NamedTuple):
    """One event as the trail tells it; ``fields`` holds the committed values that were not erased."""

    event_type: str
    object_id: str
    actor_kind: str
    actor_id: str
    at: datetime
    position: int | None
    meta: Mapping[str, Any]
    committed: frozenset[str]
    fields: Mapping[str, bytes]

    @property
    def when(self) -> At:
        """The time that its row must hold.

        The ledger never dates an event before the one that it follows; where a clock was behind, the event
        says in ``meta`` what that clock showed, which is what the row keeps.
        """
        return At(moment_of(self.meta[CLOCK]) or self.at if CLOCK in self.meta else self.at)

    def text(self, name: str) -> str | None:
        """A committed text; None where none was committed."""
        value = self.fields.get(name)
        return None if value is None else value.decode()

    def value(self, name: str, absent: Any) -> Any:
        """A committed list or object; ``absent`` where none was committed."""
        value = self.fields.get(name)
        return absent if value is None else json.loads(value)

    def knows(self, name: str) -> bool:
        """Whether the value can be told: not committed at all, or committed and still there."""
        return name not in self.committed or name in self.fields


@dataclass(frozen=True)
class Difference:
    """One thing in which an ordinary row is not what the trail tells.

    ``way``: ``changed`` (``column`` holds ``stored`` instead of ``told``), ``gone`` (the trail tells of the
    row, the table lacks it) or ``surplus`` (no event tells of the row, or of what ``column`` says it is).
    ``owner`` is what it belongs to.
    """

    noun: str
    id: str
    owner: str
    way: Literal["changed", "gone", "surplus"]
    column: str = ""
    stored: object = None
    told: object = None
    position: int | None = None

    @property
    def sentence(self) -> str:
        """The difference in words, for a verdict and for the record of a case."""
        subject = visible(f"{self.noun} {self.id[:80]}" + (f" of {self.owner[:80]}" if self.owner else ""))
        entry = " (an entry without position yet)" if self.position is None else f" (entry {self.position})"
        if self.way == "gone":
            return f"The {subject} is on the trail{entry}, but its row is gone."
        if self.way == "surplus":
            trait = self.column or "stands in the tables"
            return f"The {subject} {trait}, but no event on the trail tells of it."
        words = self.column.replace("_", " ")
        return f"The {subject}: the {words} stored differs from the one on the trail{entry}."


@dataclass(frozen=True)
class ReviewTold:
    """A review as its events tell it: its columns, clauses and snippets, None where these were erased.

    ``recorded_with``: the review in whose step it was recorded, None for one of its own.
    """

    id: str
    case_id: str
    position: int | None
    columns: dict[str, Any]
    clauses: tuple[str, ...] | None
    snippets: tuple[str, ...] | None = ()
    recorded_with: str | None = None
    look: str | None = None
    precedents: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuestionTold:
    """A question to a sender as its events tell it: its columns, those left out that were erased."""

    id: str
    position: int | None
    columns: dict[str, Any]


@dataclass(frozen=True)
class LookTold:
    """A person's first look at a case: its columns, and what was shown then, None where that was erased.

    Each earlier decision as its case, why it was shown, and how like it is.
    """

    position: int | None
    columns: dict[str, Any]
    precedents: tuple[tuple[str, str, int | None], ...] | None


@dataclass
class CaseTold:
    """A case as its events tell it, one after the other."""

    state: str = CaseState.OPEN.value
    decided_at: At | None = None
    why_second: tuple[str, ...] = ()
    reviews: dict[str, ReviewTold] = field(default_factory=dict)
    decisions: dict[str, tuple[Row, int | None]] = field(default_factory=dict)
    questions: dict[str, QuestionTold] = field(default_factory=dict)
    looks: dict[str, LookTold] = field(default_factory=dict)


def read_told(envelope: object, fields: object, position: object) -> Told | None:
    """The event in an opening; None where it cannot be read, which the pass over the entries tells."""
    try:
        members = orjson.loads(envelope) if isinstance(envelope, bytes) else None
        opened = orjson.loads(fields) if isinstance(fields, str) else None
        if not isinstance(members, dict) or not isinstance(opened, dict):
            return None
        return Told(
            event_type=members["type"],
            object_id=members["obj"]["id"],
            actor_kind=members["actor"]["kind"],
            actor_id=members["actor"]["id"],
            at=datetime.fromisoformat(members["t"]),
            position=position if isinstance(position, int) else None,
            meta=members.get("meta", {}),
            committed=frozenset(members.get("c", {})),
            fields={name: a2b_base64(value, strict_mode=True) for name, (_key, value) in opened.items()},
        )
    except (LookupError, ValueError, TypeError, RecursionError):
        return None


def told_of(event: PlainEvent) -> Told:
    """The same of an event that is read already."""
    return Told(
        event_type=event.event_type,
        object_id=event.object_id,
        actor_kind=event.actor_kind,
        actor_id=event.actor_id,
        at=datetime.fromisoformat(event.at),
        position=event.position,
        meta=event.meta,
        committed=frozenset(event.values),
        fields=event.values,
    )


def case_told(events: Sequence[Told]) -> CaseTold:
    """What the events of one case, in their order, say of its state, reviews and decisions."""
    told = CaseTold()
    for event in events:
        told.state = STATE_AFTER.get(event.event_type, told.state)
        review_id = event.text("review") or ""
        if event.event_type == "case.review_recorded":
            told.reviews[review_id] = review_told(event, review_id)
        elif event.event_type in ("case.review_undone", "case.review_dropped"):
            for named in event.value("reviews", [review_id]):
                _mark(told, named, undone_at=event.when)
        elif event.event_type == "case.second_review_due":
            told.why_second = tuple(str(event.meta.get("why", "")).split(","))
            _mark(told, review_id, dispatched_at=event.when)
        elif event.event_type == "case.reviews_differ":
            _mark(told, review_id, dispatched_at=event.when)
            for letter, named in letters_told(event).items():
                _mark(told, named, letter=letter)
        elif event.event_type == "case.first_look":
            told.looks.setdefault(event.actor_id, look_told(event))
        elif event.event_type in ("case.decided", "case.reversed", "case.upheld"):
            # where it follows several reviews, all but the newest were dispatched before
            _mark(told, event.value("reviews", [review_id])[-1], dispatched_at=event.when)
            _tell_decision(told, event, review_id)
        else:
            _tell_question(told, event)
    return told


def _tell_decision(told: CaseTold, event: Told, review_id: str) -> None:
    """The decision that an event tells of, if it is not one that was upheld; a case is decided once."""
    if event.event_type == "case.upheld":
        return
    if event.event_type == "case.decided":
        told.decided_at = event.when
    columns = {
        "review_id": review_id,
        "outcome": event.meta.get("outcome"),
        "decided_at": event.when,
        "supersedes_id": event.text("supersedes"),
    }
    told.decisions[event.text("decision") or ""] = columns, event.position


def letters_told(event: Told) -> dict[str, str]:
    """Which of two differing reviews is shown as A and which as B, as the draw of that moment says."""
    reviews = [str(review_id) for review_id in event.value("reviews", [])]
    if event.meta.get("shown_first") == Round.SECOND:
        reviews.reverse()
    return dict(zip("AB", reviews, strict=False))


def _tell_question(told: CaseTold, event: Told) -> None:
    """What an event says of a question to a sender; with its last item a case ends the one that waits."""
    question_id = event.text("question") or ""
    if event.event_type == "case.sender_asked":
        columns: dict[str, Any] = {"asked_by": event.actor_id, "asked_at": event.when}
        for column, name in (("item_id", "item"), ("question", "text")):
            if event.knows(name):
                columns[column] = event.text(name)
        columns |= {"answer": None, "answered_at": None, "ended_at": None}
        told.questions[question_id] = QuestionTold(question_id, event.position, columns)
        return
    ended: dict[str, Any] = {"ended_at": event.when}
    if event.event_type == "case.answer_received":
        ended["answered_at"] = event.when
        if event.knows("answer"):
            ended["answer"] = event.text("answer")
    elif event.event_type not in ("case.question_ended", "case.withdrawn"):
        return
    for question in told.questions.values():
        if question.columns["ended_at"] is None and question_id in ("", question.id):
            question.columns.update(ended)
            if event.event_type == "case.answer_received" and "answer" not in ended:
                del question.columns["answer"]


def _mark(told: CaseTold, review_id: str, **marks: At | str) -> None:
    known = told.reviews.get(review_id)
    if known is not None:
        known.columns.update(marks)


def review_told(event: Told, review_id: str) -> ReviewTold:
    """The columns of a review as recorded; what was erased since is left out."""
    meta = event.meta
    columns: dict[str, Any] = {
        "reviewer": event.actor_id,
        "round": meta.get("round"),
        "outcome": meta.get("outcome"),
        "ground": meta.get("ground"),
        "decline_reason": meta.get("decline_reason"),
        "visibility": meta.get("visibility"),
        "account_measure": meta.get("account"),
        "context": meta.get("context"),
        "over_broad": meta.get("over_broad"),
        "case_version": meta.get("version"),
        "claim_generation": meta.get("generation"),
        "recorded_at": event.when,
        "undone_at": None,
        "dispatched_at": None,
        "letter": None,
    }
    for name, absent in (("rationale", ""), ("statement", ""), ("law", None)):
        if event.knows(name):
            columns[name] = event.text(name) or absent
    if "territory" in event.fields:  # recorded since it was first committed to
        columns["territory"] = event.text("territory")
    clauses = tuple(sorted(event.value("clauses", []))) if event.knows("clauses") else None
    look = meta.get("look")
    return ReviewTold(
        review_id,
        event.object_id,
        event.position,
        columns,
        clauses,
        snippets=tuple(sorted(event.value("snippets", []))) if event.knows("snippets") else None,
        recorded_with=event.text("recorded_with"),
        look=None if look is None else str(look),
        precedents=tuple(str(case_id) for case_id in event.value("precedents", [])),
    )


def look_told(event: Told) -> LookTold:
    """The columns of a first look, and the earlier decisions in the order in which they were shown."""
    shown = None
    columns: dict[str, Any] = {
        "way": event.meta.get("way"),
        "claim_generation": event.meta.get("generation"),
        "looked_at": event.when,
    }
    if event.knows("precedents"):
        shown = tuple((str(one[0]), str(one[1]), one[2]) for one in event.value("precedents", []))
        columns["precedents"] = len(shown)
    return LookTold(event.position, columns, shown)


def referral_told(event: Told) -> dict[str, Any]:
    """The columns of a referral as received."""
    columns: dict[str, Any] = {
        name: event.text(name) for name in ("reference", "body_sha256") if event.knows(name)
    }
    if event.knows("key"):
        columns["key_id"] = event.text("key")
    if event.actor_kind == "sender":
        columns["sender_id"] = event.actor_id
    columns["received_at"] = event.when
    return columns | {name: event.meta.get(name) for name in ("intake_kind", "transmitted_via", "urgency")}


def items_told(event: Told) -> dict[str, dict[str, Any]]:
    """The items of a referral as received, by id: address as sent, and case where that was not erased."""
    cases = event.value("cases", {})
    told: dict[str, dict[str, Any]] = {}
    for item in event.value("items", []):
        told[item["id"]] = {"url_as_sent": item["url"], "joined_at": event.when}
        if item["id"] in cases:
            told[item["id"]]["case_id"] = cases[item["id"]]
    return told


def differing(stored: Row, told: Row) -> Iterator[tuple[str, object, object]]:
    """The columns in which a row is not what was recorded: name, stored, told."""
    for column, wanted in told.items():
        found = stored[column]
        if (type(found) is not type(wanted) or found != wanted) and not same(found, wanted):
            yield column, found, wanted


def same(stored: object, told: object) -> bool:
    """Whether a stored value is the recorded one, of its type; SQLite keeps booleans as 0 and 1."""
    if isinstance(told, At):
        return told.fits(stored)
    if isinstance(told, bool):
        return isinstance(stored, int) and stored == told
    return type(stored) is type(told) and stored == told
