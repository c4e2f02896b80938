"""Which bytes stand for an event? Envelope, field commitments and leaf entry, fixed for ever.

The leaf reveals nothing and stays; the envelope, its salt, and the key and value of each field are the
opening, which can be erased (design: trail, B.1 and B.8). Keys and salts are 32 random bytes.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hmac import digest
from typing import Any, NoReturn

import orjson

from review.clock import rfc3339
from review.domain.canonical import GREATEST_INTEGER, canonical_json, plain_json
from review.errors import TrailBroken

KEY_BYTES = 32

LEAF_DOMAIN = b"referral-review/leaf/v1\n"
FIELD_DOMAIN = b"referral-review/field/v1\x00"

_EID = re.compile(r"[0-9a-f]{32}")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}")
_WORD = re.compile(r"[!-~]{1,128}")

_MEMBERS = frozenset({"v", "eid", "t", "type", "actor", "obj"})
_OPTIONAL_MEMBERS = frozenset({"prev", "meta", "c"})

_UNNAMED = "a commitment needs an event id and the name of a field"

Enumeration = str | bool | int


@dataclass(frozen=True)
class Actor:
    """Who did it: a kind and a pseudonym; the hash of the session and the id of the request where known."""

    kind: str
    id: str
    session: str | None = None
    request: str | None = None


@dataclass(frozen=True)
class Subject:
    """What it was done to: kind and id, and for a change or a read the object's version, counted from 1."""

    kind: str
    id: str
    version: int | None = None


def new_key() -> bytes:
    """A fresh key for one field, or the salt of one envelope: 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def new_eid() -> str:
    """A fresh event id: 128 random bits in 32 lower-case hex digits."""
    return secrets.token_hex(16)


def keyed_digest(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes (RFC 2104); ``ValueError`` for a key of another length than 32 bytes.

    HMAC pads short keys with zeros, so keys of varying length would not bind to one value.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("keys and salts of the trail have exactly 32 bytes")
    return digest(key, message, "sha256")


def commit_field(eid: str, name: str, value: bytes, *, key: bytes) -> str:
    """Commitment of one field in 64 lower-case hex digits: HMAC-SHA-256 over context, name, 0x00, value.

    The context is ``referral-review/field/v1``, 0x00, the 16 bytes of the event id, 0x00. Raises
    ``ValueError`` for a malformed id or name or a key of another length than 32 bytes.
    """
    return _committed(_context(eid), name, value, key)


def _context(eid: str) -> bytes:
    """What the commitments of one event have in common."""
    if _EID.fullmatch(eid) is None:
        raise ValueError(_UNNAMED)
    return FIELD_DOMAIN + bytes.fromhex(eid) + b"\x00"


def _committed(context: bytes, name: str, value: bytes, key: bytes) -> str:
    if _WORD.fullmatch(name) is None:
        raise ValueError(_UNNAMED)
    return keyed_digest(key, b"%b%b\x00%b" % (context, name.encode("ascii"), value)).hex()


def commit_fields(
    eid: str, values: Mapping[str, bytes]
) -> tuple[dict[str, str], dict[str, tuple[bytes, bytes]]]:
    """Commitments of all fields of one event under fresh keys, and key and value of each for its opening."""
    keys = secrets.token_bytes(KEY_BYTES * len(values))
    opened = {
        name: (keys[KEY_BYTES * place : KEY_BYTES * (place + 1)], value)
        for place, (name, value) in enumerate(values.items())
    }
    context = _context(eid)
    committed = {name: _committed(context, name, value, key) for name, (key, value) in opened.items()}
    return committed, opened


def value_bytes(value: str | bytes | bool | int | list[Any] | dict[str, Any]) -> bytes:
    """The bytes committed to for a value: text as UTF-8, bytes as they are, the rest as JCS (RFC 8785).

    Raises ``ValueError`` for what JCS cannot write and for ``None``: an absent value has no commitment.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool | int | list | dict):
        return canonical_json(value)
    raise ValueError(f"a {type(value).__name__} cannot be committed to; leave an absent value out")


def build_envelope(
    event_type: str,
    *,
    eid: str,
    occurred_at: datetime,
    actor: Actor,
    subject: Subject,
    previous: str | None = None,
    meta: Mapping[str, Enumeration] | None = None,
    commitments: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The envelope of one event, version 1; ``ValueError`` names the member that breaks a rule.

    ``previous`` is the id of the event before on the same object, absent on its first event and on reads;
    ``meta`` holds enumerations only, never free text; ``commitments`` map field names to ``commit_field``.
    Members without content are left out.
    """
    if occurred_at.tzinfo is None:
        raise ValueError("t needs an aware time")
    envelope: dict[str, Any] = {
        "v": 1,
        "eid": eid,
        "t": rfc3339(occurred_at),
        "type": event_type,
        "actor": _present(kind=actor.kind, id=actor.id, session=actor.session, request=actor.request),
        "obj": _present(kind=subject.kind, id=subject.id, version=subject.version),
    }
    envelope |= _present(prev=previous, meta=dict(meta or {}) or None, c=dict(commitments or {}) or None)
    _check_members(envelope)
    return envelope


def envelope_bytes(envelope: dict[str, Any]) -> bytes:
    """The canonical bytes of an envelope (RFC 8785).

    Raises ``ValueError`` for anything but objects with ASCII keys, strings, booleans and integers from
    -(2^53-1) to 2^53-1.
    """
    _check_plain(envelope)
    return plain_json(envelope)


def write_envelope(envelope: dict[str, Any]) -> bytes:
    """The same bytes for an envelope that `build_envelope` made, whose members it has checked."""
    return plain_json(envelope)


def parse_envelope(envelope: bytes) -> dict[str, Any]:
    """Read an envelope back; ``TrailBroken`` unless these are the canonical bytes of a well-formed one."""
    try:
        members = json.loads(envelope.decode(), parse_float=_refuse_number, parse_constant=_refuse_number)
        if not isinstance(members, dict) or envelope_bytes(members) != envelope:
            raise ValueError("it is not canonical JSON")
        _check_members(members)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else _reason(error)
        raise TrailBroken(f"The envelope of an event is malformed: {reason}.") from None
    return members


@lru_cache(maxsize=4096)
def read_meta(text: str) -> Mapping[str, Enumeration] | None:
    """The enumerations in this text, which is to be the canonical ``meta`` of an envelope; None if it is not.

    Kept, because few different ones stand on a trail; nobody may change what is given here.
    """
    try:
        meta: dict[str, Enumeration] = orjson.loads(text)
        _check_meta({"meta": meta})
        return meta if plain_json(meta) == text.encode() else None
    except ValueError:
        return None


def leaf_entry(envelope: bytes, *, salt: bytes) -> bytes:
    """The entry that the log holds for this event: domain line, LF, 64 hex digits, no LF at its end.

    The digits are the HMAC-SHA-256 of the envelope's bytes under its salt of 32 bytes.
    """
    return LEAF_DOMAIN + keyed_digest(salt, envelope).hex().encode("ascii")


def _present(**members: object) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}


def _check_plain(value: object) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise ValueError("it has a member whose name is not ASCII")
            _check_plain(member)
    elif isinstance(value, int):
        if abs(value) > GREATEST_INTEGER:
            raise ValueError("it has an integer beyond 2^53-1")
    elif not isinstance(value, str):
        raise ValueError(f"it has a value of type {type(value).__name__}")


def _check_members(envelope: Mapping[str, Any]) -> None:
    """Refuse members that are missing, unknown or not of their form."""
    _check_names(envelope, _MEMBERS, _OPTIONAL_MEMBERS, "")
    if type(envelope["v"]) is not int or envelope["v"] != 1:
        raise ValueError("v is not 1")
    _check_text(envelope["eid"], _EID, "eid")
    _check_time(envelope["t"])
    _check_text(envelope["type"], _EVENT_TYPE, "type")
    _check_names(envelope["actor"], {"kind", "id"}, {"session", "request"}, "actor")
    _check_names(envelope["obj"], {"kind", "id"}, {"version"}, "obj")
    for owner in ("actor", "obj"):
        _check_text(envelope[owner]["kind"], _KIND, f"{owner}.kind")
    for name in ("id", "session", "request"):
        _check_text(envelope["actor"].get(name, "absent"), _WORD, f"actor.{name}")
    _check_text(envelope["obj"]["id"], _WORD, "obj.id")
    _check_version(envelope)
    _check_meta(envelope)
    _check_commitments(envelope)


def _check_version(envelope: Mapping[str, Any]) -> None:
    version = envelope["obj"].get("version", 1)
    if type(version) is not int or version < 1:
        raise ValueError("obj.version is not a count from 1")
    if "prev" in envelope:
        _check_text(envelope["prev"], _EID, "prev")
        if envelope["obj"].get("version", 1) < 2:
            raise ValueError("prev stands without a version of at least 2")


def _check_meta(envelope: Mapping[str, Any]) -> None:
    if "meta" not in envelope:
        return
    for name, value in _filled(envelope["meta"], "meta").items():
        _check_text(name, _WORD, "meta")
        if isinstance(value, str):
            _check_text(value, _WORD, f"meta.{name}")
        elif not isinstance(value, int) or abs(value) > GREATEST_INTEGER:
            raise ValueError(f"meta.{name} is not an enumeration")


def _check_commitments(envelope: Mapping[str, Any]) -> None:
    if "c" not in envelope:
        return
    for name, commitment in _filled(envelope["c"], "c").items():
        _check_text(name, _WORD, "c")
        _check_text(commitment, _COMMITMENT, f"c.{name}")


def _check_names(
    value: object, wanted: frozenset[str] | set[str], allowed: frozenset[str] | set[str], place: str
) -> None:
    if not isinstance(value, Mapping) or not wanted <= value.keys() <= wanted | allowed:
        raise ValueError(f"{place or 'it'} has not the members it should have")


def _filled(value: object, place: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{place} is empty or no object")
    return value


def _check_text(value: object, form: re.Pattern[str], place: str) -> None:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise ValueError(f"{place} is malformed")


def _check_time(value: object) -> None:
    _check_text(value, _TIME, "t")
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("t is no time") from None


def _refuse_number(_digits: str) -> NoReturn:
    raise ValueError("it has a number that is no integer")


def _reason(error: Exception) -> str:
    """Our own reason; the parser's messages would repeat what they could not read."""
    return "it is not UTF-8 JSON" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
