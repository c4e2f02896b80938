"""What can be erased of a record, on which ground, and what stands in its place afterwards.

Each part names the fields of events and the columns of rows that hold it; the salts of commitments go with
the fields (design: trail, B.8). What a referral says stands in its original too, which goes with any of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from review.domain.holds import RecordKind, reason_problems
from review.domain.written import ERASED
from review.errors import FieldError, InvalidInput, ReviewError

LOCK: Final = "erasures"
"""Held by whoever asks for erasures, carries them out or places a hold, and while an export is taken up."""
MOST_AT_ONCE: Final = 200
"""Records of which an erasure can be requested in one step."""


class Ground(StrEnum):
    """Why something is erased."""

    PERSON = "data_subject"
    RETENTION = "retention_over"
    UNLAWFUL = "unlawful_content"
    ORDER = "order"


class ErasureState(StrEnum):
    """Where a request is: it waits for the second person, who refuses it or lets it be carried out."""

    WAITING = "waiting"
    REFUSED = "refused"
    EXECUTED = "executed"


@dataclass(frozen=True)
class Settling:
    """How a request that waits ends, and the event that tells of it."""

    target: ErasureState
    event: str


REFUSE: Final = Settling(ErasureState.REFUSED, "erasure.refused")
EXECUTE: Final = Settling(ErasureState.EXECUTED, "erasure.executed")


class NotErasable(ReviewError):
    """The record cannot be erased now."""

    code = "not_erasable"
    title = "The record cannot be erased now"
    remedy = "Wait until its cases are decided or withdrawn and its messages have left, then ask again."


Field = tuple[str, str]
"""An event type and the name of a field that it commits to."""
Column = tuple[str, str]
"""A table and one of its columns."""


@dataclass(frozen=True)
class Part:
    """One thing that may be erased: fields of events, columns of rows, and whether its files go as well."""

    fields: tuple[Field, ...] = ()
    columns: tuple[Column, ...] = ()
    files: bool = False


ORIGINAL: Final = "original"
_ORIGINAL = Part(
    (("email.confirmed", "identity_check"), ("email.confirmed", "stated")),
    (
        ("referrals", "received_body"), ("referrals", "splices"), ("emailed_referrals", "message"),
        ("emailed_referrals", "text"), ("emailed_referrals", "subject"), ("emailed_referrals", "from_header"),
        ("emailed_referrals", "date_header"), ("emailed_referrals", "message_id"),
        ("emailed_referrals", "authentication_results"), ("emailed_referrals", "identity_words"),
        ("deliveries", "body"),
    ),
)  # fmt: skip
PARTS: Final[dict[RecordKind, dict[str, Part]]] = {
    RecordKind.CASE: {
        "rationale": Part((("case.review_recorded", "rationale"),), (("reviews", "rationale"),)),
        "statement": Part(
            (
                ("case.review_recorded", "statement"), ("item.answered", "answer"),
                ("item.complaint_answered", "statement"),
            ),
            (
                ("reviews", "statement"), ("answers", "body"), ("complaints", "statement"),
                ("deliveries", "body"),
            ),
        ),
        "notes": Part((("case.note_written", "text"),), (("notes", "text"),)),
        "questions": Part(
            (
                ("case.sender_asked", "text"), ("case.answer_received", "answer"),
                ("item.question_asked", "question"), ("item.answer_given", "answer"),
            ),
            (("questions", "question"), ("questions", "answer"), ("deliveries", "body")),
        ),
        "advice": Part(
            (("case.escalated", "note"), ("case.advised", "advice")),
            (("escalations", "note"), ("escalations", "advice")),
        ),
        "complaints": Part(
            (
                ("case.complaint_received", "reasons"), ("case.complaint_received", "contact"),
                ("item.complaint_sent", "reasons"),
            ),
            (("complaints", "reasons"), ("complaints", "contact")),
        ),
        "captures": Part((("evidence.captured", "name"),), (("evidence", "name"),), files=True),
    },
    RecordKind.REFERRAL: {
        ORIGINAL: _ORIGINAL,
        "reference": Part(
            (("referral.received", "reference"),), (("referrals", "reference"), ("batch_lines", "reference"))
        ),
        "contact": Part((), (("referrals", "contact_name"), ("referrals", "contact_email"))),
        "reason": Part(
            (),
            (
                ("referrals", "reason"), ("referrals", "legal_basis"), ("referrals", "issuing_authority"),
                ("referrals", "removal_order"), ("items", "description"),
            ),
        ),
        "url": Part(
            (
                ("referral.received", "items"), ("referral.received", "refused_items"),
                ("location.opened", "url"), ("record.location_opened", "url"),
            ),
            (
                ("items", "url_as_sent"), ("items", "canonical_url"), ("items", "match_key"),
                ("refused_items", "url_as_sent"), ("refused_items", "errors"), ("cases", "match_digest"),
            ),
        ),
        "evidence": Part((), (("evidence", "name"),), files=True),
    },
    RecordKind.SENDER: {
        "contacts": Part(
            (("sender.changed", "contacts_before"), ("sender.changed", "contacts_after")),
            (("senders", "contacts"),),
        ),
    },
}  # fmt: skip


def parts_of(kind: RecordKind, names: Iterable[str]) -> tuple[str, ...]:
    """These parts in the order of the table, the original with any other part of a referral.

    Raises `InvalidInput` where none is named or one that such a record does not have.
    """
    wanted, known = set(names), PARTS[kind]
    if not wanted or not wanted <= known.keys():
        listed = ", ".join(known)
        problem = FieldError(
            "parts", "not_valid", f"Tick what is to be erased; of a {kind} that is: {listed}."
        )
        raise InvalidInput("Nothing was requested; correct what is marked.", errors=[problem])
    if kind is RecordKind.REFERRAL:
        wanted.add(ORIGINAL)
    return tuple(name for name in known if name in wanted)


def check_request(kind: RecordKind, parts: Collection[str], ground: str, reason: str) -> tuple[str, ...]:
    """The parts as they are kept; raises `InvalidInput` that names every field to correct."""
    problems = reason_problems(reason, missing="Write why this is to be erased; no content of the record.")
    if ground not in {one.value for one in Ground}:
        problems.append(FieldError("ground", "not_valid", "Choose a ground from the list."))
    named: tuple[str, ...] = ()
    try:
        named = parts_of(kind, parts)
    except InvalidInput as error:
        problems += error.errors
    if problems:
        raise InvalidInput("Nothing was requested; correct what is marked.", errors=problems)
    return named


def mark_of(at: datetime, ground: str) -> str:
    """What stands in place of an erased text, in the rows as on the wire: the day and the ground."""
    return f"[erased on {at:%Y-%m-%d}: {ground}]"


def read_mark(text: str) -> tuple[date, str] | None:
    """The day and the ground in such a mark; None for any other text."""
    found = ERASED.fullmatch(text)
    try:
        return None if found is None else (date.fromisoformat(found[1]), str(Ground(found[2])))
    except ValueError:
        return None


def address_mark(at: datetime, ground: str) -> str:
    """The same in place of an address, where only an address is understood (RFC 6761, ``.invalid``)."""
    return f"https://erased.invalid/{at:%Y-%m-%d}/{ground}"
