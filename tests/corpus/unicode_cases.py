"""Unicode: what looks like nothing, like another, or like too much is kept exactly or refused by rule."""

from collections.abc import Iterator
from typing import Any

from tests.corpus.cases import CANARY, URL, Case, body_of, broken, escaped_body_of, good, named, not_json

CATEGORY = "unicode"

# kept to the character in every free text
AWKWARD = {
    "bidi override": "photo\u202egnp.exe",
    "bidi embedding without end": "\u202a\u202babc",
    "bidi isolates": "\u2066abc\u2067def\u2069",
    "unbalanced pop": "\u202c\u2069abc",
    "right-to-left mark": "\u200fabc\u061c",
    "arabic": "\u0627\u0644\u0633\u0644\u0627\u0645",
    "hebrew and digits": "\u05d0\u05d1 12 \u05d2",
    "zero-width space": "a\u200bb",
    "zero-width joiner": "👩\u200d👩\u200d👧\u200d👦",
    "zero-width non-joiner": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "word joiner": "a\u2060b",
    "byte order mark inside": "a\ufeffb",
    "invisible operators": "a\u2061\u2062\u2063\u2064b",
    "soft hyphen": "a\u00adb",
    "hangul filler": "a\u3164b",
    "variation selectors": "a\ufe0f\U000e0100",
    "tag characters": "a\U000e0041\U000e0042\U000e007f",
    "combining a thousand": "a" + "\u0301" * 150,
    "combining of every kind": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d",
    "noncharacter": "a\ufffe\uffff\U0010ffffb",
    "private use": "a\ue000\U000f0000b",
    "unassigned": "a\u0378b",
    "replacement character": "a\ufffdb",
    "emoji": "🏴󠁧󠁢󠁥󠁮󠁧󠁿👍🏿",
    "ligature and long s": "\ufb01\u017f",
    "full-width": "\uff21\uff11",
    "mathematical letters": "𝕳𝖊𝖑𝖑𝖔",
    "case that grows": "\u1e9e\u0130\ufb03",
    "kelvin and angstrom": "\u212a\u212b",
    "no-break space": "a\u00a0b",
}

CONTROLS = {
    "line feed": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "escape sequence": "\x1b[31m",
    "bell": "\x07",
    "delete": "\x7f",
    "next line": "\x85",
    "control sequence of one byte": "\x9b",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
}


def _everywhere(name: str, text: str, *, url: str = "") -> Case:
    """The text in every free text of a referral, all kept exactly."""
    url = url or f"{URL}/{CANARY}"
    columns: dict[str, Any] = {
        "reference": f"{name} {text}",
        "reason": text,
        "issuing_authority": text,
        "legal_basis": text,
        "requested_action": text,
    }
    body = body_of(
        name,
        **columns,
        contact={"name": text},
        items=[
            {
                "url": url,
                "description": text,
                "evidence": [{"name": text, "media_type": "text/plain", "content": "AAAA"}],
            }
        ],
    )
    return good(CATEGORY, name, body, columns=columns | {"contact_name": text}, parts={"description": text})


def _controls() -> Iterator[Case]:
    for name, text in CONTROLS.items():
        spelled = f"a{text}b"
        line = escaped_body_of(f"unicode {name}", reference=spelled)
        yield broken(CATEGORY, f"{name} in the reference", "control_character", "/reference", line)
        body = escaped_body_of(f"unicode {name} in the reason", reason=spelled, legal_basis=spelled)
        columns = {"reason": spelled, "legal_basis": spelled}
        yield good(CATEGORY, f"{name} in the reason", body, columns=columns)
    contact = escaped_body_of("unicode contact", contact={"name": "Desk\r\nBcc: a@example.org"})
    yield broken(CATEGORY, "line break in the contact", "control_character", "/contact/name", contact)
    piece = {"name": "a\n.png", "media_type": "image/png", "content": "AAAA"}
    evidence = escaped_body_of("unicode piece", items=[{"url": f"{URL}/1", "evidence": [piece]}])
    yield broken(
        CATEGORY, "line break in a file name", "control_character", "/items/0/evidence/0/name", evidence
    )


def _spelled_in(place: str, escape: bytes) -> bytes:
    """A referral in which one text holds this escape."""
    members: dict[str, Any] = {
        "reference": {"reference": f"{place}@@"},
        "reason": {"reason": "@@"},
        "authority": {"issuing_authority": "@@"},
        "contact": {"contact": {"name": "@@"}},
        "url": {"items": [{"url": f"{URL}/@@"}]},
        "description": {"items": [{"url": f"{URL}/1", "description": "@@"}]},
        "member name": {"@@": 1},
    }
    return body_of(f"unicode {place}", **members[place]).replace(b"@@", escape)


def _not_characters() -> Iterator[Case]:
    for place in ("reference", "reason", "authority", "contact", "url", "description", "member name"):
        yield not_json(CATEGORY, f"lone surrogate in the {place}", _spelled_in(place, b"a\\udfffb"))
        yield not_json(CATEGORY, f"nul in the {place}", _spelled_in(place, b"a\\u0000b"))


def _twins() -> Iterator[Case]:
    """Two references that look the same are two referrals; nothing folds them."""
    twins = {
        "composed and decomposed": ("caf\u00e9", "cafe\u0301"),
        "latin and cyrillic": ("scope", "s\u0441ope"),
        "latin and greek": ("AB", "\u0391B"),
        "letter case": ("unit", "UNIT"),
        "sharp s": ("stra\u00dfe", "strasse"),
        "turkish i": ("id", "\u0131d"),
        "space at the end": ("unit 1", "unit 1 "),
        "kinds of space": ("a b", "a\u00a0b"),
        "full-width digits": ("123", "\uff11\uff12\uff13"),
        "zero-width space": ("unit2", "unit\u200b2"),
        "order of marks": ("q\u0323\u0307", "q\u0307\u0323"),
        "hangul": ("\ud55c", "\u1112\u1161\u11ab"),
        "ligature": ("\ufb01le", "file"),
    }
    for name, (first, second) in twins.items():
        one, two = (f"{name} {text}" for text in (first, second))
        before = good(CATEGORY, f"{name}, first", body_of("", reference=one), columns={"reference": one})
        body = body_of("", reference=two)
        case = good(CATEGORY, f"twins: {name}", body, columns={"reference": two})
        yield Case(case.category, case.name, case.body, case.status, stored=case.stored, before=(before,))


def _lengths() -> Iterator[Case]:
    """Lengths count characters (code points), not bytes and not what one sees."""
    zalgo = "a" + "\u0301" * 9_999
    yield good(
        CATEGORY, "combining 10 000 at the limit", body_of("zalgo", reason=zalgo), columns={"reason": zalgo}
    )
    long = body_of("zalgo long", reason=zalgo + "\u0301")
    yield broken(CATEGORY, "combining 10 000 beyond the limit", "too_long", "/reason", long)
    emoji = "😀" * 10_000
    yield good(CATEGORY, "emoji at the limit", body_of("emoji", reason=emoji), columns={"reason": emoji})
    yield broken(
        CATEGORY, "emoji beyond the limit", "too_long", "/reason", body_of("emoji long", reason=emoji + "😀")
    )
    reference = "🏴" * 200
    yield good(
        CATEGORY, "emoji in a reference", body_of("", reference=reference), columns={"reference": reference}
    )
    yield broken(
        CATEGORY, "one emoji more", "too_long", "/reference", body_of("", reference=reference + "🏴")
    )
    combining = f"{URL}/a" + "\u0301" * 10_000
    yield broken(
        CATEGORY,
        "combining 10 000 in a url",
        "url_too_long",
        "/items/0/url",
        body_of("zalgo url", items=[{"url": combining}]),
    )
    for name, space in (
        ("no-break", "\u00a0"),
        ("ideographic", "\u3000"),
        ("em", "\u2003"),
        ("mathematical", "\u205f"),
    ):
        yield broken(
            CATEGORY,
            f"{name} spaces only",
            "too_short",
            "/reason",
            body_of(f"{name} spaces", reason=space * 5),
        )


def _look_alikes() -> Iterator[Case]:
    """Closed lists know ASCII only."""

    def rule(name: str, code: str, pointer: str, **members: Any) -> Case:
        return broken(CATEGORY, name, code, pointer, body_of(f"unicode {name}", **members))

    def item(name: str, code: str, **members: Any) -> Case:
        member = next(iter(members))
        return rule(name, code, f"/items/0/{member}", items=[{"url": f"{URL}/1"} | members])

    yield rule("full-width country", "not_a_country", "/issuing_country", issuing_country="\uff22\uff25")
    yield rule("cyrillic country", "not_a_country", "/issuing_country", issuing_country="\u0412\u0415")
    yield rule("long s in a language", "not_a_language", "/language", language="\u017fv")
    yield rule("kelvin in a language", "not_a_language", "/language", language="\u212ao")
    yield rule(
        "arabic digits in a time",
        "not_a_time",
        "/detected_at",
        detected_at="\u0662\u0660\u0662\u0666-11-21T09:30:00Z",
    )
    yield rule(
        "minus sign in a time", "not_a_time", "/detected_at", detected_at="2026\u221211\u221221T09:30:00Z"
    )
    yield rule("cyrillic category", "not_in_list", "/category", category="STATEMENT_CATEGORY_VI\u041eLENCE")
    yield rule("zero-width urgency", "not_in_list", "/urgency", urgency="normal\u200b")
    yield rule("homograph of a member", "unknown_member", "/re\u0430son", reаson=CANARY)
    yield rule("zero-width member", "unknown_member", "", **{"reason\u200b": CANARY})
    yield rule("bidi member", "unknown_member", "", **{"\u202enosaer": CANARY})
    yield item("full-width digest", "not_a_digest", sha256="\uff10" * 64)
    yield item("arabic digest", "not_a_digest", sha256="\u0660" * 64)
    yield item("cyrillic content type", "not_in_list", content_type="vide\u043e")
    evidence = [{"name": "a", "media_type": "image/\u0440ng", "content": "AAAA"}]
    yield rule(
        "cyrillic media type",
        "not_a_media_type",
        "/items/0/evidence/0/media_type",
        items=[{"url": f"{URL}/1", "evidence": evidence}],
    )
    wide = [{"name": "a", "media_type": "image/png", "content": "\uff21\uff21\uff21\uff21"}]
    yield rule(
        "full-width base64",
        "evidence_not_canonical",
        "/items/0/evidence/0/content",
        items=[{"url": f"{URL}/1", "evidence": wide}],
    )
    home = "https://vide\u043e.example/"
    yield item("cyrillic host", "not_our_host", url=home)


CASES = named(
    CATEGORY,
    [
        *(_everywhere(name, text) for name, text in AWKWARD.items()),
        *_controls(),
        *_not_characters(),
        *_twins(),
        *_lengths(),
        *_look_alikes(),
    ],
)
