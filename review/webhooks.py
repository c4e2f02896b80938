"""Sends the bytes of a message to one address: resolved once, checked, connected to exactly, in bounded time.

No database. Nothing that is answered is followed, and of a refusal only the beginning is kept.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import httpcore

from review.domain.addresses import Address, Network, is_named, may_be_reached, read_address
from review.domain.webhooks import Failure
from review.lines import Headers, Kept, Line, TlsFailed

TIME_LIMIT_SECONDS: Final = 10.0
"""From the look-up of the name's addresses to the answer, however many pieces it comes in."""
READS_ON_SECONDS: Final = 0.25
"""How long what nobody wants of an answer is read for the sake of the next message."""
LONGEST_ANSWER: Final = 4_096
LONGEST_EXCERPT: Final = 200
USER_AGENT: Final = "Referral-Review"

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """What was answered: the status, or why there is none or it does not do; the beginning of the body."""

    status: int | None
    failure: Failure | None
    body: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """What came of one try: the status answered, or why there is none or it does not do; the time it took."""

    status: int | None
    failure: Failure | None
    milliseconds: int
    excerpt: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver has the message."""
        return self.failure is None


@cache
def usual_trust() -> ssl.SSLContext:
    """The usual authorities, read once: reading them takes longer than sending a message."""
    return httpcore.default_ssl_context()


def addresses_of(name: str, port: int) -> Sequence[str]:
    """What the system's resolver knows; raises `OSError` where the name leads nowhere."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def send(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    networks: Sequence[Network] = (),
    resolve: Resolve = addresses_of,
    trust: ssl.SSLContext | None = None,
    limit_seconds: float = TIME_LIMIT_SECONDS,
    kept: Kept | None = None,
) -> Outcome:
    """POST the body and tell what came of it; raises nothing that a receiver could cause.

    ``networks``: what may be reached beside public addresses; only there plain HTTP is spoken. ``trust``:
    whose certificates count, the usual authorities unless given. ``kept``: lines to use again; what breaks on
    one of them goes once more on a new one.
    """
    began = time.monotonic()
    answer = ask(
        url,
        body,
        headers={"content-type": "application/json", **headers},
        networks=networks,
        resolve=resolve,
        trust=trust,
        limit_seconds=limit_seconds,
        kept=kept,
        wanted=lambda status: LONGEST_ANSWER if _judged(status) else 0,
    )
    excerpt = printable(answer.body.decode("utf-8", "replace"))
    return Outcome(answer.status, answer.failure, round((time.monotonic() - began) * 1000), excerpt)


def ask(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    networks: Sequence[Network] = (),
    resolve: Resolve = addresses_of,
    trust: ssl.SSLContext | None = None,
    limit_seconds: float = TIME_LIMIT_SECONDS,
    kept: Kept | None = None,
    wanted: Callable[[int], int] = lambda _status: LONGEST_ANSWER,
) -> Answer:
    """POST the body once and give what was answered; as `send`. ``wanted``: bytes to read, by status."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    found = _resolved(parts.hostname or "", port, resolve)
    if found is None:
        return Answer(None, Failure.NAME_NOT_FOUND)
    # one address inside is one too many: a name that leads to both is not to be trusted
    if not found or not all(_may_be_sent(address, secure, networks) for address in found):
        return Answer(None, Failure.ADDRESS_REFUSED)
    origin = f"{parts.scheme}://{parts.hostname}:{port}"
    sent: Headers = [("user-agent", USER_AGENT), ("accept-encoding", "identity"), *headers.items()]
    until = time.monotonic() + limit_seconds

    def over(line: Line) -> Answer:
        line.allow(until)
        answer = _asked(line, url, body, sent, wanted, until=None if kept is None else until)
        if kept is None:
            line.close()
        else:
            kept.give(origin, line)
        return answer

    resting = None if kept is None else kept.take(origin, found)
    if resting is not None:
        answer = over(resting)
        if answer.failure is not Failure.BROKEN:
            return answer
        # the far side had ended what rested, or takes the message a second time, which its id tells
    return over(Line(url, found, trust=trust or (usual_trust() if secure else None)))


def _asked(
    line: Line,
    url: str,
    body: bytes,
    headers: Headers,
    wanted: Callable[[int], int],
    *,
    until: float | None,
) -> Answer:
    """What is answered on this line; ``until``: when it must be over, if the line is wanted again."""
    try:
        with line.post(url, body, headers) as answer:
            failure, bytes_wanted = _judged(answer.status), wanted(answer.status)
            if until is not None and not bytes_wanted:  # nobody wants the body, but it stands in the way
                line.allow(min(until, time.monotonic() + READS_ON_SECONDS))
                _beginning(answer.iter_stream(), LONGEST_ANSWER)
            return Answer(answer.status, failure, _beginning(answer.iter_stream(), bytes_wanted))
    except (httpcore.TimeoutException, *_BREAKS) as error:
        return Answer(None, _why(error))


_BREAKS: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError)


def _why(error: Exception) -> Failure:
    if isinstance(error, httpcore.TimeoutException):
        return Failure.TIMEOUT
    if isinstance(error, TlsFailed):
        return Failure.TLS
    return Failure.NOT_CONNECTED if isinstance(error, httpcore.ConnectError) else Failure.BROKEN


def _resolved(hostname: str, port: int, resolve: Resolve) -> list[Address] | None:
    literal = read_address(hostname)
    if literal is not None:
        return [literal]
    try:
        written = resolve(hostname, port)
    except (OSError, UnicodeError):
        return None
    addresses = [read_address(text) for text in written]
    return [address for address in addresses if address is not None] if all(addresses) else []


def _may_be_sent(address: Address, secure: bool, networks: Sequence[Network]) -> bool:
    return is_named(address, networks) or (secure and may_be_reached(address, networks))


def _judged(status: int) -> Failure | None:
    if 200 <= status < 300:
        return None
    if status == 410:
        return Failure.GONE
    return Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS


def _beginning(pieces: Iterable[bytes], wanted: int) -> bytes:
    """The first ``wanted`` bytes of an answer; what breaks off on the way ends it."""
    read = b""
    if not wanted:
        return read
    try:
        for piece in pieces:
            read += piece
            if len(read) >= wanted:
                break
    except (httpcore.TimeoutException, *_BREAKS):
        pass
    return read[:wanted]


def printable(text: str) -> str:
    """The beginning of what somebody answered, in one line of printable characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_EXCERPT]
