"""Sends messages: takes leases, sends in threads without the database, records what came of it."""

import base64
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

import structlog
from flask import Flask

from review import clock, db, metrics
from review.actions.deliveries import Leased, lease_deliveries, record_attempt
from review.actions.endpoints import PURPOSE
from review.config import Settings
from review.domain.notices import letter, link_token
from review.domain.permissions import SERVICE
from review.domain.sealing import open_sealed
from review.domain.webhooks import EndpointKind, Failure, signed_headers
from review.errors import ClaimLost
from review.mail import send as send_mail
from review.queries.checkpoints import newest_checkpoint
from review.webhooks import Outcome, send

MOST_UNDER_WAY = 32
LOOK_SECONDS = 0.2
"""How long one turn waits for a try to end before it looks for more that is due."""
CHECKPOINT = "webhook-checkpoint"
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))

log = structlog.get_logger()


@dataclass
class _Post:
    """What one process has under way, and the threads that do it."""

    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MOST_UNDER_WAY, thread_name_prefix="post")
    )
    under_way: dict["Future[tuple[Outcome, datetime]]", Leased] = field(default_factory=dict)


_posts: dict[int, _Post] = {}


def run_once(app: Flask) -> bool:
    """Record what ended, take up what is due and wait a moment; whether something is under way."""
    post = _posts.setdefault(id(app), _Post())
    _record(post)
    room = MOST_UNDER_WAY - len(post.under_way)
    if room > 0:
        busy = Counter(leased.endpoint_id for leased in post.under_way.values())
        leased = lease_deliveries(room=room, under_way=busy, actor=SERVICE)
        checkpoint = _checkpoint() if leased else None
        for one in leased:
            settings: Settings = app.config["REVIEW_SETTINGS"]
            future = post.threads.submit(_try, one, settings=settings, checkpoint=checkpoint)
            post.under_way[future] = one
    db.session().rollback()  # nothing is held while others work
    wait(post.under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
    return bool(post.under_way)


def finish(app: Flask) -> None:
    """Wait for the tries under way, which their time limit ends, and record them."""
    post = _posts.pop(id(app), None)
    if post is None:
        return
    wait(post.under_way)
    _record(post)
    post.threads.shutdown()


def _record(post: _Post) -> None:
    for future in [one for one in post.under_way if one.done()]:
        leased = post.under_way.pop(future)
        try:
            outcome, began_at = future.result()
        except Exception:  # an error of the program: the lease ends and the message is tried again
            log.exception("delivery_failed", delivery=leased.id)
            continue
        metrics.current.delivery_attempts.labels(outcome.failure or "arrived").inc()
        try:
            record_attempt(leased, outcome, began_at=began_at, actor=SERVICE)
        except ClaimLost:
            log.info("delivery_taken_over", delivery=leased.id)


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
    return send(url, leased.body, headers=headers, networks=networks), now


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
    """The newest checkpoint as one line: the signed note in base64."""
    newest = newest_checkpoint(db.session())
    return None if newest is None else base64.b64encode(newest.note.encode()).decode()
