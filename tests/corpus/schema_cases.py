"""The schema: missing, extra, type, range, enum, date, and each length at its limit and one beyond."""

import json
from collections.abc import Iterator
from typing import Any

from tests.corpus.cases import ABSENT, CANARY, URL, Case, body_of, broken, good, named

CATEGORY = "schema"
PIECE = {"name": "a.png", "media_type": "image/png", "content": "AAAA"}
CONTACT = {"name": "Desk", "email": "desk@example.org"}


def _rule(name: str, code: str, pointer: str, **members: Any) -> Case:
    return broken(CATEGORY, name, code, pointer, body_of(f"schema {name}", **members))


def _item(name: str, code: str, member: str, **members: Any) -> Case:
    """A rule that the first item breaks."""
    item = {key: value for key, value in ({"url": f"{URL}/1"} | members).items() if value is not ABSENT}
    return _rule(name, code, f"/items/0/{member}", items=[item])


def _kept(name: str, *, columns: dict[str, Any] | None = None, **members: Any) -> Case:
    """A value at its limit: stored exactly."""
    body = body_of(f"schema {name}", **members)
    expected = {key: value for key, value in members.items() if isinstance(value, str)}
    return good(CATEGORY, name, body, columns=expected if columns is None else columns)


def _kept_item(name: str, *, parts: dict[str, Any] | None = None, **members: Any) -> Case:
    body = body_of(f"schema {name}", items=[{"url": f"{URL}/{CANARY}"} | members])
    return good(CATEGORY, name, body, parts=members if parts is None else parts)


def _missing() -> Iterator[Case]:
    for member in ("reference", "reason", "items"):
        yield _rule(f"{member} absent", "missing", f"/{member}", **{member: ABSENT})
        yield _rule(f"{member} null", "missing", f"/{member}", **{member: None})
    yield _item("url absent", "missing", "url", url=ABSENT)
    yield _item("url null", "missing", "url", url=None)
    for member in PIECE:
        evidence = [{name: value for name, value in PIECE.items() if name != member}]
        yield _item(f"{member} of evidence absent", "missing", f"evidence/0/{member}", evidence=evidence)
    yield broken(CATEGORY, "empty object", "missing", "/items", b"{}")


def _extra() -> Iterator[Case]:
    yield _rule("unknown member", "unknown_member", "/refrence", refrence=CANARY)
    yield _rule("member in capitals", "unknown_member", "/Reason", Reason=CANARY)
    yield _rule("prototype", "unknown_member", "/__proto__", __proto__={"admin": True})
    yield _rule("no name at all", "unknown_member", "/", **{"": CANARY})
    yield _rule("name with solidus and tilde", "unknown_member", "/a~1b~0c", **{"a/b~c": CANARY})
    for member, value in (
        ("id", "R-0000-0000-0000"),
        ("status", "decided"),
        ("sender_id", "S-0"),
        ("received_at", "2020-01-01T00:00:00Z"),
    ):
        yield _rule(f"assigned {member}", "unknown_member", f"/{member}", **{member: value})
    yield _item("unknown member of an item", "unknown_member", "outcome", outcome="accepted")
    yield _item(
        "unknown member of evidence", "unknown_member", "evidence/0/path", evidence=[PIECE | {"path": "/x"}]
    )
    yield _rule(
        "unknown member of contact", "unknown_member", "/contact/phone", contact=CONTACT | {"phone": "1"}
    )


def _types() -> Iterator[Case]:
    """Nothing is turned into something else: one wrong type for every member."""
    wrong: dict[str, Any] = {
        "reference": 7,
        "intake_kind": ["referral"],
        "reason": {"text": CANARY},
        "category": 1,
        "keyword": True,
        "issuing_authority": 1.5,
        "issuing_country": ["BE"],
        "legal_basis": False,
        "requested_action": {},
        "urgency": 0,
        "detected_at": 1574328600,
        "earlier_received_at": ["2026-11-21T09:30:00Z"],
        "language": 3,
        "transmitted_via": {"x": 1},
        "contact": "desk@example.org",
        "good_faith": "true",
        "items": {"0": {}},
    }
    for member, value in wrong.items():
        yield _rule(f"{member} of another type", "wrong_type", f"/{member}", **{member: value})
    yield _rule("good faith 1", "wrong_type", "/good_faith", good_faith=1)
    yield _rule("item a string", "wrong_type", "/items/0", items=[f"{URL}/1"])
    yield _rule("item an array", "wrong_type", "/items/0", items=[[]])
    for member, value in (
        ("url", 7),
        ("content_type", 1),
        ("language", []),
        ("published_at", 0),
        ("sha256", 1),
        ("description", ["x"]),
        ("evidence", PIECE),
    ):
        yield _item(f"{member} of an item of another type", "wrong_type", member, **{member: value})
    yield _item("evidence of strings", "wrong_type", "evidence/0", evidence=["AAAA"])
    for member in PIECE:
        yield _item(
            f"{member} of evidence a number",
            "wrong_type",
            f"evidence/0/{member}",
            evidence=[PIECE | {member: 1}],
        )
    for member in CONTACT:
        yield _rule(
            f"{member} of contact a number", "wrong_type", f"/contact/{member}", contact=CONTACT | {member: 1}
        )


def _lengths() -> Iterator[Case]:
    for member, longest in (
        ("reference", 200),
        ("reason", 10_000),
        ("issuing_authority", 500),
        ("legal_basis", 2_000),
        ("requested_action", 200),
    ):
        start = f"{CANARY} {member} "
        text: Any = start + "x" * (longest - len(start))
        yield _kept(f"{member} at its limit", **{member: text})
        yield _rule(f"{member} one too long", "too_long", f"/{member}", **{member: text + "x"})
    yield _kept("reference of one character", reference="\u00df")
    yield _kept("reason of one character", reason="x")
    yield _rule("reference empty", "too_short", "/reference", reference="")
    yield _rule("reason empty", "too_short", "/reason", reason="")
    yield _rule("reason blank", "too_short", "/reason", reason=" \t\n")
    yield _kept_item("description at its limit", description="x" * 10_000)
    yield _item("description one too long", "too_long", "description", description="x" * 10_001)
    yield _item(
        "name of evidence at 256", "too_long", "evidence/0/name", evidence=[PIECE | {"name": "x" * 256}]
    )
    yield _item("name of evidence empty", "too_short", "evidence/0/name", evidence=[PIECE | {"name": ""}])
    yield _rule("contact name one too long", "too_long", "/contact/name", contact={"name": "x" * 201})
    yield _kept("contact name at its limit", contact={"name": "x" * 200}, columns={"contact_name": "x" * 200})
    yield _rule("no item", "too_few", "/items", items=[])
    yield _rule("1 001 items", "too_many", "/items", items=[{"url": f"{URL}/{n}"} for n in range(1_001)])
    pieces = [PIECE | {"name": f"{number}.png"} for number in range(21)]
    yield _item("21 pieces of evidence", "too_many", "evidence", evidence=pieces)
    yield _kept_item("20 pieces of evidence", evidence=pieces[:20], parts={})
    many = [f"{URL}/{number}" for number in range(1_000)]
    body = body_of("schema 1 000 items", items=[{"url": url} for url in many])
    yield good(CATEGORY, "1 000 items", body, items=tuple((url, url) for url in many))


def _lists() -> Iterator[Case]:
    violence, nudity = "STATEMENT_CATEGORY_VIOLENCE", "KEYWORD_NUDITY"
    yield _rule("unknown category", "not_in_list", "/category", category="TERRORISM")
    yield _rule("category in lower case", "not_in_list", "/category", category=violence.lower())
    yield _rule("unknown keyword", "not_in_list", "/keyword", keyword="KEYWORD_X")
    yield _rule(
        "keyword of another category",
        "keyword_not_of_category",
        "/keyword",
        category=violence,
        keyword=nudity,
    )
    yield _kept("keyword of its category", category=violence, keyword="KEYWORD_HUMAN_TRAFFICKING")
    yield _rule("unknown kind", "not_in_list", "/intake_kind", intake_kind="order")
    yield _rule("kind in capitals", "not_in_list", "/intake_kind", intake_kind="REFERRAL")
    removal = body_of("schema order", intake_kind="removal_order")
    yield Case(CATEGORY, "removal order", removal, 422, "kind_not_enabled")
    yield _rule("unknown urgency", "not_in_list", "/urgency", urgency="high")
    yield _rule("unknown channel", "not_in_list", "/transmitted_via", transmitted_via="fax")
    yield _item("unknown content type", "not_in_list", "content_type", content_type="page")
    yield _kept("threat to life", urgency="threat_to_life")
    for content_type in ("text", "audio", "account", "other"):
        yield _kept_item(f"content type {content_type}", content_type=content_type)
    yield _rule("country in words", "not_a_country", "/issuing_country", issuing_country="Belgium")
    yield _rule("country of nobody", "not_a_country", "/issuing_country", issuing_country="ZZ")
    yield _rule("country in lower case", "not_a_country", "/issuing_country", issuing_country="be")
    yield _rule("language with underscore", "not_a_language", "/language", language="pt_BR")
    yield _rule("language of spaces", "not_a_language", "/language", language=" ")
    yield _item("language in words", "not_a_language", "language", language="Portuguese (Brazil)")
    for tag in ("ar", "pt-BR", "zh-Hant-TW", "de-CH-1996", "sl-rozaj-biske", "i-klingon", "x-own"):
        yield _kept_item(f"language {tag}", language=tag)
    yield _item("digest of 63 digits", "not_a_digest", "sha256", sha256="a" * 63)
    yield _item("digest of 65 digits", "not_a_digest", "sha256", sha256="a" * 65)
    yield _item("digest in base64", "not_a_digest", "sha256", sha256="q" * 43 + "=")
    yield _kept_item("digest", sha256="0af" * 21 + "0")
    for address in (
        "desk",
        "desk@",
        "@example.org",
        "a b@example.org",
        "a@b@example.org",
        "<a@example.org>",
        "a@-.org",
        "a@example.org\n",
    ):
        yield _rule(f"mail {address!r}", "not_an_email", "/contact/email", contact={"email": address})
    for media_type in ("png", "image/", "image/png; q=1", "image /png", "*/*"):
        yield _item(
            f"media type {media_type!r}",
            "not_a_media_type",
            "evidence/0/media_type",
            evidence=[PIECE | {"media_type": media_type}],
        )
    for content in ("", "A", "AA", "AAA", "AAAA\n", "AAB=", "____", "AAAA====", "AA==AA=="):
        yield _item(
            f"content {content!r}",
            "evidence_not_canonical",
            "evidence/0/content",
            evidence=[PIECE | {"content": content}],
        )


def _dates() -> Iterator[Case]:
    wrong = {
        "a day": "2026-11-21",
        "no zone": "2026-11-21T09:30:00",
        "no seconds": "2026-11-21T09:30Z",
        "a space": "2026-11-21 09:30:00Z",
        "month 13": "2026-13-21T09:30:00Z",
        "day 30 of February": "2026-02-30T09:30:00Z",
        "29 February of no leap year": "2025-02-29T09:30:00Z",
        "hour 24": "2026-11-21T24:00:00Z",
        "minute 60": "2026-11-21T09:60:00Z",
        "second 61": "2026-11-21T09:30:61Z",
        "year 0": "0000-01-01T00:00:00Z",
        "five digits of year": "12026-11-21T09:30:00Z",
        "week date": "2026-W47-6T09:30:00Z",
        "basic format": "20261121T093000Z",
        "offset without colon": "2026-11-21T09:30:00+0100",
        "offset of hours": "2026-11-21T09:30:00+01",
        "offset 24": "2026-11-21T09:30:00+24:00",
        "point without digits": "2026-11-21T09:30:00.Z",
        "comma": "2026-11-21T09:30:00,5Z",
        "in words": "yesterday",
        "empty": "",
        "line break behind": "2026-11-21T09:30:00Z\n",
        "before the first year": "0001-01-01T00:00:00+23:59",
        "after the last": "9999-12-31T23:59:59-23:59",
    }
    for name, text in wrong.items():
        yield _rule(f"time: {name}", "not_a_time", "/detected_at", detected_at=text)
    yield _item("time of an item", "not_a_time", "published_at", published_at="2026-02-31T00:00:00Z")
    yield _rule("time of another channel", "not_a_time", "/earlier_received_at", earlier_received_at="soon")
    for name, text in (
        ("leap day", "2024-02-29T00:00:00Z"),
        ("leap second", "2016-12-31T23:59:60Z"),
        ("long fraction", "2026-11-21T09:30:00.123456789Z"),
        ("first year", "0001-01-01T00:00:00Z"),
        ("last moment", "9999-12-31T23:59:59Z"),
        ("far offset", "2026-11-21T09:30:00-23:59"),
    ):
        yield _kept(f"time: {name}", detected_at=text, columns={})


def _notices() -> Iterator[Case]:
    notice: dict[str, Any] = {"intake_kind": "notice", "good_faith": True, "contact": CONTACT}
    yield _kept("notice", **notice)
    yield _rule(
        "notice without faith", "good_faith_required", "/good_faith", **notice | {"good_faith": ABSENT}
    )
    yield _rule("notice of bad faith", "good_faith_required", "/good_faith", **notice | {"good_faith": False})
    yield _rule("notice without contact", "contact_required", "/contact", **notice | {"contact": None})
    yield _rule(
        "notice without name",
        "contact_required",
        "/contact/name",
        **notice | {"contact": {"email": "a@example.org"}},
    )
    yield _rule(
        "notice without mail", "contact_required", "/contact/email", **notice | {"contact": {"name": "Desk"}}
    )
    yield _rule(
        "notice with blank name",
        "contact_required",
        "/contact/name",
        **notice | {"contact": CONTACT | {"name": " "}},
    )
    abuse = {
        "category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        "keyword": "KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL",
    }
    yield _kept("notice of child abuse without contact", **notice | abuse | {"contact": ABSENT})


def _all_at_once() -> Case:
    """Every problem is listed; this one looks for the last of them."""
    body = {"reference": "", "reason": 1, "items": [{"url": 1}, {"url": f"{URL}/1", "x": CANARY}]}
    return broken(CATEGORY, "all problems at once", "unknown_member", "/items/1/x", json.dumps(body).encode())


CASES = named(
    CATEGORY,
    [*_missing(), *_extra(), *_types(), *_lengths(), *_lists(), *_dates(), *_notices(), _all_at_once()],
)
