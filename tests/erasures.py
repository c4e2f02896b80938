"""Records to erase: a decided case with every text of its own, and who asks for it and who lets it go."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.actions.erasures import execute_erasures, request_erasures
from review.actions.holds import place_hold
from review.actions.notes import write_note
from review.domain.decisions import ReviewInput
from review.domain.erasures import Ground
from review.domain.holds import RecordKind
from review.domain.permissions import SERVICE, Actor, Role
from review.models import Item
from tests.factories import make_account, make_sender, receive, sender_actor

WHY = "The person asked for it in a letter of this week."
CHECKED = "Compared with the letter; nothing stands against it."
TEXTS = {
    "rationale": "RATIONALE-CANARY: names a person in Ghent.",
    "statement": "STATEMENT-CANARY: we have compared the item with our terms.",
    "notes": "NOTE-CANARY: the uploader wrote to us.",
    "reference": "REFERENCE-CANARY-7",
    "reason": "REASON-CANARY: it praises a group.",
    "contact": "CONTACT-CANARY of the duty desk",
    "url": "https://video.example/watch/url-canary",
    "evidence": "EVIDENCE-CANARY: seen on that day.",
    "file": "file-canary.txt",
}


@dataclass
class Decided:
    """A decided case and its one referral."""

    case_id: str
    referral_id: str
    item_id: str
    sender_id: str
    asker: Actor = field(default_factory=lambda: make_account(Role.LEGAL))
    second: Actor = field(default_factory=lambda: make_account(Role.LEGAL))


def decided_record(*, sender_id: str | None = None, number: int = 0, **members: Any) -> Decided:
    """Receive a referral with all of `TEXTS`, judge it with a note, and let the decision go out."""
    sender_id = sender_id or make_sender()
    suffix = f"-{number}" if number else ""
    piece = {
        "name": TEXTS["file"],
        "media_type": "text/plain",
        "content": b64encode(TEXTS["evidence"].encode()).decode(),
    }
    item = {"url": TEXTS["url"] + suffix, "content_type": "video", "evidence": [piece]}
    received = receive(
        sender_actor(sender_id),
        reference=TEXTS["reference"] + suffix,
        reason=TEXTS["reason"],
        contact={"name": TEXTS["contact"], "email": "contact-canary@unit.example"},
        items=[item],
        **members,
    )
    item_id, case_id = (
        db.session()
        .execute(sa.select(Item.id, Item.case_id).where(Item.referral_id == received.referral_id))
        .one()
    )
    judge_record(case_id)
    return Decided(case_id, received.referral_id, item_id, sender_id)


def judge_record(case_id: str) -> None:
    """One review with a note beside it, dispatched."""
    moderator = make_account()
    claim = claim_case(case_id, actor=moderator)
    write_note(case_id, TEXTS["notes"], claim_generation=claim.claim_generation, actor=moderator)
    review = ReviewInput(
        "declined",
        decline_reason="no_breach",
        rationale=TEXTS["rationale"],
        statement=TEXTS["statement"],
    )
    recorded = record_review(
        case_id, review, claim_generation=claim.claim_generation, version=claim.version, actor=moderator
    )
    with time_machine.travel(recorded.undo_until + timedelta(seconds=1), tick=False):
        dispatch_review(recorded.review_id, actor=SERVICE)


def split_record(*, days: int = 400) -> tuple[Decided, str]:
    """A referral of two cases, the first decided so long ago, the second now; the id of the second."""
    urls = ("https://video.example/watch/split-1", "https://video.example/watch/split-2")
    sender_id = make_sender()
    with time_machine.travel(clock.now() - timedelta(days=days), tick=True):
        referral_id = receive(sender_actor(sender_id), *urls).referral_id
        wanted = sa.select(Item.id, Item.case_id).where(Item.referral_id == referral_id)
        old, new = db.session().execute(wanted.order_by(Item.position)).all()
        judge_record(old.case_id)
    judge_record(new.case_id)
    return Decided(old.case_id, referral_id, old.id, sender_id), new.case_id


def ask(record: Decided, *parts: str, kind: RecordKind = RecordKind.CASE) -> str:
    """A request for these parts of the case or its referral; its id."""
    about = {
        RecordKind.CASE: record.case_id,
        RecordKind.REFERRAL: record.referral_id,
        RecordKind.SENDER: record.sender_id,
    }[kind]
    return request_erasures(kind, [about], parts, ground=Ground.PERSON, reason=WHY, actor=record.asker)[0]


def erase(record: Decided, *parts: str, kind: RecordKind = RecordKind.CASE) -> str:
    """The same, approved by the second person and carried out."""
    erasure_id = ask(record, *parts, kind=kind)
    execute_erasures([erasure_id], CHECKED, actor=record.second)
    return erasure_id


def hold(record: Decided, kind: RecordKind = RecordKind.CASE) -> str:
    """A hold of legal on the case, its referral or its sender; its id."""
    about = {
        RecordKind.CASE: record.case_id,
        RecordKind.REFERRAL: record.referral_id,
        RecordKind.SENDER: record.sender_id,
    }[kind]
    until = (clock.now() + timedelta(days=90)).date()
    return place_hold(kind, about, "Proceedings before the court of Ghent.", until, actor=record.asker)
