"""Builders of e-mails that wait, and of what a lead states of them."""

import itertools
from datetime import timedelta
from typing import Any

from flask import current_app

from review import clock
from review.actions.emailed import Confirmed, confirm_email, receive_email
from review.domain.emailed import IdentityCheck, Statement, read_statement
from review.domain.permissions import OPERATOR, Actor
from review.domain.referrals import Intake

_numbers = itertools.count(1)
CALLED = IdentityCheck("telephone", "Called the duty desk, the officer on duty had sent it.")


def message(*urls: str, subject: str = "Propaganda video", number: int | None = None) -> bytes:
    """A plain e-mail that names these addresses, unlike every other."""
    number = next(_numbers) if number is None else number
    named = "\r\n".join(urls or ("https://video.example/watch/1",))
    return (
        f"Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=unit.example\r\n"
        f"From: Duty desk <duty@unit.example>\r\nSubject: {subject}\r\n"
        f"Date: Thu, 1 Jan 2026 10:00:00 +0100\r\nMessage-ID: <{number}@unit.example>\r\n\r\n"
        f"We refer this video of a listed organisation:\r\n{named}\r\n"
    ).encode()


def arrive(content: bytes | None = None) -> str:
    """Store a message; its id."""
    return receive_email(message() if content is None else content, actor=OPERATOR).email_id


def stated(*urls: str, **changes: Any) -> Intake:
    """What a lead states of a message."""
    members: dict[str, Any] = {
        "reference": f"MAIL-{next(_numbers)}", "intake_kind": "referral", "urgency": "normal",
        "reason": "Video of a listed organisation.", "category": "", "issuing_authority": "Police of Ghent",
        "issuing_country": "BE", "contact_name": "", "contact_email": "", "good_faith": False,
        "urls": urls or ("https://video.example/watch/1",),
    }  # fmt: skip
    hosts, arrived_at = current_app.config["REVIEW_HOSTS"], clock.now() - timedelta(hours=1)
    return read_statement(Statement(**(members | changes)), arrived_at=arrived_at, hosts=hosts)


def confirm(
    email_id: str,
    sender_id: str,
    *urls: str,
    actor: Actor,
    identity: IdentityCheck = CALLED,
    **changes: Any,
) -> Confirmed:
    """Confirm a message as a referral of that sender."""
    return confirm_email(
        email_id,
        stated(*urls, **changes),
        sender_id=sender_id,
        identity=identity,
        actor=actor,
        settings=current_app.config["REVIEW_SETTINGS"],
    )
