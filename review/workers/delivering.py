"""Sends messages: takes leases, sends in threads without the database, records what came of it."""

import base64
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from ipaddress import ip_network

import structlog
from flask import Flask

from review import clock, db, metrics
from review.actions.endpoints import PURPOSE
from review.actions.posting import Leased, Tried, lease_deliveries, record_attempts, return_leases
from review.config import Settings
from review.domain.notices import letter, link_token
from review.domain.permissions import SERVICE
from review.domain.sealing import open_sealed
from review.domain.webhooks import EndpointKind, Failure, signed_headers
from review.errors import NotFound, TrailBroken
from review.lines import Kept
from review.mail import send as send_mail
from review.queries.witnesses import published_checkpoint
from review.webhooks import Outcome, send
from review.workers.tries import Tries

CHECKPOINT = "webhook-checkpoint"
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))

log = structlog.get_logger()
_tries: dict[int, Tries] = {}
_lines = Kept()
"""Of this process, to the receivers that were told a moment ago."""


def run_once(app: Flask) -> bool:
    """Record what ended, take what is due and send for one turn; whether something is under way."""
    tries = _tries.setdefault(id(app), Tries())
    _record(tries)
    _lines.end_old()
    room = tries.room()
    if room > 0:
        leased = lease_deliveries(room=room, under_way=tries.taken(), most=tries.most, actor=SERVICE)
        checkpoint = _checkpoint() if leased else None
        settings: Settings = app.config["REVIEW_SETTINGS"]
        tries.take(leased, partial(_try, settings=settings, checkpoint=checkpoint))
    db.session().rollback()  # nothing is held while others work
    tries.turn()
    return bool(tries)


def finish(app: Flask) -> None:
    """Wait for the tries under way, which their time limit ends, and record them; the rest is due at once."""
    tries = _tries.pop(id(app), None)
    if tries is None:
        return
    left = tries.wait_for_all()
    _lines.end_old(all_of_them=True)
    _record(tries)
    return_leases(left, actor=SERVICE)


def _record(tries: Tries) -> None:
    """Write down all that ended in one transaction; where it fails, they are kept for the next turn."""
    ended = tries.ended()
    _write(ended)
    tries.forget(ended)
    left = []
    for one in ended:
        metrics.current.delivery_attempts.labels(one.outcome.failure or "arrived").inc()
        left += tries.learn(one)
    return_leases(left, actor=SERVICE)


def _write(tried: Sequence[Tried]) -> None:
    """Record these tries; a message whose own events are broken keeps no other from being recorded."""
    if not tried:
        return
    try:
        states = record_attempts(tried, actor=SERVICE)
    except (NotFound, TrailBroken):
        if len(tried) == 1:
            log.exception("delivery_not_recorded", delivery=tried[0].leased.id)
            return
        for one in tried:
            _write([one])
        return
    for one in tried:
        if one.leased.id not in states:
            log.info("delivery_taken_over", delivery=one.leased.id)


def _try(leased: Leased, *, settings: Settings, checkpoint: str | None) -> tuple[Outcome, datetime]:
    """One POST, signed for this moment, in a thread that knows no database."""
    now = clock.now()
    if leased.kind == EndpointKind.EMAIL:
        return _mail(leased, settings, now), now
    to_platform = leased.kind == EndpointKind.PLATFORM
    url = settings.platform_url if to_platform else leased.url
    signing = settings.platform_secrets if to_platform else _secrets(leased, settings, now)
    if not url or not signing:
        return Outcome(None, Failure.NOT_SET, 0), now
    headers = signed_headers(leased.id, leased.body, signing_secrets=signing, at=now)
    if checkpoint is not None:
        headers[CHECKPOINT] = checkpoint
    # whoever runs the desk names the platform: it may well stand inside
    networks = EVERYWHERE if to_platform else settings.webhook_networks
    return send(url, leased.body, headers=headers, networks=networks, kept=_lines), now


def _mail(leased: Leased, settings: Settings, now: datetime) -> Outcome:
    """One mail with the link that only its reader learns."""
    if settings.mail is None:
        return Outcome(None, Failure.NOT_SET, 0)
    token = link_token(leased.endpoint_id, leased.url, secret_key=settings.secret_key)
    mail = letter(
        leased.id,
        leased.topic,
        leased.body.decode(),
        sent_from=settings.mail.sent_from,
        address=leased.url,
        link=f"{settings.public_url}/notices/{leased.endpoint_id}/{token}",
        at=now,
    )
    return send_mail(mail, server=settings.mail)


def _secrets(leased: Leased, settings: Settings, now: datetime) -> list[bytes]:
    """The newest secret, and the one before while both count; raises `LookupError` where neither opens."""
    sealed = [leased.sealed_secret]
    if leased.sealed_previous and leased.previous_until is not None and now < leased.previous_until:
        sealed.append(leased.sealed_previous)
    opened = [
        open_sealed(one, secret_key=settings.secret_key, purpose=PURPOSE, belongs_to=leased.endpoint_id)
        for one in sealed
    ]
    if not any(opened):  # sealed under another secret key: nobody is sent what nobody can check
        raise LookupError("no secret of this endpoint opens with REVIEW_SECRET_KEY")
    return [secret for secret in opened if secret is not None]


def _checkpoint() -> str | None:
    """The newest checkpoint with its cosignatures as one line: the signed note in base64."""
    newest = published_checkpoint(db.session())
    return None if newest is None else base64.b64encode(newest.note.encode()).decode()
