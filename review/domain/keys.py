"""What does an API key look like? A known beginning for scanners, 256 random bits, and a check."""

import hashlib
import secrets
import zlib
from datetime import datetime
from typing import Literal

BEGINNING = "rr_"
SHOWN = 10
"""How many characters of a key are kept and shown, to tell keys apart."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = 6


def new_key() -> str:
    """A fresh key: ``rr_``, 256 random bits in base64url (43 characters), a CRC-32 in six base-62 digits.

    The beginning and the check let a scanner of leaked secrets recognise a key without asking us.
    """
    random = secrets.token_urlsafe(32)
    return BEGINNING + random + _check_of(random)


def is_whole(text: str) -> bool:
    """Whether a text has the form of a key and its check fits: no character was lost or exchanged."""
    random, check = text[len(BEGINNING) : -_CHECK], text[-_CHECK:]
    return text.isascii() and text.startswith(BEGINNING) and _check_of(random) == check


def digest_of(secret: str) -> str:
    """SHA-256 in hex: all that is stored of keys, sign-ins and one-time links."""
    return hashlib.sha256(secret.encode()).hexdigest()


def state_of(
    *, expires_at: datetime | None, revoked_at: datetime | None, at: datetime
) -> Literal["in_use", "expired", "revoked"]:
    """Whether a stored key works at that moment; one that was revoked stays so after its end."""
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and expires_at <= at else "in_use"


def _check_of(random: str) -> str:
    number = zlib.crc32(random.encode())
    digits = ""
    for _place in range(_CHECK):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits
