"""Is a stored event beyond doubt what was recorded? Decided at once for the spelling that the ledger writes.

Whatever is spelt otherwise is left to `problem_of`, which has the reasons: no answer here says nothing. The
text of the envelope is held against one pattern, its commitments against the text that they must have.
"""

import re
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from review.domain.commitments import FIELD_DOMAIN, KEY_BYTES, LEAF_DOMAIN, Enumeration, read_meta

_WORD = r"[!#-\[\]-~]{1,128}"
_KIND = r"[a-z][a-z0-9_]{0,63}"
_ENVELOPE = re.compile(
    rf'\{{"actor":\{{"id":"({_WORD})","kind":"({_KIND})"(?:,"request":"{_WORD}")?(?:,"session":"{_WORD}")?\}}'
    r'(?:,"c":\{([^}]+)\})?,"eid":"([0-9a-f]{32})"(?:,"meta":(\{[^}]+\}))?'
    rf',"obj":\{{"id":"({_WORD})","kind":"({_KIND})"(?:,"version":([1-9][0-9]{{0,14}}))?\}}'
    r'(?:,"prev":"([0-9a-f]{32})")?'
    r',"t":"(\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z)"'
    rf',"type":"({_KIND}\.{_KIND})","v":1\}}',
    re.ASCII,
)
_FIELD_NAME = re.compile(r"[!#$&-\[\]-z|~]{1,128}")
# HMAC-SHA-256 (RFC 2104) as its two hashes, for keys of exactly 32 bytes: half the time of `hmac.digest`
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_INNER_REST = b"\x36" * 32
_OUTER_REST = b"\x5c" * 32
_LEAF_START = b"\x00" + LEAF_DOMAIN
_FIELD_START = _INNER_REST + FIELD_DOMAIN
_KEY_LENGTH = 44
"""Characters of a key of 32 bytes in base64."""
_ONE_PAD = frozenset(f"{last}=" for last in "AEIMQUYcgkosw048")
_TWO_PADS = frozenset(f"{last}==" for last in "AQgw")
"""How base64 ends whose left-over bits are zero."""
_KEPT = 4096


class PlainEvent(NamedTuple):
    """An event that is what was recorded; ``at`` as the envelope writes it, ``values`` by name of field."""

    position: int | None
    eid: str
    event_type: str
    object_kind: str
    object_id: str
    version: int | None
    previous: str | None
    at: str
    actor_kind: str
    actor_id: str
    meta: Mapping[str, Enumeration]
    values: Mapping[str, bytes]

    @property
    def stored_at(self) -> str:
        """Its time in the form of SQLite, ``2026-11-23 10:00:00.123456``."""
        return f"{self.at[:10]} {self.at[11:-1]}"


def plain_event(row: tuple[Any, ...]) -> PlainEvent | None:
    """The event in a row of position, eid of the leaf, leaf hash, and the nine columns of its opening.

    These are envelope, salt, type, kind and id of the object, its version, eid, fields as text, and the time
    as RFC 3339 writes it or as SQLite keeps it. None where anything is not exactly as the ledger writes it.
    """
    position, _eid, leaf, envelope, salt, event_type, kind, object_id, version, eid, fields, at = row
    try:
        shape = _ENVELOPE.fullmatch(envelope.decode("ascii"))
        if shape is None or len(salt) != KEY_BYTES:
            return None
        inner = sha256(salt.translate(_INNER) + _INNER_REST + envelope).digest()
        hidden = sha256(salt.translate(_OUTER) + _OUTER_REST + inner).hexdigest()
        (
            actor_id, actor_kind, committed, told_eid, meta_text, told_id, told_kind, told_version, previous,
            told_at, told_type,
        ) = shape.groups()  # fmt: skip
        if (
            sha256(_LEAF_START + hidden.encode()).digest() != leaf
            or (told_eid, told_type, told_kind, told_id) != (eid, event_type, kind, object_id)
            or told_at != (at if at[-1] == "Z" else at.replace(" ", "T", 1) + "Z")
            or not (
                told_version is None
                if version is None
                else type(version) is int and str(version) == told_version
            )
            or (previous is not None and (version is None or version < 2))
            or not _is_day(told_at[:10])
        ):
            return None
        meta = _NOTHING if meta_text is None else read_meta(meta_text)
        values = _values(fields, eid, committed)
    except (ValueError, AttributeError, TypeError, IndexError):
        return None
    if meta is None or values is None:
        return None
    return PlainEvent(
        position, eid, event_type, kind, object_id, version, previous, told_at, actor_kind, actor_id, meta,
        values,
    )  # fmt: skip


_NOTHING: Mapping[str, Any] = {}


def _values(fields: str, eid: str, committed: str | None) -> Mapping[str, bytes] | None:
    """The values in an opening whose commitments are written as in ``committed``; None where they are not."""
    if committed is None:
        return _NOTHING if fields == "{}" else None
    pieces = fields.split('"')
    names, keys, texts = pieces[1::6], pieces[3::6], pieces[5::6]
    frame = _frame(tuple(names))
    if frame is None or pieces[::2] != frame.between:
        return None
    start = _FIELD_START + bytes.fromhex(eid) + b"\x00"
    commitments, values = [], {}
    for place, ending in frame.in_order:
        key, text = keys[place], texts[place]
        if len(key) != _KEY_LENGTH or key[-2:] not in _ONE_PAD:
            return None
        if text[-1:] == "=" and text[-2:] not in _ONE_PAD and text[-3:] not in _TWO_PADS:
            return None
        secret = a2b_base64(key, strict_mode=True)
        value = values[names[place]] = a2b_base64(text, strict_mode=True)
        inner = sha256(secret.translate(_INNER) + start + ending + value).digest()
        commitments.append(sha256(secret.translate(_OUTER) + _OUTER_REST + inner).hexdigest())
    return values if frame.written % tuple(commitments) == committed else None


class _Frame(NamedTuple):
    """What stands around the fields of these names, and how their commitments are written, by name."""

    between: list[str]
    in_order: tuple[tuple[int, bytes], ...]
    written: str


@lru_cache(maxsize=_KEPT)
def _frame(names: tuple[str, ...]) -> _Frame | None:
    if not names or len(set(names)) < len(names) or not all(map(_FIELD_NAME.fullmatch, names)):
        return None
    count = len(names)
    by_name = sorted((name, place) for place, name in enumerate(names))
    return _Frame(
        between=["{", *[": [", ", ", "], "] * (count - 1), ": [", ", ", "]}"],
        in_order=tuple((place, name.encode() + b"\x00") for name, place in by_name),
        written=",".join(f'"{name}":"%s"' for name, _place in by_name),
    )


@lru_cache(maxsize=_KEPT)
def _is_day(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True
