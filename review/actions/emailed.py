"""Messages that come by e-mail: kept byte for byte, then confirmed as a referral by a person, or refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import release_held
from review.actions.intake import Arrival, prepare_arrival, take_in
from review.config import Settings
from review.domain.emailed import (
    CONFIRM,
    REFUSE,
    EmailedMove,
    IdentityCheck,
    check_identity,
    check_refusal,
    check_size,
    stated_columns,
)
from review.domain.ids import new_id
from review.domain.permissions import SERVICE, Actor, Permission, check_operator, check_permission
from review.domain.referrals import Intake
from review.errors import AlreadyClosed, FieldError, InvalidInput, NotFound, ReviewError
from review.formats.emailed import read_email
from review.models import EmailedReferral, Sender
from review.models.rows import insert_new
from review.queries import emailed


@dataclass(frozen=True)
class Arrived:
    """The id of a stored message; ``new`` is False where the same message was stored before."""

    email_id: str
    new: bool


@dataclass(frozen=True)
class Confirmed:
    """The referral that a message became: its items, and how many addresses were refused."""

    referral_id: str
    items: int
    refused: int


def receive_email(message: bytes, *, actor: Actor) -> Arrived:
    """Store a message and what it says; the same bytes again change nothing.

    Raises `TooLarge` above 1 MiB and `InvalidInput` for an empty message.
    """
    check_operator(actor)
    check_size(message)
    facts, digest = read_email(message), sha256(message).hexdigest()
    email_id = new_id("M")
    row = {
        "id": email_id, "trail_version": 1, "message": message, "sha256": digest, "length": len(message),
        "from_header": facts.from_header, "subject": facts.subject, "date_header": facts.date_header,
        "message_id": facts.message_id, "authentication_results": facts.authentication_results,
        "text": facts.text, "cut": facts.cut, "entered_by": actor.id, "state": CONFIRM.source.value,
    }  # fmt: skip
    with db.transaction() as writer:
        now = clock.now()
        stored = insert_new(writer, EmailedReferral, [row | {"arrived_at": now}], unique=("sha256",))
        if not stored:
            earlier = sa.select(EmailedReferral.id).where(EmailedReferral.sha256 == digest)
            return Arrived(writer.scalars(earlier).one(), new=False)
        fields = {"message_sha256": digest, "facts_sha256": facts.sha256}
        arrived = ledger.Record(email_id, fields=fields, meta={"bytes": len(message)})
        ledger.record_many(writer, "email.arrived", [arrived], actor=actor, at=now, created=True)
        return Arrived(email_id, new=True)


def confirm_email(
    email_id: str,
    intake: Intake,
    *,
    sender_id: str,
    identity: IdentityCheck,
    actor: Actor,
    settings: Settings,
) -> Confirmed:
    """Make the message a referral of that sender, with the message itself as its original.

    Claims of the actor on the cases that it joins end: whoever confirmed it knows the sender. Raises
    `NotFound`, `AlreadyClosed` where somebody was faster, and `InvalidInput` at ``sender_id``, the identity
    or a ``reference`` that the sender has used.
    """
    check_permission(actor, Permission.CONFIRM_EMAILED)
    check_identity(identity)
    message = emailed.message_of(db.session(), email_id)
    if message is None:
        raise NotFound()
    arrival = prepare_arrival(intake, body=message)
    with db.transaction() as writer:
        now = clock.now()
        _lock(writer, email_id, CONFIRM)
        _check_sender(writer, sender_id)
        # the event of the referral is shown to its sender, who learns nothing of the person
        sender = replace(SERVICE, sender_id=sender_id, request_id=actor.request_id)
        (taken,) = take_in(writer, [arrival], actor=sender, at=now, settings=settings)
        if not taken.new:
            _refuse_reference(taken.referral_id)
        _confirm(writer, email_id, arrival, sender_id=sender_id, identity=identity, actor=actor, at=now)
        release_held(writer, emailed.cases_of(arrival.referral_id), actor=actor, now=now)
        return Confirmed(arrival.referral_id, len(intake.items), len(intake.refused))


def refuse_email(email_id: str, reason: str, *, actor: Actor) -> None:
    """Say that the message does not become a referral, and why; that is final.

    Raises `NotFound`, `InvalidInput` without a reason, `AlreadyClosed` where somebody was faster.
    """
    check_permission(actor, Permission.CONFIRM_EMAILED)
    check_refusal(reason)
    with db.transaction() as writer:
        now = clock.now()
        ended = {"ended_by": actor.account_id, "ended_at": now}
        changed = writer.scalar(
            sa.update(EmailedReferral)
            .where(EmailedReferral.id == email_id, EmailedReferral.state == REFUSE.source)
            .values(state=REFUSE.target, refusal=reason, **ended)
            .returning(EmailedReferral.id)
            .execution_options(synchronize_session=False)
        )
        if changed is None:
            raise _refusal(writer, email_id)
        ledger.record(writer, REFUSE.event, email_id, actor=actor, at=now, fields={"reason": reason})


def _lock(writer: Session, email_id: str, move: EmailedMove) -> None:
    """Let two people who end the same message go one after the other, before anything is inserted."""
    waiting = sa.select(EmailedReferral.id).where(
        EmailedReferral.id == email_id, EmailedReferral.state == move.source
    )
    if writer.scalar(waiting.with_for_update()) is None:
        raise _refusal(writer, email_id)


def _refusal(writer: Session, email_id: str) -> ReviewError:
    if emailed.state_of(writer, email_id) is None:
        return NotFound()
    return AlreadyClosed(
        "This message was confirmed or refused in the meantime; nothing was changed. Open it to see by whom."
    )


def _check_sender(writer: Session, sender_id: str) -> None:
    if writer.scalar(sa.select(Sender.id).where(Sender.id == sender_id)) is None:
        detail = "Choose the sender whose referral this is; an administrator enters new ones."
        raise InvalidInput(detail, errors=[FieldError("sender_id", "not_in_list", detail)])


def _refuse_reference(referral_id: str) -> None:
    detail = f"{referral_id} of this sender has this reference; write another one, or leave it blank."
    raise InvalidInput(detail, errors=[FieldError("reference", "reference_conflict", detail)])


def _confirm(
    writer: Session,
    email_id: str,
    arrival: Arrival,
    *,
    sender_id: str,
    identity: IdentityCheck,
    actor: Actor,
    at: datetime,
) -> None:
    ended = {"ended_by": actor.account_id, "ended_at": at}
    changed = writer.scalar(
        sa.update(EmailedReferral)
        .where(EmailedReferral.id == email_id, EmailedReferral.state == CONFIRM.source)
        .values(
            state=CONFIRM.target,
            referral_id=arrival.referral_id,
            identity_way=identity.way,
            identity_words=identity.words,
            **ended,
        )
        .returning(EmailedReferral.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        raise _refusal(writer, email_id)
    ledger.record(
        writer,
        CONFIRM.event,
        email_id,
        actor=actor,
        at=at,
        fields={
            "referral": arrival.referral_id,
            "sender": sender_id,
            "identity_check": identity.words,
            "stated": dict(stated_columns(arrival.intake)),
        },
        meta={"identity_way": identity.way, "intake_kind": arrival.intake.intake_kind},
    )
