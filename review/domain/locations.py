"""Where is the content? URLs as senders write them, the location they name, and whether it is ours."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote

import can_ada

from review.errors import FieldError, InvalidInput

LONGEST_URL: Final = 2048
"""Characters of the text as sent."""

# fmt: off
TRACKING_PARAMETERS: Final = frozenset(
    {
        "_ga", "_gl", "_hsenc", "_hsmi", "dclid", "fbclid", "gbraid", "gclid", "gclsrc", "hsctatracking",
        "igsh", "igshid", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "msclkid", "oly_anon_id",
        "oly_enc_id", "srsltid", "ttclid", "twclid", "vero_id", "wbraid", "yclid",
    }
)
# fmt: on
"""Query parameters, in lower case, that say who passed a link on and never what it shows."""

TRACKING_PREFIXES: Final = ("utm_",)


_REMEDIES: Final = {
    "url_empty": "Give the exact URL of the content.",
    "url_too_long": f"Give a URL of at most {LONGEST_URL} characters.",
    "url_not_valid": "Give a complete URL that starts with https:// or http:// and follows the URL standard.",
    "url_scheme": "Give a URL that starts with https:// or http://.",
    "url_no_host": "Give a URL with a host name after https:// or http://.",
    "not_our_host": "Give a location on a host of this provider; send others to the provider concerned.",
}
_HXXP = re.compile(r"\A([\x00-\x20]*)hxxp(s?)(?=:|\[:\])", re.IGNORECASE)
_SCHEME_AND_AUTHORITY = re.compile(r"[\x00-\x20]*[a-z][a-z0-9+.-]*(?:\[:\]|:)[/\\]*[^/\\?#]*", re.IGNORECASE)
_HTTP_WITHOUT_HOST = re.compile(r"[\x00-\x20]*https?:[/\\]*(?:[?#].*)?", re.IGNORECASE | re.DOTALL)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST_ENTRY = re.compile(r"[^\s/?#@\\:%*]+|\[[0-9A-Fa-f:.]+\]")


class LocationError(InvalidInput):
    """A text is no location on our service; ``field_code`` is the stable code, ``detail`` the remedy."""

    def __init__(self, field_code: str) -> None:
        detail = _REMEDIES[field_code]
        super().__init__(detail, errors=[FieldError("", field_code, detail)])
        self.field_code = field_code

    def at(self, pointer: str) -> FieldError:
        """The same error with its place in a document (JSON Pointer)."""
        return FieldError(pointer, self.field_code, self.detail)


@dataclass(frozen=True, slots=True)
class Location:
    """One exact location.

    ``canonical_url``: WHATWG href without fragment and credentials. ``match_key``: folds spellings of one
    location, never shown or sent. ``match_digest``: its SHA-256, hex. ``defanged``: the URL as sent was.
    """

    url: str
    canonical_url: str
    hostname: str
    match_key: str
    match_digest: str
    defanged: bool


class Hosts:
    """The hosts that are ours: ``example.org`` means itself, ``.example.org`` itself and all below."""

    def __init__(self, *, exact: frozenset[str], with_subdomains: frozenset[str]) -> None:
        self.exact = exact
        self.with_subdomains = with_subdomains

    @classmethod
    def parse(cls, entries: str | Iterable[str]) -> "Hosts":
        """Read a list, or a text with commas; blank entries are skipped.

        Raises ``ValueError`` that names the first entry that is not a host, or says that there is none.
        """
        exact, with_subdomains = set(), set()
        for entry in entries.split(",") if isinstance(entries, str) else entries:
            written = entry.strip()
            if written.startswith("."):
                with_subdomains.add(_host_of_entry(entry, written[1:]))
            elif written:
                exact.add(_host_of_entry(entry, written))
        if not exact and not with_subdomains:
            raise ValueError("the list of hosts is empty; name at least one host, such as example.org")
        return cls(exact=frozenset(exact), with_subdomains=frozenset(with_subdomains))

    def allows(self, hostname: str) -> bool:
        """Whether a host is ours, compared as punycode; a trailing dot does not matter."""
        if not hostname.isascii() or not hostname.islower():
            parsed = _parsed(f"http://{hostname}/")
            hostname = "" if parsed is None else parsed.hostname
        host = hostname.removesuffix(".")
        if host in self.exact:
            return True
        while host:
            if host in self.with_subdomains:
                return True
            host = host.partition(".")[2]
        return False


def read_location(url_as_sent: str, *, hosts: Hosts) -> Location:
    """The location a sender's text names, with defanging undone (WHATWG URL standard).

    Raises ``LocationError`` with the codes ``url_empty``, ``url_too_long``, ``url_not_valid``,
    ``url_scheme``, ``url_no_host`` or ``not_our_host``.
    """
    if not url_as_sent or url_as_sent.isspace():
        raise LocationError("url_empty")
    if len(url_as_sent) > LONGEST_URL:
        raise LocationError("url_too_long")
    written, defanged = undo_defanging(url_as_sent)
    parsed = _parsed(written)
    if parsed is None:
        raise LocationError("url_no_host" if _HTTP_WITHOUT_HOST.fullmatch(written) else "url_not_valid")
    if parsed.protocol not in ("https:", "http:"):
        raise LocationError("url_scheme")
    hostname: str = parsed.hostname
    if not hostname:
        raise LocationError("url_no_host")
    if not hosts.allows(hostname):
        raise LocationError("not_our_host")
    match_key = _match_key(parsed)
    return Location(
        url=url_as_sent,
        canonical_url=_canonical_url(parsed),
        hostname=hostname,
        match_key=match_key,
        match_digest=sha256(match_key.encode("utf-8")).hexdigest(),
        defanged=defanged,
    )


def undo_defanging(text: str) -> tuple[str, bool]:
    """The text with ``hxxp``, ``[.]`` and ``[:]`` undone, and whether anything was.

    Brackets behind the host are undone only when the scheme or the host is defanged too, because a real
    path or query may contain ``[.]``; brackets of an IPv6 literal are never of these shapes.
    """
    scheme = _HXXP.match(text)
    undone = f"{scheme[1]}http{scheme[2]}{text[scheme.end() :]}" if scheme else text
    start = _SCHEME_AND_AUTHORITY.match(undone) if "[" in undone else None
    if undone != text or (start and ("[.]" in start[0] or "[:]" in start[0])):
        return undone.replace("[.]", ".").replace("[:]", ":"), True
    return text, False


def _parsed(text: str) -> Any | None:
    """A ``can_ada.URL``, or nothing when the standard refuses the text (or it is not Unicode)."""
    try:
        return can_ada.parse(text)
    except (ValueError, TypeError):
        return None


def _host_of_entry(entry: str, written: str) -> str:
    parsed = _parsed(f"http://{written}/") if _HOST_ENTRY.fullmatch(written) else None
    host = "" if parsed is None else str(parsed.hostname).removesuffix(".")
    if not host:
        raise ValueError(
            f"not a host: {entry!r}; write it as example.org or .example.org, without scheme or port"
        )
    return host


def _canonical_url(parsed: Any) -> str:
    if parsed.has_hash():
        parsed.hash = ""
    if parsed.has_credentials():
        parsed.username = parsed.password = ""
    return str(parsed.href)


def _match_key(parsed: Any) -> str:
    """The canonical URL with http as https, unreserved %XX decoded, query sorted, tracking dropped."""
    port = parsed.port
    path, search = parsed.pathname, parsed.search
    if "%" in path:
        path = _ESCAPE.sub(_plain_escape, path)
    return "".join(
        (
            "https://",
            parsed.hostname,
            f":{port}" if port and port != "443" else "",
            path,
            _match_query(search) if search else "",
        )
    )


def _match_query(search: str) -> str:
    """Sorted by name, so that repeated names keep their order; names are read with ``%XX`` decoded."""
    if "%" in search:
        search = _ESCAPE.sub(_plain_escape, search)
    pairs = [pair for pair in search[1:].split("&") if pair and not _is_tracking(pair)]
    pairs.sort(key=lambda pair: pair.partition("=")[0])
    return "?" + "&".join(pairs) if pairs else ""


def _is_tracking(pair: str) -> bool:
    name = unquote(pair.partition("=")[0]).lower()
    return name in TRACKING_PARAMETERS or name.startswith(TRACKING_PREFIXES)


def _plain_escape(escape: re.Match[str]) -> str:
    """Decode unreserved characters and write the others in upper case (RFC 3986, section 6.2.2)."""
    character = chr(int(escape[0][1:], 16))
    return character if character in _UNRESERVED else escape[0].upper()
