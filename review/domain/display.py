"""How is hostile text shown? URLs that cannot be clicked, characters that cannot hide."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

import can_ada

MOST_CODE_POINTS: Final = 500

_ADDRESS: Final = re.compile(r"https?://[^\s/?#<>\"']+", re.IGNORECASE)
_AUTHORITY = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
_PLAIN_DOT = re.compile(r"(?<!\[)\.(?!\])")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
_WRITING_TOGETHER: Final = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)
"""Scripts that one language mixes (UTS 39, section 5.2, highly restrictive)."""


def defang(url: str) -> str:
    """A URL that no program turns into a link: ``hxxps://host[.]tld/path``, for pages, mail and exports."""
    match = _AUTHORITY.match(url)
    if match is None:
        return _PLAIN_DOT.sub("[.]", url)
    scheme = "hxxps" if len(match[1]) == 5 else "hxxp"
    return f"{scheme}://{_PLAIN_DOT.sub('[.]', match[2])}{url[match.end() :]}"


def defanged_within(text: str) -> str:
    """A text in which no address that names its scheme is one that a program turns into a link.

    A host in other letters than those of punycode is followed by that, and by the scripts that it mixes:
    ``hxxps://раypal[.]example⟨xn--ypal-43d9g[.]example, Cyrillic + Latin⟩/``.
    """
    return _ADDRESS.sub(lambda match: defang(match[0]) + _spelt_out(match[0]), text)


def _spelt_out(address: str) -> str:
    """What stands behind a scheme and host that may imitate another; nothing for most."""
    host = address.partition("://")[2].rpartition("@")[2].partition(":")[0].lower()
    plain = "" if host.isascii() else can_ada.idna_encode(host).decode("ascii")
    told = [_PLAIN_DOT.sub("[.]", plain), " + ".join(mixed_scripts(host))]
    return f"⟨{', '.join(filter(None, told))}⟩" if any(told) else ""


def visible(text: str) -> str:
    """Write control, invisible and direction characters as their number, such as ``⟨202E⟩``.

    Line feed and tab stay. Meant for text that was sent to us, where such characters hide or reorder words.
    """
    return _HIDDEN.sub(lambda match: f"⟨{ord(match[0]):04X}⟩", str(text))


def folded(text: str, most: int = 160) -> tuple[str, str]:
    """The beginning of a text, cut between words where there are any, and the rest; none of a short one.

    Addresses in it are defanged.
    """
    text = defanged_within(text)
    if len(text) <= most:
        return text, ""
    space = max(text.rfind(" ", 0, most), text.rfind("\n", 0, most))
    cut = space + 1 if space >= most * 3 // 4 else most
    while cut > most // 2 and unicodedata.combining(text[cut]):
        cut -= 1
    return text[:cut], text[cut:]


def code_points(url: str, in_full: bool = True) -> list[tuple[str, str, str]]:
    """The characters of an address, percent signs undone: each with its number and its name in Unicode.

    Otherwise than ``in_full`` only those that are not ASCII. At most 500.
    """
    read = unquote(url)
    found = [letter for letter in read[:MOST_CODE_POINTS] if in_full or not letter.isascii()]
    return [(letter, f"{ord(letter):04X}", unicodedata.name(letter, "–")) for letter in found]


def unicode_form(hostname: str) -> str | None:
    """What a punycode host reads as, made visible, or ``None`` when there is nothing to decode."""
    if "xn--" not in hostname.lower():
        return None
    decoded = _decoded(hostname)
    return visible(decoded) if decoded != hostname.lower() else None


def mixed_scripts(hostname: str) -> list[str]:
    """The scripts, sorted, of labels that mix writing systems no language mixes; empty when none does.

    Such hosts imitate others (``раypal``, Cyrillic and Latin). Latin with Chinese, Japanese or Korean
    writing is not counted (UTS 39, section 5.2).
    """
    seen: set[str] = set()
    for label in _decoded(hostname).split("."):
        scripts = {script for character in label if (script := _script_of(character)) is not None}
        if len(scripts) > 1 and not any(scripts <= together for together in _WRITING_TOGETHER):
            seen |= scripts
    return sorted(seen)


def _decoded(hostname: str) -> str:
    """Labels decoded one by one, so that one broken label leaves the others readable."""
    return ".".join(_decoded_label(label) for label in hostname.lower().split("."))


def _decoded_label(label: str) -> str:
    if not label.startswith("xn--") or not label.isascii():
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode") or label
    except (UnicodeError, OverflowError):
        return label


def _script_of(character: str) -> str | None:
    """The script by the first word of the character's name; nothing for digits, signs and marks."""
    if unicodedata.category(character) not in {"Lu", "Ll", "Lt", "Lo"}:
        return None
    word = unicodedata.name(character, "").partition(" ")[0]
    return {"CJK": "Han", "IDEOGRAPHIC": "Han", "": None}.get(word, word.capitalize())
