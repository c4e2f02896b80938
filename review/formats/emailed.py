"""What does an e-mail say? Its header facts and its plain text, from any bytes, never an error.

The standard library reads headers (RFC 5322) and encoded words (RFC 2047); parts (RFC 2046) are taken apart
here, because its parser descends as deep as a hostile message nests.
"""

import codecs
import re
from binascii import a2b_base64, a2b_qp
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from hashlib import sha256
from typing import Final

from review.domain.canonical import plain_json

MOST_HEAD_BYTES: Final = 256 * 1024
"""Of one head; what stands behind is not read."""
LONGEST_HEADER: Final = 2_000
LONGEST_RESULTS: Final = 20_000
MOST_VALUES: Final = 20
"""Values that one header may have."""
LONGEST_TEXT: Final = 100_000
MOST_PARTS: Final = 200
GREATEST_DEPTH: Final = 8

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_HEADER_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")
_FOLD = re.compile(r"[\r\n]+[ \t]+")
_LINE_END = re.compile(r"\r\n?")
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")
_NOT_TEXT: Final = {"punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7"}
"""Codecs for other purposes, some of them quadratic."""


@dataclass(frozen=True)
class EmailFacts:
    """Header values as written, encoded words decoded, and the plain text; empty where there is none.

    ``authentication_results``: every header of that name verbatim, the topmost first, a blank line between
    (RFC 8601). ``cut``: something was too long or too deep and is only in the message itself.
    """

    from_header: str
    subject: str
    date_header: str
    message_id: str
    authentication_results: str
    text: str
    cut: bool

    @property
    def sha256(self) -> str:
        """Hex digest of the facts, which the trail commits to."""
        values = [self.from_header, self.subject, self.date_header, self.message_id]
        return sha256(plain_json([*values, self.authentication_results, self.text, self.cut])).hexdigest()

    @property
    def written_by(self) -> tuple[str, str]:
        """Name and address in the From header; a claim of whoever wrote it, nothing more."""
        named = _NAMED.fullmatch(self.from_header)
        if named is not None:
            return named[1].strip().strip('"'), named[2].strip()
        return "", self.from_header if "@" in self.from_header and " " not in self.from_header else ""


class _Reading:
    """What is left of the limits while one message is read."""

    def __init__(self) -> None:
        self.parts = 0
        self.cut = False

    def lessened(self, text: str, longest: int) -> str:
        """The text, cut where it is too long."""
        self.cut = self.cut or len(text) > longest
        return text[:longest]


def read_email(message: bytes) -> EmailFacts:
    """The facts of a message, whatever its bytes are."""
    reading = _Reading()
    head, body = _apart(message)
    headers = _headers(head, reading)
    texts: list[str] = []
    for text in _plain_texts(headers, body, reading, depth=0):
        texts.append(text)
        if sum(map(len, texts)) > LONGEST_TEXT:
            break
    shown = reading.lessened("\n\n".join(texts), LONGEST_TEXT)

    def words(name: str) -> str:
        joined = "; ".join(_decoded(_FOLD.sub(" ", value)) for value in _values(headers, name, reading))
        return reading.lessened(clean(joined), LONGEST_HEADER)

    results = "\n\n".join(_values(headers, "authentication-results", reading))
    return EmailFacts(
        from_header=words("from"),
        subject=words("subject"),
        date_header=words("date"),
        message_id=words("message-id"),
        authentication_results=reading.lessened(clean(results), LONGEST_RESULTS),
        text=shown,
        cut=reading.cut,
    )


def clean(text: str) -> str:
    """Text that any database takes: NUL and halves of pairs replaced, line ends as line feeds."""
    whole = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return _LINE_END.sub("\n", whole).strip()


def _apart(message: bytes) -> tuple[bytes, bytes]:
    """Head and body; no head where the message does not begin with a header."""
    if message.startswith(b"From "):  # the line that mail servers put before it for a pipe or an mbox
        message = message.partition(b"\n")[2]
    if _HEADER_NAME.match(message) is None:
        return b"", message.removeprefix(b"\r").removeprefix(b"\n")
    blank = _BLANK_LINE.search(message)
    return (message, b"") if blank is None else (message[: blank.start()], message[blank.end() :])


Headers = list[tuple[str, str]]


def _headers(head: bytes, reading: _Reading) -> Headers:
    """Names in lower case and values as written, folds kept; bytes beyond ASCII read as UTF-8."""
    reading.cut = reading.cut or len(head) > MOST_HEAD_BYTES
    try:
        parsed = BytesHeaderParser(policy=compat32).parsebytes(head[:MOST_HEAD_BYTES] + b"\n\n")
        return [(name.lower(), _utf8(value)) for name, value in parsed.raw_items()]
    except (MessageError, ValueError, LookupError, TypeError):
        return []


def _utf8(value: object) -> str:
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _values(headers: Headers, name: str, reading: _Reading) -> list[str]:
    found = [value.strip() for key, value in headers if key == name]
    reading.cut = reading.cut or len(found) > MOST_VALUES
    return [reading.lessened(value, LONGEST_HEADER) for value in found[:MOST_VALUES]]


def _decoded(value: str) -> str:
    """The value with its encoded words decoded; as it stands where they are broken."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (MessageError, ValueError, LookupError, TypeError):
        return value
    return "".join(
        piece if isinstance(piece, str) else _characters(piece, charset or "latin-1")
        for piece, charset in pieces
    )


def _characters(content: bytes, charset: str) -> str:
    """The text behind bytes of a character set; an unknown one is read as UTF-8."""
    try:
        name = codecs.lookup(charset).name.replace("-", "_")
        return content.decode("utf-8" if name in _NOT_TEXT else name, "replace")
    except (LookupError, ValueError, TypeError):
        return content.decode("utf-8", "replace")


def _plain_texts(headers: Headers, body: bytes, reading: _Reading, *, depth: int) -> Iterator[str]:
    """The parts of type text/plain that are no attachments, in their order, forwarded messages included."""
    reading.parts += 1
    if reading.parts > MOST_PARTS or depth > GREATEST_DEPTH:
        reading.cut = True
        return
    content = _content_type(headers)
    kind = content.get_content_type()
    if kind.startswith("multipart/"):
        for part in _parts(body, _parameter(content, "boundary"), reading):
            head, inner = _apart(part)
            yield from _plain_texts(_headers(head, reading), inner, reading, depth=depth + 1)
    elif kind == "message/rfc822":
        head, inner = _apart(_transferred(headers, body))
        yield from _plain_texts(_headers(head, reading), inner, reading, depth=depth + 1)
    elif kind == "text/plain" and not _first(headers, "content-disposition").startswith("attachment"):
        text = clean(_characters(_transferred(headers, body), _parameter(content, "charset") or "utf-8"))
        if text:
            yield text


def _first(headers: Headers, name: str) -> str:
    return next((value[:LONGEST_HEADER] for key, value in headers if key == name), "").strip().lower()


def _content_type(headers: Headers) -> "Message[str, str]":
    """A message with this content type and nothing else; without one it is plain text (RFC 2045)."""
    content: Message[str, str] = Message(policy=compat32)
    written = next((value for name, value in headers if name == "content-type"), "")
    if written:
        content["Content-Type"] = _FOLD.sub(" ", written[:LONGEST_HEADER])
    return content


def _parameter(content: "Message[str, str]", name: str) -> str:
    read: Callable[[str], object] = content.get_param
    try:
        value = read(name)
    except (MessageError, ValueError, LookupError, TypeError):
        return ""
    return str(value[2] if isinstance(value, tuple) else value or "")


def _parts(body: bytes, boundary: str, reading: _Reading) -> Iterator[bytes]:
    """What stands between the delimiters, up to the closing one (RFC 2046, section 5.1.1)."""
    if not boundary:
        return
    written = re.escape(boundary.encode("utf-8", "surrogateescape"))
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + written + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start: int | None = None
    for found in delimiter.finditer(body):
        if start is not None:
            yield _without_first_line_end(body[start : found.start()])
        if found[1] is not None or reading.parts > MOST_PARTS:
            return
        start = found.end()
    if start is not None:
        yield _without_first_line_end(body[start:])


def _without_first_line_end(part: bytes) -> bytes:
    return part.removeprefix(b"\r").removeprefix(b"\n")


def _transferred(headers: Headers, body: bytes) -> bytes:
    """The bytes behind the transfer encoding; as they stand where it is broken or unknown."""
    encoding = _first(headers, "content-transfer-encoding")
    try:
        if encoding == "base64":
            return a2b_base64(body)
        if encoding == "quoted-printable":
            return a2b_qp(body)
    except ValueError:
        return body
    return body
