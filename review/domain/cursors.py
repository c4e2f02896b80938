"""Where does the next page start? Opaque cursors over (change position, id)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from review.errors import FieldError, InvalidInput

_ENCODED = re.compile(r"[A-Za-z0-9_-]{4,120}")
_PLAIN = re.compile(r"([0-9]{1,19}) ([A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})")
_GREATEST_POSITION = 2**63 - 1


class Cursor(NamedTuple):
    """The last entry of a page."""

    position: int
    id: str


def write_cursor(cursor: Cursor) -> str:
    """The cursor as it travels in an address: base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(f"{cursor.position} {cursor.id}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Read one of our own cursors back; raises `InvalidInput` that names the parameter."""
    if _ENCODED.fullmatch(text) is not None:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""
        match = _PLAIN.fullmatch(plain.decode("latin-1"))
        if match is not None and int(match[1]) <= _GREATEST_POSITION:
            cursor = Cursor(int(match[1]), match[2])
            if write_cursor(cursor) == text:
                return cursor
    detail = "cursor is not one that this list gave out; take next from the answer before, or start anew."
    raise InvalidInput(detail, errors=[FieldError("", "cursor_not_valid", detail)])
