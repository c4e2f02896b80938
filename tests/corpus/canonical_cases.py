"""Canonicalisation: which two bodies are the same referral sent again (200), and which are not (409)."""

import json
from typing import Any

from tests.corpus.cases import URL, Case, body_of, escaped_body_of, good, members_of, named

CATEGORY = "canonicalisation"
PIECE = {"name": "a.png", "media_type": "image/png", "content": "AAAA"}


def _first(name: str, body: bytes) -> Case:
    return good(CATEGORY, f"{name}, first", body)


def _same(name: str, body: bytes, other: bytes) -> Case:
    """Two spellings of one referral: the second is answered with the first one's representation."""
    assert body != other
    return Case(CATEGORY, name, other, 200, before=(_first(name, body),), repeats=0)


def _other(name: str, body: bytes, other: bytes) -> Case:
    """Two referrals under one reference: the second is refused and the first one stays."""
    assert body != other
    return Case(CATEGORY, name, other, 409, "reference_conflict", before=(_first(name, body),))


def _same_members(name: str, first: dict[str, Any], second: dict[str, Any]) -> Case:
    return _same(name, body_of(name, **first), body_of(name, **second))


def _other_members(name: str, first: dict[str, Any], second: dict[str, Any]) -> Case:
    return _other(name, body_of(name, **first), body_of(name, **second))


def _items(**members: Any) -> dict[str, Any]:
    return {"items": [members_of("")["items"][0] | members]}


def _reordered(name: str) -> bytes:
    members = members_of(name)
    members["items"] = [dict(reversed(item.items())) for item in members["items"]]
    return json.dumps(dict(reversed(members.items()))).encode()


SAME = [
    _same(
        "members in another order",
        body_of("members in another order"),
        _reordered("members in another order"),
    ),
    _same("white space", body_of("white space"), body_of("white space").replace(b",", b" ,\n\t")),
    _same("escapes", body_of("escapes", reason="é😀"), escaped_body_of("escapes", reason="é😀")),
    _same("solidus escaped", body_of("solidus escaped"), body_of("solidus escaped").replace(b"/", b"\\/")),
    _same(
        "member name escaped",
        body_of("member name escaped"),
        body_of("member name escaped").replace(b'"u', b'"\\u0075'),
    ),
    _same_members("null and absent", {}, {"category": None, "contact": None, "good_faith": None}),
    _same_members("null and absent in an item", {}, _items(language=None, evidence=None)),
    _same_members("default kind", {}, {"intake_kind": "referral"}),
    _same_members("default urgency", {"urgency": None}, {"urgency": "normal"}),
    _same_members("default channel", {}, {"transmitted_via": "api"}),
    _same_members(
        "offset and zulu",
        {"detected_at": "2026-11-21T09:30:00Z"},
        {"detected_at": "2026-11-21T10:30:00+01:00"},
    ),
    _same_members(
        "unknown offset",
        {"detected_at": "2026-11-21T09:30:00Z"},
        {"detected_at": "2026-11-21T09:30:00-00:00"},
    ),
    _same_members(
        "lower case time", {"detected_at": "2026-11-21T09:30:00Z"}, {"detected_at": "2026-11-21t09:30:00z"}
    ),
    _same_members(
        "fraction of noughts",
        {"detected_at": "2026-11-21T09:30:00Z"},
        {"detected_at": "2026-11-21T09:30:00.000Z"},
    ),
    _same_members(
        "fraction with a nought",
        _items(published_at="2026-11-21T09:30:00.1Z"),
        _items(published_at="2026-11-21T09:30:00.100Z"),
    ),
    _same_members("digest in capitals", _items(sha256="ab" * 32), _items(sha256="AB" * 32)),
]

OTHER = [
    _other_members("composed and decomposed", {"reason": "caf\u00e9"}, {"reason": "cafe\u0301"}),
    _other_members("space at the end", {"reason": "text"}, {"reason": "text "}),
    _other_members("letter case", {"issuing_authority": "Ghent"}, {"issuing_authority": "GHENT"}),
    _other_members("homograph", {"reason": "scope"}, {"reason": "s\u0441ope"}),
    _other_members("zero-width space", {"reason": "text"}, {"reason": "te\u200bxt"}),
    _other_members("empty and absent", _items(description=""), _items(description=None)),
    _other_members("empty list and absent", {}, _items(evidence=[])),
    _other_members("false and absent", {}, {"good_faith": False}),
    _other_members("empty contact and absent", {}, {"contact": {}}),
    _other_members(
        "a microsecond",
        {"detected_at": "2026-11-21T09:30:00Z"},
        {"detected_at": "2026-11-21T09:30:00.000001Z"},
    ),
    _other_members("other channel", {}, {"transmitted_via": "email"}),
    _other_members("one item more", {}, {"items": [*members_of("")["items"], {"url": f"{URL}/2"}]}),
    _other_members(
        "other evidence", _items(evidence=[PIECE]), _items(evidence=[PIECE | {"content": "AAAB"}])
    ),
    _other_members(
        "other name of evidence", _items(evidence=[PIECE]), _items(evidence=[PIECE | {"name": "b.png"}])
    ),
]


def _refused_items_differ(name: str) -> Case:
    """What is kept of a refused item is content too."""
    first, second = (
        body_of(name, items=[*members_of("")["items"], {"url": url}])
        for url in ("ftp://video.example/", "ftp://video.example/x")
    )
    before = good(CATEGORY, f"{name}, first", first, refused=((1, "ftp://video.example/", "url_scheme"),))
    return Case(CATEGORY, name, second, 409, "reference_conflict", before=(before,))


def _items_swapped(name: str) -> Case:
    items = [{"url": f"{URL}/1"}, {"url": f"{URL}/2"}]
    before = good(
        CATEGORY,
        f"{name}, first",
        body_of(name, items=items),
        items=tuple((item["url"], item["url"]) for item in items),
    )
    return Case(CATEGORY, name, body_of(name, items=items[::-1]), 409, "reference_conflict", before=(before,))


CASES = named(
    CATEGORY, [*SAME, *OTHER, _refused_items_differ("refused items differ"), _items_swapped("items swapped")]
)
