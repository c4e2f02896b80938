"""Whole batches that are odd: line ends, packing, media types; which lines are stored under which number."""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.corpus.batches import LONGEST_LINE, NDJSON
from tests.corpus.cases import CANARY, body_of

CATEGORY = "batch"
RECEIVED, REPEATED = "received", "repeated"
GZIP = (NDJSON, ("Content-Encoding", "gzip"))


@dataclass(frozen=True)
class BatchCase:
    """A batch and what becomes of it.

    ``results``: line number -> received, repeated, or the code of its refusal; ``kept``: the bytes of a
    received line, by number, exactly as they must be stored. ``code``: of the problem, where the whole
    batch is refused; then nothing is stored.
    """

    name: str
    body: bytes
    status: int = 200
    code: str = ""
    results: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[int, bytes] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = (NDJSON,)


def _line(name: str, number: int = 1, **members: object) -> bytes:
    return body_of(f"{name} {number}", **members)


def _around(name: str, middle: bytes, code: str) -> BatchCase:
    """A line that is refused between two that are stored."""
    first, last = _line(name, 1), _line(name, 3)
    return BatchCase(
        name,
        b"\n".join((first, middle, last)) + b"\n",
        results={1: RECEIVED, 2: code, 3: RECEIVED},
        kept={1: first, 3: last},
    )


def _ends() -> Iterator[BatchCase]:
    """Where does a line end? At a line feed and nowhere else."""
    one, two = _line("no final line feed", 1), _line("no final line feed", 2)
    yield BatchCase(
        "no final line feed", one + b"\n" + two, results={1: RECEIVED, 2: RECEIVED}, kept={2: two}
    )
    one, two = _line("crlf", 1), _line("crlf", 2)
    sent = one + b"\r\n" + two + b"\r\n"
    yield BatchCase("crlf", sent, results={1: RECEIVED, 2: RECEIVED}, kept={1: one + b"\r"})
    sent = _line("cr", 1) + b"\r" + _line("cr", 2) + b"\r"
    yield BatchCase("cr alone", sent, results={1: "not_strict_json"})
    sent = b"\n\n \t\r\n" + _line("empty lines", 1) + b"\n\n\n" + _line("empty lines", 2) + b"\n\n"
    yield BatchCase("empty lines", sent, results={4: RECEIVED, 7: RECEIVED})
    spelled = _line("separators", 1, reason=f"{CANARY}\u2028\u2029\u0085\x7f")
    yield BatchCase("separators inside", spelled + b"\n", results={1: RECEIVED}, kept={1: spelled})
    sent = _line("form feed", 1) + b"\n\x0c\n" + _line("form feed", 2) + b"\n"
    yield BatchCase("line of white space that json does not know", sent, results={1: RECEIVED, 3: RECEIVED})
    whole = _line("over lines", 1).replace(b", ", b",\n")
    broken = dict.fromkeys(range(1, whole.count(b"\n") + 2), "not_strict_json")
    yield BatchCase("one referral over several lines", whole + b"\n", results=broken)
    for name, sent in {"no byte": b"", "line feeds only": b"\n" * 1_000, "blanks only": b" \r\n\t\n"}.items():
        yield BatchCase(name, sent, 422, "empty_batch")


def _lines() -> Iterator[BatchCase]:
    yield _around("not utf-8", b'{"reference": "\xff"}', "not_strict_json")
    yield _around("utf-16 line", '{"a": 1}'.encode("utf-16-be"), "not_strict_json")
    yield _around("nul line", b"\0", "not_strict_json")
    yield _around("array", b"[" + _line("array", 2) + b"]", "not_strict_json")
    yield _around("two on a line", _line("two", 2) + _line("two", 4), "not_strict_json")
    yield _around("comma behind", _line("comma", 2) + b",", "not_strict_json")
    yield _around("deep", b"[" * 100_000, "not_strict_json")
    yield _around("order", _line("order", 2, intake_kind="removal_order"), "kind_not_enabled")
    yield _around("no good item", _line("no good", 2, items=[{"url": "ftp://a/"}]), "url_scheme")
    yield _around("header of a table", b"reference,reason,url", "not_strict_json")
    yield _around("same reference", _line("same reference", 1), REPEATED)
    spaced = b" " + _line("same, other spelling", 1).replace(b": ", b":")
    yield _around("same, other spelling", spaced, REPEATED)
    other = _line("same reference, other content", 1, urgency="threat_to_life")
    yield _around("same reference, other content", other, "reference_conflict")
    mark = b"\xef\xbb\xbf" + _line("mark", 1) + b"\n" + _line("mark", 2) + b"\n"
    yield BatchCase("byte order mark", mark, results={1: "not_strict_json", 2: RECEIVED})


def _lengths() -> Iterator[BatchCase]:
    line = _line("line at its limit", 1)
    full = line + b" " * (LONGEST_LINE - len(line))
    yield BatchCase("line at its limit", full + b"\n", results={1: RECEIVED}, kept={1: full})
    yield _around("one byte too long", full + b" ", "line_too_long")
    yield _around("three mebibytes", b"x" * (3 * LONGEST_LINE), "line_too_long")
    yield _around("blanks without end", b" " * (2 * LONGEST_LINE), "line_too_long")
    yield BatchCase("too long and last", b"{" * (LONGEST_LINE + 1), results={1: "line_too_long"})
    sent = (b"y" * (LONGEST_LINE + 1) + b"\n") * 3
    yield BatchCase("all too long", sent, results=dict.fromkeys((1, 2, 3), "line_too_long"))


def _packed() -> Iterator[BatchCase]:
    def pack(content: bytes) -> bytes:
        return gzip.compress(content, mtime=0)

    def lines(name: str) -> bytes:
        return _line(name, 1) + b"\n" + _line(name, 2) + b"\n"

    both = {1: RECEIVED, 2: RECEIVED}
    yield BatchCase("gzip", pack(lines("gzip")), results=both, headers=GZIP)
    first, second = lines("members")[:50], lines("members")[50:]
    members = pack(first) + pack(b"") + pack(second)
    yield BatchCase("members cut inside a line", members, results=both, headers=GZIP)
    old = (NDJSON, ("Content-Encoding", "x-gzip"))
    yield BatchCase("old name of gzip", pack(lines("x-gzip")), results=both, headers=old)
    plain = (NDJSON, ("Content-Encoding", "identity"))
    yield BatchCase("identity", lines("identity"), results=both, headers=plain)
    packed = pack(lines("undeclared"))
    broken = {
        number: "not_strict_json" for number, line in enumerate(packed.split(b"\n"), start=1) if line.strip()
    }
    yield BatchCase("gzip undeclared", packed, results=broken)
    good = pack(lines("broken"))
    for name, sent in {
        "gzip declared only": lines("declared"),
        "gzip cut": good[:-12],
        "gzip without its trailer": good[:-8],
        "gzip with another sum": good[:-8] + bytes([good[-8] ^ 1]) + good[-7:],
        "gzip with another length": good[:-1] + b"\1",
        "gzip damaged": good[:15] + bytes([good[15] ^ 0xFF]) + good[16:],
        "garbage behind gzip": good + b"garbage",
        "zlib as gzip": zlib.compress(lines("zlib")),
        "gzip of no byte at all": b"",
        "gzip header only": good[:10],
    }.items():
        yield BatchCase(name, sent, 400, "bad_request", headers=GZIP)
    yield BatchCase("gzip of nothing", pack(b""), 422, "empty_batch", headers=GZIP)


def _requests() -> Iterator[BatchCase]:
    line = _line("request", 1) + b"\n"
    for name, headers in {
        "no media type": (),
        "json": (("Content-Type", "application/json"),),
        "text": (("Content-Type", "text/plain"),),
        "table": (("Content-Type", "text/csv"),),
        "latin-1": (("Content-Type", "application/x-ndjson; charset=latin-1"),),
        "deflate": (NDJSON, ("Content-Encoding", "deflate")),
        "packed twice": (NDJSON, ("Content-Encoding", "gzip, gzip")),
        "brotli": (NDJSON, ("Content-Encoding", "br")),
    }.items():
        yield BatchCase(name, line, 415, "unsupported_media_type", headers=headers)
    yield BatchCase("html wanted", line, 406, "not_acceptable", headers=(NDJSON, ("Accept", "text/html")))
    none = (NDJSON, ("Authorization", ""))
    yield BatchCase("no key", line, 401, "key_required", headers=none)
    keyed = (NDJSON, ("Idempotency-Key", "not looked at"))
    yield BatchCase("key of repetition", line, results={1: RECEIVED}, headers=keyed)
    loud = (("Content-Type", "APPLICATION/X-NDJSON; Charset=UTF-8"),)
    yield BatchCase("capitals", _line("capitals") + b"\n", results={1: RECEIVED}, headers=loud)


CASES = (*_ends(), *_lines(), *_lengths(), *_packed(), *_requests())
