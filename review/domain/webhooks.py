"""How does a message to a sender or the platform look and travel? Topics, bytes, signatures, tries.

Signatures follow Standard Webhooks: HMAC-SHA-256 over id, timestamp and body, one for each valid secret.
"""

import hmac
import json
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Final

from review.clock import rfc3339
from review.domain.representation import json_bytes
from review.errors import InvalidInput

TOPICS: Final = ("referral.received", "item.question", "item.decided", "item.reversed", "item.implemented")
"""What a sender may choose to be told of."""
REQUESTED: Final = "restriction.requested"
"""What the platform is told: a decision that it has to carry out."""
LIFTED: Final = "restriction.lifted"
"""What it is told too: the decision was reversed, and what it carried out for it ends."""
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
HEAD_START: Final = timedelta(days=3_653)
"""So much earlier is due what a person asked for by hand: the longest due goes first, so no backlog does."""
TOLERANCE_SECONDS: Final = 300
"""How far the time of signing may be from a receiver's clock."""
_BEGINNING: Final = "whsec_"
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
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
    signatures = [_signature(secret, content) for secret in signing_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def read_message(
    headers: Mapping[str, str],
    body: bytes,
    *,
    known_secrets: Sequence[str],
    now: datetime,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> dict[str, Any]:
    """What a message says, if one of these secrets (``whsec_...``) signed it within so many seconds of now.

    For receivers. ``headers`` by name in any case, ``body`` as it came. Raises `InvalidInput` that says which
    header is missing, malformed, too far off or wrong; then nothing in the body is to be believed.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not message_id or _SECONDS.fullmatch(timestamp) is None:
        raise InvalidInput("The message lacks webhook-id or webhook-timestamp: it is not from the desk.")
    if abs(now.timestamp() - int(timestamp)) > tolerance_seconds:
        raise InvalidInput(
            f"The message was not signed within {tolerance_seconds} seconds of now; refuse it."
        )
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    right = [_signature(_read_secret(secret), signed) for secret in known_secrets]
    if not any(
        compare_digest(one.encode("utf-8", "surrogateescape"), signature.encode())
        for one in given.get("webhook-signature", "").split(" ")
        for signature in right
    ):
        raise InvalidInput("The signature of the message fits none of the secrets; refuse it.")
    return _members(body)


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise InvalidInput("The message is signed but is no JSON object; tell the desk.")
    return members


def _signature(secret: bytes, content: bytes) -> str:
    return f"v1,{b64encode(hmac.digest(secret, content, 'sha256')).decode()}"


def _read_secret(written: str) -> bytes:
    try:
        return b64decode(written.removeprefix(_BEGINNING), validate=True)
    except ValueError:
        raise InvalidInput("A secret is whsec_ and base64; copy it again from where it was shown.") from None


def next_try(failed_tries: int, *, topic: str, lot: float, now: datetime) -> datetime | None:
    """When to try again after so many failed tries; None when it is over. ``lot``: drawn from 0 to 1."""
    if topic == TEST or failed_tries >= MOST_TRIES:
        return None
    wait = WAITS_SECONDS[failed_tries - 1]
    return now + timedelta(seconds=wait * (1 + JITTER * (2 * lot - 1)))
