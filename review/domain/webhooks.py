"""How does a message to a sender or the platform look and travel? Topics, bytes, signatures, tries.

Signatures follow Standard Webhooks: HMAC-SHA-256 over id, timestamp and body, one for each valid secret.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from review.clock import rfc3339
from review.domain.representation import json_bytes

TOPICS: Final = ("referral.received", "item.question", "item.decided", "item.reversed", "item.implemented")
"""What a sender may choose to be told of."""
NOT_YET: Final = ("item.reversed",)
"""Topics of steps that the desk does not make yet: a program may name them, no page offers them."""
REQUESTED: Final = "restriction.requested"
"""What the platform is told: a decision that it has to carry out."""
PLATFORM_ENDPOINT: Final = "J-0000-0000-0000"
"""The one endpoint of our own platform; where it is and what signs for it, the settings say."""
TEST: Final = "endpoint.test"
"""The topic of a message that a person asks for to try an endpoint; it is tried once."""
WAITS_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long to wait after each failed try: ten tries in a little over three days."""
MOST_TRIES: Final = len(WAITS_SECONDS) + 1
JITTER: Final = 0.1
"""A wait is up to so much shorter or longer, so that what failed together does not return together."""
OVERLAP: Final = timedelta(hours=24)
"""How long the previous secret goes on signing beside a new one."""
_BEGINNING: Final = "whsec_"
_SECRET_BYTES: Final = 32


class EndpointKind(StrEnum):
    """What is told: a program of a sender, an e-mail address of one, or our own platform."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    PLATFORM = "platform"


class DeliveryState(StrEnum):
    """Where a message is: on its way, arrived, or a dead letter that a person may send again."""

    WAITING = "waiting"
    ARRIVED = "arrived"
    DEAD = "dead"


class Failure(StrEnum):
    """Why a try did not succeed."""

    ADDRESS_REFUSED = "address_refused"
    NAME_NOT_FOUND = "name_not_found"
    NOT_CONNECTED = "not_connected"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    REDIRECT = "redirect"
    GONE = "gone"
    STATUS = "status"
    NOT_SET = "not_set"
    MAIL_REFUSED = "mail_refused"


class Stopped(StrEnum):
    """Why a message became a dead letter."""

    TRIED_OUT = "tried_out"
    GONE = "gone"
    SWITCHED_OFF = "switched_off"
    REMOVED = "removed"


def new_secret() -> bytes:
    """A fresh secret of 256 bits."""
    return secrets.token_bytes(_SECRET_BYTES)


def written_secret(secret: bytes) -> str:
    """A secret as receivers keep it: ``whsec_`` and base64."""
    return _BEGINNING + b64encode(secret).decode()


def message_bytes(topic: str, *, seq: int, data: Mapping[str, Any], at: datetime) -> bytes:
    """The body of a message; ``seq`` counts the messages of one endpoint from 1 without a gap."""
    return json_bytes({"type": topic, "timestamp": rfc3339(at), "seq": seq, "data": data})


def signed_headers(
    message_id: str, body: bytes, *, signing_secrets: Sequence[bytes], at: datetime
) -> dict[str, str]:
    """The three headers of Standard Webhooks for a try at this moment."""
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [
        f"v1,{b64encode(hmac.digest(secret, content, 'sha256')).decode()}" for secret in signing_secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def next_try(failed_tries: int, *, topic: str, lot: float, now: datetime) -> datetime | None:
    """When to try again after so many failed tries; None when it is over. ``lot``: drawn from 0 to 1."""
    if topic == TEST or failed_tries >= MOST_TRIES:
        return None
    wait = WAITS_SECONDS[failed_tries - 1]
    return now + timedelta(seconds=wait * (1 + JITTER * (2 * lot - 1)))
