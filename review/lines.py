"""Connections to exactly the addresses that were checked, in bounded time, some kept for the next message.

A line that rests is used again only for the same scheme, name and port, and only where the address at its
other end is one of those that the name leads to now.
"""

import math
import ssl
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpcore

from review.domain.addresses import Address

RESTING_SECONDS: Final = 5.0
"""How long a line rests unused before it is closed."""
MOST_RESTING: Final = 64
"""Lines of one process that rest at a time."""

Headers = list[tuple[bytes | str, bytes | str]]


class TlsFailed(httpcore.ConnectError):
    """Connected, but no encryption came about: no certificate for this name that counts, or no TLS at all."""


class Line:
    """One connection, made when it is first used, to the first of these addresses that takes it.

    ``url``: whose scheme, host and port it is for; ``trust``: whose certificates count.
    """

    def __init__(self, url: str, addresses: Sequence[Address], *, trust: ssl.SSLContext | None) -> None:
        self._end = _End()
        self._connection = httpcore.HTTPConnection(
            httpcore.URL(url).origin, ssl_context=trust, network_backend=_Pinned(addresses, self._end)
        )

    @property
    def address(self) -> Address | None:
        """What it is connected to."""
        return self._end.address

    @property
    def rests(self) -> bool:
        """Whether the last answer was read to its end, so that another message may go."""
        return self._connection.is_idle()

    @property
    def has_ended(self) -> bool:
        """Whether the other end has closed it while it rested."""
        return self._connection.has_expired()

    def allow(self, until: float) -> None:
        """Let everything on this line end at this moment of the monotonic clock."""
        self._end.deadline = until

    @contextmanager
    def post(self, url: str, body: bytes, headers: Headers) -> Iterator[httpcore.Response]:
        """Send one message; its answer, whose body is read while it is open."""
        with self._connection.stream("POST", url, headers=headers, content=body) as answer:
            yield answer

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class Kept:
    """The lines of a process that rest between two messages to the same receiver; for many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._resting: list[tuple[str, float, Line]] = []

    def take(self, origin: str, addresses: Collection[Address]) -> Line | None:
        """A line that rests for this origin, to one of these addresses; the one used last."""
        while True:
            with self._guard:
                places = [place for place, rests in enumerate(self._resting) if rests[0] == origin]
                if not places:
                    return None
                _origin, since, line = self._resting.pop(places[-1])
            if line.address in addresses and not line.has_ended and _is_fresh(since):
                return line
            line.close()

    def give(self, origin: str, line: Line) -> None:
        """Let a line rest, or close it where its answer is not over or too many rest already."""
        if line.rests:
            with self._guard:
                if len(self._resting) < MOST_RESTING:
                    self._resting.append((origin, time.monotonic(), line))
                    return
        line.close()

    def end_old(self, *, all_of_them: bool = False) -> None:
        """Close the lines that have rested long enough."""
        with self._guard:
            over = [rests for rests in self._resting if all_of_them or not _is_fresh(rests[1])]
            self._resting = [rests for rests in self._resting if rests not in over]
        for _origin, _since, line in over:
            line.close()


def _is_fresh(since: float) -> bool:
    return time.monotonic() - since < RESTING_SECONDS


class _End:
    """When a line must have ended, and to what address it leads."""

    def __init__(self) -> None:
        self.deadline = math.inf
        self.address: Address | None = None

    def left(self) -> float:
        """Seconds until then; raises a time-out where none are left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time limit of the try is over")
        return left


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever the host of the URL resolves to by now.

    Host header and server name of TLS stay those of the URL.
    """

    def __init__(self, addresses: Sequence[Address], end: _End) -> None:
        self._addresses = addresses
        self._end = end
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
                stream = self._real.connect_tcp(str(address), port, timeout=self._end.left())
            except httpcore.ConnectError as error:
                failed = error
            else:
                self._end.address = address
                return _Timed(stream, self._end)
        raise failed or httpcore.ConnectError("no address")


class _Timed(httpcore.NetworkStream):
    """A stream whose every step ends at one moment, so that slow drips do not add up."""

    def __init__(self, stream: httpcore.NetworkStream, end: _End) -> None:
        self._stream = stream
        self._end = end
        # what is known of the connection, such as whether its other end has closed it
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came, at most so many bytes."""
        return self._stream.read(max_bytes, timeout=self._end.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, timeout=self._end.left())

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
            secured = self._stream.start_tls(ssl_context, server_hostname, timeout=self._end.left())
        except httpcore.ConnectError as error:
            raise TlsFailed(str(error)) from error
        return _Timed(secured, self._end)
