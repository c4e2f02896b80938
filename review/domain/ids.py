"""How is a thing named outside? A letter and 60 random bits, readable over the telephone."""

import re
import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_LOOKALIKES = str.maketrans("ILO", "110")
_GROUPS = re.compile(r"([0-9A-Z])-?([0-9A-HJKMNP-TV-Z]{4})-?([0-9A-HJKMNP-TV-Z]{4})-?([0-9A-HJKMNP-TV-Z]{4})")


def new_id(prefix: str) -> str:
    """A fresh id such as ``R-7K3M-9QXD-2FWT``: the prefix and 60 random bits in Crockford base 32."""
    return _written(prefix, secrets.randbits(60))


def id_from(prefix: str, digest: bytes) -> str:
    """The id that a digest of 8 bytes or more stands for: the same digest, the same id."""
    return _written(prefix, int.from_bytes(digest[:8], "big") >> 4)


def _written(prefix: str, bits: int) -> str:
    pairs = [_PAIRS[bits >> shift & 1023] for shift in (50, 40, 30, 20, 10, 0)]
    return f"{prefix}-{pairs[0]}{pairs[1]}-{pairs[2]}{pairs[3]}-{pairs[4]}{pairs[5]}"


def is_id(value: object) -> bool:
    """Whether this is an id exactly as we write them, whatever it names."""
    return isinstance(value, str) and value != "" and read_id(value, value[0]) == value


def read_id(text: str, prefix: str) -> str | None:
    """The id as we write it, or ``None`` when the text is not an id with this prefix.

    Lower case, missing hyphens and the confusions of Crockford's alphabet (I and L for 1, O for 0) are
    forgiven.
    """
    stripped = text.strip()
    if not stripped.isascii():
        return None
    match = _GROUPS.fullmatch(stripped.upper().translate(_LOOKALIKES))
    if match is None or match[1] != prefix.translate(_LOOKALIKES):
        return None
    return f"{prefix}-{match[2]}-{match[3]}-{match[4]}"
