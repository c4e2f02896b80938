"""Where does the next page start? Sealed cursors over (change position, id).

The position counts the changes of all senders, so it must not be readable: a cursor is encrypted and
authenticated (ChaCha20-Poly1305, RFC 8439) and opens only for the sender it was given to.
"""

import re
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from review.errors import FieldError, InvalidInput

_NONCE_BYTES = 12
_PLAIN = struct.Struct(">q16s")
_SEALED = re.compile(r"[A-Za-z0-9_-]{70}")


class Cursor(NamedTuple):
    """The last entry of a page; ``id`` has the 16 characters of every id."""

    position: int
    id: str


def write_cursor(cursor: Cursor, *, key: bytes, sender_id: str) -> str:
    """The cursor as it travels in an address: 70 characters of base64url; ``key`` has 32 bytes."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    plain = _PLAIN.pack(cursor.position, cursor.id.encode())
    return _encoded(nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, sender_id.encode()))


def read_cursor(text: str, *, key: bytes, sender_id: str) -> Cursor:
    """Read a cursor that was given to this sender; raises `InvalidInput` that names the parameter."""
    if _SEALED.fullmatch(text) is not None:
        sealed = urlsafe_b64decode(text + "==")
        nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            position, written = _PLAIN.unpack(ChaCha20Poly1305(key).decrypt(nonce, box, sender_id.encode()))
        except InvalidTag:
            pass
        else:
            if _encoded(sealed) == text:
                return Cursor(position, written.decode())
    detail = "cursor is not one that this list gave out; take next from the answer before, or start anew."
    raise InvalidInput(detail, errors=[FieldError("", "cursor_not_valid", detail)])


def _encoded(sealed: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(sealed).decode().rstrip("=")
