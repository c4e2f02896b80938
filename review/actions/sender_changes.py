"""Changes to a sender: profile, own limits, dated evidence of trusted-flagger status."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.senders import name_taken
from review.domain.permissions import Actor, Permission, check_operator_or
from review.domain.senders import (
    FlaggerEvidence,
    Limits,
    Profile,
    checked_flagger,
    checked_limits,
    checked_profile,
)
from review.errors import AlreadyClosed, FieldError, InvalidInput, NotFound, StaleVersion
from review.models import FlaggerStatus, Sender
from review.queries.sender_details import limits_of, profile_of

Found = TypeVar("Found")


def change_sender(sender_id: str, profile: Profile, *, version: int, actor: Actor) -> None:
    """Give a sender this profile; ``version`` is the one that the form saw.

    Raises `InvalidInput` for a profile that breaks a rule or changes nothing, `AlreadyExists` for a name that
    another sender has, `StaleVersion` where somebody was faster, `NotFound`.
    """
    check_operator_or(actor, Permission.MANAGE_SENDERS)
    profile = checked_profile(profile)
    now = clock.now()
    with db.transaction() as writer:
        before = _known(profile_of(writer, sender_id))
        _check_changed(before, profile)
        values = profile.as_dict() | {"further_countries": " ".join(profile.further_countries)}
        try:
            _update(writer, sender_id, version=version, values=values)
        except IntegrityError as error:
            raise name_taken() from error
        old, new = _differing(before.as_dict(), profile.as_dict())
        fields = {
            "contacts_before": old.pop("contacts", None),
            "contacts_after": new.pop("contacts", None),
            "before": old or None,
            "after": new or None,
        }
        ledger.record(writer, "sender.changed", sender_id, actor=actor, at=now, fields=fields)


def change_limits(sender_id: str, limits: Limits, *, version: int, actor: Actor) -> None:
    """Give a sender limits of its own, or leave it at the settings again; errors as `change_sender`."""
    check_operator_or(actor, Permission.MANAGE_SENDERS)
    limits = checked_limits(limits)
    values = {"requests_per_minute": limits.requests_per_minute, "batch_lines": limits.batch_lines}
    now = clock.now()
    with db.transaction() as writer:
        before = _known(limits_of(writer, sender_id))
        _check_changed(before, limits)
        _update(writer, sender_id, version=version, values=values)
        stood = {"requests_per_minute": before.requests_per_minute, "batch_lines": before.batch_lines}
        old, new = _differing(stood, values)
        ledger.record(
            writer,
            "sender.limits_changed",
            sender_id,
            actor=actor,
            at=now,
            fields={"before": old, "after": new},
        )


def add_flagger(sender_id: str, evidence: FlaggerEvidence, *, version: int, actor: Actor) -> int:
    """Enter one award of trusted-flagger status beside those that there are; returns its number.

    ``version`` keeps the same form from entering it twice. Raises `InvalidInput`, `StaleVersion`, `NotFound`.
    """
    check_operator_or(actor, Permission.MANAGE_SENDERS)
    evidence = checked_flagger(evidence)
    now = clock.now()
    with db.transaction() as writer:
        _update(writer, sender_id, version=version, values={})
        award = FlaggerStatus(
            sender_id=sender_id,
            coordinator=evidence.coordinator,
            valid_from=evidence.valid_from,
            valid_until=evidence.valid_until,
            reference=evidence.reference,
        )
        writer.add(award)
        writer.flush()
        fields: dict[str, int | str | None] = {
            "status": award.id,
            "coordinator": evidence.coordinator,
            "valid_from": evidence.valid_from.isoformat(),
            "valid_until": _written(evidence.valid_until),
            "reference": evidence.reference,
        }
        ledger.record(writer, "sender.flagger_added", sender_id, actor=actor, at=now, fields=fields)
        return award.id


def end_flagger(sender_id: str, award_id: int, *, ended_on: date, actor: Actor) -> None:
    """Let an award hold until the end of ``ended_on`` instead of its own end; what was awarded stays.

    Raises `InvalidInput` for a day outside the award, `AlreadyClosed` where it was ended or has run out,
    `NotFound`.
    """
    check_operator_or(actor, Permission.MANAGE_SENDERS)
    now = clock.now()
    with db.transaction() as writer:
        ended = writer.execute(
            sa.update(FlaggerStatus)
            .where(
                FlaggerStatus.id == award_id,
                FlaggerStatus.sender_id == sender_id,
                FlaggerStatus.ended_on.is_(None),
                FlaggerStatus.valid_from <= ended_on,
                sa.or_(
                    FlaggerStatus.valid_until.is_(None),
                    sa.and_(FlaggerStatus.valid_until >= now.date(), FlaggerStatus.valid_until > ended_on),
                ),
            )
            .values(ended_on=ended_on)
            .returning(FlaggerStatus.valid_until)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if ended is None:
            raise _why_not_ended(writer, sender_id, award_id, at=now)
        fields: dict[str, int | str | None] = {
            "status": award_id,
            "valid_until": _written(ended.valid_until),
            "ended_on": ended_on.isoformat(),
        }
        ledger.record(writer, "sender.flagger_ended", sender_id, actor=actor, at=now, fields=fields)


def _known(found: Found | None) -> Found:
    if found is None:
        raise NotFound("There is no such sender.")
    return found


def _check_changed(before: object, after: object) -> None:
    if before == after:
        raise InvalidInput("Nothing is changed yet: this is what is stored.")


def _update(writer: Session, sender_id: str, *, version: int, values: Mapping[str, Any]) -> None:
    """Write these columns if the sender is still at that version."""
    changed = writer.execute(
        sa.update(Sender)
        .where(Sender.id == sender_id, Sender.version == version)
        .values(**values, version=Sender.version + 1)
        .returning(Sender.id)
        .execution_options(synchronize_session=False)
    )
    if changed.one_or_none() is None:
        _known(writer.scalar(sa.select(Sender.id).where(Sender.id == sender_id)))
        raise StaleVersion("Somebody changed this sender since the form was opened; nothing was stored.")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What changes, as it was and as it is."""
    names = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def _why_not_ended(writer: Session, sender_id: str, award_id: int, *, at: datetime) -> Exception:
    row = writer.execute(
        sa.select(FlaggerStatus.ended_on, FlaggerStatus.valid_until).where(
            FlaggerStatus.id == award_id, FlaggerStatus.sender_id == sender_id
        )
    ).one_or_none()
    if row is None:
        return NotFound("There is no such award.")
    if row.ended_on is not None or (row.valid_until is not None and row.valid_until < at.date()):
        return AlreadyClosed("This award has ended already.")
    detail = "Give a day within the award, before the end that it has by itself."
    return InvalidInput(detail, errors=[FieldError("ended_on", "day_outside", detail)])


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
