"""Sends the bytes of a message to one address: resolved once, checked, connected to exactly, in bounded time.

No database. Nothing that is answered is followed, and of a refusal only the beginning is kept.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from review.domain.addresses import Address, Network, is_named, may_be_reached, read_address
from review.domain.webhooks import Failure

TIME_LIMIT_SECONDS: Final = 10.0
"""From the look-up of the name's addresses to the answer, however many pieces it comes in."""
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
) -> Outcome:
    """POST the body once and tell what came of it; raises nothing that a receiver could cause.

    ``networks``: what may be reached beside public addresses; only there plain HTTP is spoken. ``trust``:
    whose certificates count, the usual authorities unless given.
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
    wanted: Callable[[int], int] = lambda _status: LONGEST_ANSWER,
) -> Answer:
    """POST the body once and give what was answered; as `send`. ``wanted``: bytes to read, by status."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    found = _resolved(parts.hostname or "", parts.port or (443 if secure else 80), resolve)
    if found is None:
        return Answer(None, Failure.NAME_NOT_FOUND)
    # one address inside is one too many: a name that leads to both is not to be trusted
    if not found or not all(_may_be_sent(address, secure, networks) for address in found):
        return Answer(None, Failure.ADDRESS_REFUSED)
    backend = _Pinned(found, deadline=time.monotonic() + limit_seconds)
    sent = [("user-agent", USER_AGENT), ("accept-encoding", "identity")]
    lines: list[tuple[bytes | str, bytes | str]] = [*sent, *headers.items()]
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=trust, max_connections=1, network_backend=backend, http1=True, http2=False
            ) as pool,
            pool.stream("POST", url, headers=lines, content=body) as answer,
        ):
            read = _beginning(answer.iter_stream(), wanted(answer.status))
            return Answer(answer.status, _judged(answer.status), read)
    except (httpcore.TimeoutException, *_BREAKS) as error:
        return Answer(None, _why(error))


_BREAKS: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError)


def _why(error: Exception) -> Failure:
    if isinstance(error, httpcore.TimeoutException):
        return Failure.TIMEOUT
    if isinstance(error, _TlsFailed):
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


class _TlsFailed(httpcore.ConnectError):
    """Connected, but no encryption came about: no certificate for this name that counts, or no TLS at all."""


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever the host of the URL resolves to by now.

    Host header and server name of TLS stay those of the URL.
    """

    def __init__(self, addresses: Sequence[Address], *, deadline: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """The first of the addresses that takes the connection."""
        failed: Exception | None = None
        for address in self._addresses:
            try:
                stream = self._real.connect_tcp(str(address), port, timeout=_left(self._deadline))
                return _Timed(stream, self._deadline)
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")


class _Timed(httpcore.NetworkStream):
    """A stream whose every step ends at one moment, so that slow drips do not add up."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came, at most so many bytes."""
        return self._stream.read(max_bytes, timeout=_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, timeout=_left(self._deadline))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """The same stream, encrypted."""
        try:
            secured = self._stream.start_tls(ssl_context, server_hostname, timeout=_left(self._deadline))
        except httpcore.ConnectError as error:
            raise _TlsFailed(str(error)) from error
        return _Timed(secured, self._deadline)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time limit of the try is over")
    return left
