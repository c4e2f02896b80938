"""How is what somebody pasted into a search box understood? Ids, digests, URLs, hosts, references, words.

Every text is looked up as a sender's reference as well: senders choose these freely, so that none can be
told from anything else by its looks.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from review.domain.ids import read_id
from review.domain.locations import Hosts, LocationError, read_location

LONGEST_QUERY: Final = 2_048
LONGEST_REFERENCE: Final = 200
MOST_WORDS: Final = 6
ID_KINDS: Final = {"C": "case", "R": "referral", "I": "item", "B": "batch", "S": "sender"}
KINDS: Final = (*ID_KINDS.values(), "digest", "url", "host", "reference", "text")

_DIGEST = re.compile(r"(?:sha-?256\s*[:=]\s*)?([0-9a-f]{64})", re.IGNORECASE)
_SCHEME = re.compile(r"h(?:tt|xx)ps?\s*(?:\[:\]|:)", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_][\w-]+|\d{1,3}(?:\.\d{1,3}){3}")
_CITATION = re.compile(r"(\S+?)(?: ?, ?| )(?:entry ?)?([1-9]\d{0,5})", re.IGNORECASE)
_AROUND = "<>\"'“”„«»`() \t\r\n"


@dataclass(frozen=True)
class Reading:
    """One way to understand what was pasted.

    ``value`` is what is looked for (of a URL the SHA-256 of its match key), ``shown`` what people are told.
    ``entry``: of a cited entry of a case's record, its number.
    """

    kind: str
    value: str
    shown: str
    entry: int | None = None


class _AnyHost(Hosts):
    """Whoever searches may paste any location: what is not ours is simply not found."""

    def __init__(self) -> None:
        super().__init__(exact=frozenset(), with_subdomains=frozenset())

    def allows(self, hostname: str) -> bool:
        """Every host."""
        return True


_ANY_HOST = _AnyHost()


def readings_of(pasted: str, *, only: str | None = None) -> tuple[Reading, ...]:
    """All ways to understand it, the most exact first; ``only`` one of `KINDS` where the reader chose it.

    Words are looked for in texts only where it is nothing else, or where the reader chose that.
    """
    text = " ".join(pasted.strip(_AROUND).split())
    if not text:
        return ()
    every = [*_ids(text), *_digest(text), *_location(text)]
    if not every:
        every = [Reading("text", text, text)]
    elif only == "text":
        every.append(Reading("text", text, text))
    if len(text) <= LONGEST_REFERENCE:
        every.append(Reading("reference", text, text))
    return tuple(reading for reading in every if only in (None, reading.kind))


def words_of(text: str) -> tuple[str, ...]:
    """The words that a text search looks for, each of them anywhere in the text; six at most."""
    return tuple(dict.fromkeys(text.split()))[:MOST_WORDS]


def host_of(url: str) -> str:
    """The host of a canonical URL, without port; blank where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def nearest(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """What to look for where this found nothing: less exact, each a search of its own."""
    found: list[Reading] = []
    for reading in readings:
        if reading.kind == "url":
            url = reading.shown.partition("?")[0]
            if url != reading.shown:
                found += [near for near in _location(url) if near.kind == "url"]
            found += _host(host_of(reading.shown))
        elif reading.kind == "host":
            parent = reading.value.partition(".")[2]
            found += _host(parent) if "." in parent else []
    kinds = {reading.kind for reading in readings}
    if "text" not in kinds and (kinds & {"url", "host", *ID_KINDS.values()} or kinds == {"reference"}):
        text = readings[-1].shown
        found.append(Reading("text", text, text))
    return tuple(found)


def _ids(text: str) -> list[Reading]:
    pairs = ((kind, read_id(text, prefix)) for prefix, kind in ID_KINDS.items())
    found_ids = [Reading(kind, found, found) for kind, found in pairs if found is not None]
    return found_ids or _citation(text)


def _citation(text: str) -> list[Reading]:
    """The case in what its record offers to cite: ``C-7K3M-9QXD-2FWT, entry 1``."""
    match = _CITATION.fullmatch(text)
    case_id = None if match is None else read_id(match[1], "C")
    if match is None or case_id is None:
        return []
    return [Reading("case", case_id, case_id, entry=int(match[2]))]


def _digest(text: str) -> list[Reading]:
    match = _DIGEST.fullmatch(text)
    return [] if match is None else [Reading("digest", match[1].lower(), match[1].lower())]


def _location(text: str) -> list[Reading]:
    """The URL or, without scheme and path, the host that a text names in any spelling, defanged or not."""
    if " " in text:
        return []
    with_scheme = _SCHEME.match(text) is not None
    if not with_scheme and _HOST.fullmatch(_written_host(text)) is None:
        return []
    try:
        location = read_location(text if with_scheme else f"https://{text}", hosts=_ANY_HOST)
    except LocationError:
        return []
    if not with_scheme and re.search(r"[/?#]", text) is None:
        return _host(location.hostname)
    return [Reading("url", location.match_digest, location.canonical_url)]


def _written_host(text: str) -> str:
    host = re.split(r"[/?#]", text, maxsplit=1)[0]
    return host.replace("[.]", ".").replace("[:]", ":").partition(":")[0].removesuffix(".")


def _host(hostname: str) -> list[Reading]:
    host = hostname.removesuffix(".")
    return [Reading("host", host, host)] if host else []
