"""Load shedding: how many programs may ask at a time, so that people's pages always find a thread.

A server has threads for all lanes together and a reserve for pages. A few requests of a lane work, a few
wait for their turn in order, and whoever comes then is told at once, before its body is read, to come
again (RFC 9110, section 15.6.4). Few work at a time because Python runs one thread at a time: with more
of them a page would not wait for a thread, but for its turn to run. For the same reason calls that change
something go one by one on SQLite, which has one writer: they would only wait for each other inside, where
waiting costs more. Their bodies are read before, so that a slow sender keeps nobody from that turn.

The steps of a moderator's work, which are all short, go one by one there as well (`review.web.steps`);
whoever has to wait for a writer lets the next one go on.
"""

import io
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import ClosingIterator, get_input_stream

from review import metrics, writers
from review.errors import Overloaded
from review.web import errors, guard, limits
from review.web.steps import Steps

LARGE_BODY = 1024 * 1024
SMALL_BODY = 64 * 1024
SAFE = ("GET", "HEAD", "OPTIONS")
PAGE_THREADS = 8
DRAIN_THREADS = 4
DRAIN_WAIT_SECONDS = 0.2
TURN_WAIT_SECONDS = 10.0
Start = Callable[..., Any]
GiveUp = Callable[[], None]
TakeAgain = Callable[[], None]
Answer = tuple[list[bytes], Iterable[bytes] | None]
_STEP = re.compile(r"/search|/queue/next|/cases/[^/]+(/(claim|renew|release|draft|review|undo))?")


@dataclass
class Lane:
    """Requests of one kind: ``working`` at a time, ``waiting`` behind them for at most ``wait_seconds``."""

    name: str
    working: int
    waiting: int
    wait_seconds: float
    retry_after_seconds: int
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _queue: deque[threading.Event] = field(default_factory=deque)
    _busy: int = 0

    def enter(self) -> bool:
        """Take a turn, after a wait where others are before; False where there is none to be had."""
        with self._guard:
            if self._busy < self.working:
                self._busy += 1
                return True
            if len(self._queue) >= self.waiting:
                return False
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(self.wait_seconds):
            return True
        with self._guard:
            if turn not in self._queue:
                return True
            self._queue.remove(turn)
            return False

    def leave(self) -> None:
        """Hand the turn to the one who has waited longest."""
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._busy -= 1


def lanes() -> dict[str, Lane]:
    """The lanes of one process: ordinary calls of programs, and those with large bodies or answers."""
    return {
        "api": Lane("api", working=4, waiting=12, wait_seconds=2.0, retry_after_seconds=2),
        "large": Lane("large", working=2, waiting=2, wait_seconds=2.0, retry_after_seconds=5),
    }


SERVER_THREADS = PAGE_THREADS + DRAIN_THREADS + sum(lane.working + lane.waiting for lane in lanes().values())


def lane_of(environ: dict[str, Any]) -> str | None:
    """Which lane a request takes; None for pages, pictures and monitors."""
    path = str(environ.get("PATH_INFO", ""))
    if not path.startswith(limits.PROGRAMS):
        return None
    if path.endswith(("/batch", "/results")):
        return "large"
    if environ.get("REQUEST_METHOD") in SAFE:
        return "api"
    length = str(environ.get("CONTENT_LENGTH") or "")
    unknown = not length and bool(environ.get("HTTP_TRANSFER_ENCODING"))
    large = length.isascii() and length.isdigit() and int(length[:20]) > LARGE_BODY
    return "large" if unknown or large else "api"


def is_step(environ: dict[str, Any]) -> bool:
    """Whether a request is a step of a moderator's work: to find, take, look at and review a case."""
    return _STEP.fullmatch(str(environ.get("PATH_INFO", ""))) is not None


class Admission:
    """Stands before the application and lets in what finds a place."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, one_writer: bool) -> None:
        self.application = application
        self.lanes = lanes()
        self.steps = Steps(threads=PAGE_THREADS) if one_writer else None
        self.calls = Steps(threads=1, wait_seconds=TURN_WAIT_SECONDS) if one_writer else None
        self._refusals = {name: _turned_away(lane) for name, lane in self.lanes.items()}
        self._draining = threading.BoundedSemaphore(DRAIN_THREADS)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if (stated := _stated_length(environ)) is not None and stated <= SMALL_BODY:
            environ["wsgi.input"] = get_input_stream(environ)  # ends where the body does, in every server
        name = lane_of(environ)
        if name is None:
            return self._page(environ, start_response)
        lane, flying = self.lanes[name], metrics.current.in_flight.labels(name)
        flying.inc()
        if not lane.enter():
            flying.dec()
            metrics.current.shed.labels(name).inc()
            if self._draining.acquire(timeout=DRAIN_WAIT_SECONDS):
                try:
                    _drain(environ)
                finally:
                    self._draining.release()
            return self._turn_away(name, start_response)
        stays = False
        try:
            whole, streamed = self._work(name, environ, start_response)
            stays = streamed is not None
        finally:
            if not stays:
                lane.leave()
                flying.dec()
        return whole if streamed is None else ClosingIterator(streamed, [lane.leave, flying.dec])

    def _page(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.steps is None or not is_step(environ):
            whole, streamed = _answer(self.application, environ, start_response)
            return whole if streamed is None else streamed
        if (length := _stated_length(environ)) is not None and length <= LARGE_BODY:
            environ["wsgi.input"] = io.BytesIO(_read(environ["wsgi.input"], length))

        def step(give_up: GiveUp, take_again: TakeAgain, start: Start) -> Answer:
            with writers.around_waiting(give_up, take_again):
                return _answer(self.application, environ, start)

        whole, streamed = _in_turn(self.steps, step, start_response)
        return whole if streamed is None else streamed

    def _work(self, name: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        """The answer, in turn where a small call changes something."""
        if name != "api" or environ.get("REQUEST_METHOD") in SAFE:
            return _answer(self.application, environ, start_response)
        if (length := _stated_length(environ)) is not None:
            environ["wsgi.input"] = io.BytesIO(_read(environ["wsgi.input"], length))
        if self.calls is None:
            return _answer(self.application, environ, start_response)

        def call(_give_up: GiveUp, _take_again: TakeAgain, start: Start) -> Answer:
            return _answer(self.application, environ, start)

        return _in_turn(self.calls, call, start_response)

    def _turn_away(self, name: str, start_response: Callable[..., Any]) -> list[bytes]:
        headers, body = self._refusals[name]
        start_response("503 Service Unavailable", headers)
        return [body]


def _in_turn(
    steps: Steps, work: Callable[[GiveUp, TakeAgain, Start], Answer], start_response: Start
) -> Answer:
    """The answer, made in turn, perhaps by another thread; the server hears of it from its own."""
    begun: list[tuple[Any, ...]] = []
    answer = steps.run(lambda give_up, take: work(give_up, take, lambda *start: begun.append(start)))
    start_response(*begun[-1])
    return answer


def _stated_length(environ: dict[str, Any]) -> int | None:
    """The length of the body as its header says, None where that is no plain number."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    plain = length.isascii() and length.isdigit() and "HTTP_TRANSFER_ENCODING" not in environ
    return int(length[:20]) if plain else None


def _read(source: Any, length: int) -> bytes:
    """So many bytes, or what came of them before the client went away."""
    body = bytearray()
    with suppress(OSError, ClientDisconnected):
        while len(body) < length and (piece := source.read(length - len(body))):
            body += piece
    return bytes(body)


def _answer(
    application: Callable[..., Iterable[bytes]], environ: dict[str, Any], start_response: Callable[..., Any]
) -> Answer:
    """The whole answer, with the headers that all carry, where it is small; else nothing and its stream.

    A whole one is given back at once: the server need not come back for it, and its place is free again
    however slowly the client reads.
    """
    lengths: list[int] = []
    statuses: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        statuses[:] = [status]
        lengths[:] = [int(value) for name, value in headers if name.lower() == "content-length"]
        return start_response(status, guard.sealed(headers), *more)

    answer = application(environ, start)
    if not lengths or lengths[0] > LARGE_BODY:
        return [], answer
    try:
        if statuses[0] >= "4":
            _drain(environ)
        return list(answer), None
    finally:
        if hasattr(answer, "close"):
            answer.close()


def _drain(environ: dict[str, Any]) -> None:
    """Read the rest of a small body that nobody wanted.

    Else the server closes the connection under a client that is still sending, which then sees a broken
    pipe instead of its answer (RFC 9112, section 9.6).
    """
    length = _stated_length(environ)
    if length is not None and length <= SMALL_BODY:
        _read(environ["wsgi.input"], length)


def _turned_away(lane: Lane) -> tuple[list[tuple[str, str]], bytes]:
    """The same problem document as everywhere, made beforehand, because it must be cheap."""
    refusal = Overloaded("Too many requests are being answered now; send this one again a little later.")
    body = json.dumps(errors.problem_members(refusal, status=503)).encode()
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(lane.retry_after_seconds)),
    ]
    return guard.sealed(headers), body


def register(app: Flask) -> None:
    """Put the lanes before the application."""
    one_writer = app.config["REVIEW_SETTINGS"].is_sqlite
    app.wsgi_app = Admission(app.wsgi_app, one_writer=one_writer)  # type: ignore[method-assign]
