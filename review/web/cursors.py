"""Cursors of the caller's own lists: sealed under a key of this desk, bound to the caller's sender."""

import hmac

from flask import current_app

from review.domain import cursors
from review.web import guard

_LABEL = b"referral-review/cursor/v1"


def read_own(text: str) -> cursors.Cursor:
    """Read a cursor that this sender was given; raises `InvalidInput` that names the parameter."""
    return cursors.read_cursor(text, key=_key(), sender_id=guard.actor().sender_id or "")


def write_own(cursor: cursors.Cursor) -> str:
    """Seal a cursor for this sender."""
    return cursors.write_cursor(cursor, key=_key(), sender_id=guard.actor().sender_id or "")


def _key() -> bytes:
    return hmac.digest(current_app.config["SECRET_KEY"].encode(), _LABEL, "sha256")
