"""Time-based one-time codes (RFC 6238): six digits, a new one every 30 seconds, by the server's clock."""

import hmac
import re
from datetime import datetime

import pyotp

STEP_SECONDS = 30
DIGITS = 6
WINDOW = 1
"""A code is good one step before and after its own, for clocks that differ (RFC 6238, section 5.2)."""

_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")
_BLANKS = re.compile(r"[\s-]+")


def new_secret() -> str:
    """A fresh secret of 160 bits in base 32 (RFC 4226, section 4, R6)."""
    return pyotp.random_base32(32)


def step_of(at: datetime) -> int:
    """The number of the step that a moment falls into."""
    return int(at.timestamp()) // STEP_SECONDS


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).generate_otp(step)


def read_code(typed: str) -> str | None:
    """The six digits that were typed or pasted, blanks and hyphens forgiven; None where it is no code."""
    code = _BLANKS.sub("", typed)
    return code if _CODE.fullmatch(code) else None


def matching_step(secret: str, typed: str, *, at: datetime, after: int) -> int | None:
    """The step whose code was typed, in the window around ``at`` and later than the one used last, or None.

    All codes of the window are compared, whichever fits, and each comparison takes the same time.
    """
    code = read_code(typed) or ""
    now = step_of(at)
    fitting = [
        step
        for step in range(now - WINDOW, now + WINDOW + 1)
        if hmac.compare_digest(code_at(secret, step), code) and step > after
    ]
    return fitting[0] if fitting else None


def next_code(secret: str, *, at: datetime, after: int) -> str | None:
    """The first code that would be taken now; None until the next step begins. For the demonstration."""
    now = step_of(at)
    step = max(now, after + 1)
    return code_at(secret, step) if step <= now + WINDOW else None


def provisioning_address(secret: str, *, account: str, issuer: str) -> str:
    """The ``otpauth`` address that an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=account, issuer_name=issuer
    )


def in_groups(text: str, *, size: int = 4) -> str:
    """The same letters in groups, to read and type them more easily."""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))
