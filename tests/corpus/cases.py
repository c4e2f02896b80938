"""What is a case? A request as bytes, and what http.md says must come of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

ADDRESS = "/api/v1/referrals"
CANARY = "CANARY"
"""Stands in every value that is sent; no refusal may repeat it."""
PUBLIC_HOSTS = (".example.org", "example.com", "foo", "192.168.0.1", "[2001::1]")
"""Hosts of the public URL cases that are ours here, so that some of these cases are stored."""
HOSTS = ",".join(("video.example", ".social.example", "bücher.example", *PUBLIC_HOSTS))
URL = "https://video.example/watch"
JSON = ("Content-Type", "application/json")


@dataclass(frozen=True)
class Stored:
    """What a stored referral holds: good items as (sent, canonical), refused ones as (index, sent, code).

    ``columns`` of the referral and ``parts`` of its first item, by name, exactly as they must stand there.
    """

    items: tuple[tuple[str, str], ...]
    refused: tuple[tuple[int, str, str], ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One request and its answer.

    ``code``: of the entry at ``pointer`` where there is one, of the problem's ``type`` otherwise.
    ``stored``: None when nothing may be stored. ``before``: cases that are sent first; ``later``: how far the
    clock moves before this one. ``repeats``: which of ``before`` is answered again, byte for byte.
    ``line``: whether the body is one line, so that a batch can carry it.
    """

    category: str
    name: str
    body: bytes
    status: int
    code: str = ""
    pointer: str | None = None
    stored: Stored | None = None
    method: str = "POST"
    path: str = ADDRESS
    headers: tuple[tuple[str, str], ...] = (JSON,)
    key: str = "first"
    before: tuple["Case", ...] = ()
    later: timedelta = timedelta(0)
    repeats: int | None = None
    replayed: bool = False

    @property
    def line(self) -> bool:
        """Whether a batch can carry this body as one of its lines."""
        plain = self.method == "POST" and self.path == ADDRESS and self.headers == (JSON,)
        blank = not self.body.strip(b" \t\r")
        return plain and not self.before and b"\n" not in self.body and not blank

    def __str__(self) -> str:
        return f"{self.category}: {self.name}"


def members_of(name: str, **members: Any) -> dict[str, Any]:
    """The members of a good referral whose reference is the case's name; absent where given as ``ABSENT``."""
    given = {
        "reference": f"{CANARY} {name}",
        "reason": f"{CANARY} reason",
        "items": [{"url": f"{URL}/{CANARY}", "content_type": "video"}],
    } | members
    return {member: value for member, value in given.items() if value is not ABSENT}


ABSENT: Any = object()


def body_of(name: str, **members: Any) -> bytes:
    """The JSON of that referral, its characters unescaped."""
    return json.dumps(members_of(name, **members), ensure_ascii=False).encode("utf-8")


def escaped_body_of(name: str, **members: Any) -> bytes:
    """The same in ASCII, which can also spell what UTF-8 cannot."""
    return json.dumps(members_of(name, **members)).encode("ascii")


GOOD = Stored(items=((f"{URL}/{CANARY}", f"{URL}/{CANARY}"),))


def good(category: str, name: str, body: bytes | None = None, **expected: Any) -> Case:
    """A body that is stored exactly: the one good item unless ``expected`` says otherwise."""
    stored = replace(GOOD, **expected)
    return Case(category, name, body_of(f"{category} {name}") if body is None else body, 201, stored=stored)


def not_json(category: str, name: str, body: bytes) -> Case:
    """Bytes that are no strict JSON: 400, nothing stored."""
    return Case(category, name, body, 400, "not_strict_json")


def broken(category: str, name: str, code: str, pointer: str, body: bytes) -> Case:
    """A well-formed body that breaks a rule: 422 with code and pointer, nothing stored but the event."""
    return Case(category, name, body, 422, code, pointer)


def named(category: str, cases: Sequence[Case]) -> tuple[Case, ...]:
    """All cases of a category; two with one name would be one promise."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    assert {case.category for case in cases} == {category}
    return tuple(cases)
