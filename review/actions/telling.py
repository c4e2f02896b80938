"""Who is told what of a change? Messages to its senders and the platform, inside the change's transaction.

Parts of actions; each looks first whether anybody wants to be told, which mostly nobody does.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session, aliased

from review import outbox
from review.domain.notices import changed_text
from review.domain.representation import OwnReferral
from review.domain.restrictions import MOST_LOCATIONS, lifted_members, request_members
from review.domain.webhooks import LIFTED, PLATFORM_ENDPOINT, REQUESTED, EndpointKind
from review.models import Answer, Case, Decision, Endpoint, Item, Referral, Restriction
from review.models.rows import insert_new
from review.outbox import Message
from review.prepared import Prepared
from review.queries.referrals import told_items

CHUNK = 500
_ON = (Endpoint.off_at.is_(None), Endpoint.removed_at.is_(None))
_ENDPOINTS = Prepared(
    lambda: sa.select(Endpoint.id, Endpoint.topics).where(
        Endpoint.sender_id == sa.bindparam("sender_id"), *_ON
    )
)
_WANTED = sa.or_(Endpoint.kind == EndpointKind.WEBHOOK, Endpoint.confirmed_at.is_not(None))
"""Programs, and e-mail addresses whose link was opened."""


def tell_received(
    writer: Session, sender_id: str, referrals: Callable[[], Iterable[OwnReferral]], *, at: datetime
) -> None:
    """Tell the sender's endpoints of referrals that were received; these are only made where one is told."""
    topic = "referral.received"
    own = _ENDPOINTS.all(writer, sender_id=sender_id)
    listening = [row.id for row in own if topic in row.topics.split()]
    if not listening:
        return
    messages = [
        Message(endpoint_id, topic, referral.id, referral.as_dict())
        for referral in referrals()
        for endpoint_id in listening
    ]
    outbox.write_messages(writer, messages, at=at)


def tell_items(writer: Session, topic: str, item_ids: Sequence[str], *, at: datetime) -> None:
    """Tell the endpoints of these items' senders how each stands now, and by mail only that it changed."""
    listening: dict[str, list[str]] = {}
    mailed: set[tuple[str, str]] = set()
    for start in range(0, len(item_ids), CHUNK):
        rows = writer.execute(
            sa.select(
                Item.id, Item.referral_id, Endpoint.id.label("endpoint_id"), Endpoint.topics, Endpoint.kind
            )
            .join(Referral, Referral.id == Item.referral_id)
            .join(Endpoint, Endpoint.sender_id == Referral.sender_id)
            .where(Item.id.in_(item_ids[start : start + CHUNK]), *_ON, _WANTED)
            .order_by(Item.id, Endpoint.id)
        )
        for row in rows:
            if topic not in row.topics.split():
                continue
            if row.kind == EndpointKind.EMAIL:
                mailed.add((row.endpoint_id, row.referral_id))
            else:
                listening.setdefault(row.id, []).append(row.endpoint_id)
    messages = [
        Message(
            endpoint_id,
            topic,
            item.id,
            item.as_dict() | {"referral": item.referral_id, "reference": reference},
        )
        for item, reference in told_items(writer, list(listening))
        for endpoint_id in listening[item.id]
    ]
    messages += _notices(topic, mailed)
    if messages:
        outbox.write_messages(writer, messages, at=at)


def _notices(topic: str, mailed: Collection[tuple[str, str]]) -> list[Message]:
    """One mail to each address about each referral, however many of its items changed."""
    if not mailed:
        return []
    public_url = current_app.config["REVIEW_SETTINGS"].public_url
    return [
        Message(endpoint_id, topic, referral_id, {}, changed_text(referral_id, public_url=public_url))
        for endpoint_id, referral_id in sorted(mailed)
    ]


def ask_platform(writer: Session, decision_id: str, *, at: datetime) -> None:
    """Ask the platform for the restriction of a decision, if it asks for one."""
    asked = writer.execute(
        sa.select(Restriction.id, Case.id.label("case_id"), Case.intake_kind, Case.content_type)
        .join(Decision, Decision.id == Restriction.decision_id)
        .join(Case, Case.id == Decision.case_id)
        .where(Restriction.decision_id == decision_id)
    ).one_or_none()
    if asked is None:
        return
    answered = (Item.case_id == asked.case_id, Answer.decision_id == decision_id)
    body = sa.select(Answer.body).join(Item, Item.id == Answer.item_id).where(*answered).limit(1)
    members = request_members(
        asked.id,
        locations=_locations(writer, asked.case_id, decision_id),
        intake_kind=asked.intake_kind,
        content_type=asked.content_type,
        answer=json.loads(writer.scalars(body).one()),
    )
    _write_to_platform(writer, Message(PLATFORM_ENDPOINT, REQUESTED, asked.id, members), at=at)


def tell_lifted(writer: Session, restriction_id: str, *, at: datetime) -> None:
    """Tell the platform that a restriction ended, and which other one stands in its place, if one does."""
    superseding = aliased(Decision)
    instead = aliased(Restriction)
    lifted = writer.execute(
        sa.select(Restriction.decision_id, Decision.case_id, Case.intake_kind, Case.content_type,
                  Restriction.ends_at, instead.id.label("instead"))
        .join(Decision, Decision.id == Restriction.decision_id)
        .join(Case, Case.id == Decision.case_id)
        .outerjoin(superseding, superseding.supersedes_id == Decision.id)
        .outerjoin(instead, instead.decision_id == superseding.id)
        .where(Restriction.id == restriction_id)
    ).one()  # fmt: skip
    members = lifted_members(
        restriction_id,
        locations=_locations(writer, lifted.case_id, lifted.decision_id),
        intake_kind=lifted.intake_kind,
        content_type=lifted.content_type,
        ends_at=lifted.ends_at,
        replaced_by=lifted.instead,
    )
    _write_to_platform(writer, Message(PLATFORM_ENDPOINT, LIFTED, restriction_id, members), at=at)


def _locations(writer: Session, case_id: str, decision_id: str) -> Sequence[str]:
    """Where what a decision answered is, as written in referrals."""
    return writer.scalars(
        sa.select(Item.canonical_url)
        .join(Answer, Answer.item_id == Item.id)
        .where(Item.case_id == case_id, Answer.decision_id == decision_id)
        .distinct()
        .order_by(Item.canonical_url)
        .limit(MOST_LOCATIONS)
    ).all()


def _write_to_platform(writer: Session, message: Message, *, at: datetime) -> None:
    """Freeze a message to the platform, whose endpoint is there from its first one on."""
    endpoint = {
        "id": PLATFORM_ENDPOINT,
        "trail_version": 0,
        "sender_id": None,
        "kind": EndpointKind.PLATFORM.value,
        "url": "",
        "topics": f"{REQUESTED} {LIFTED}",
        "sealed_secret": b"",
        "secret_at": at,
        "last_seq": 0,
        "created_at": at,
    }
    insert_new(writer, Endpoint, [endpoint], unique=("id",))
    outbox.write_messages(writer, [message], at=at)
