"""Lanes: few work, few wait in order, the rest is turned away at once; pages are in none."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from review import metrics
from review.domain.permissions import Permission
from review.web import guard
from review.web.admission import LARGE_BODY, SERVER_THREADS, Lane, lane_of, lanes
from tests.conftest import Desk
from tests.journeys.server import until


@pytest.mark.parametrize(
    ("method", "path", "more", "lane"),
    [
        ("GET", "/queue", {}, None),
        ("POST", "/sign-in", {"CONTENT_LENGTH": "900000000"}, None),
        ("GET", "/healthz", {}, None),
        ("GET", "/readyz", {}, None),
        ("GET", "/static/desk.css", {}, None),
        ("GET", "/log/checkpoint", {}, "api"),
        ("GET", "/api/v1/referrals", {}, "api"),
        ("POST", "/api/v1/referrals", {"CONTENT_LENGTH": str(LARGE_BODY)}, "api"),
        ("POST", "/api/v1/referrals", {"CONTENT_LENGTH": str(LARGE_BODY + 1)}, "large"),
        ("POST", "/api/v1/referrals", {"HTTP_TRANSFER_ENCODING": "chunked"}, "large"),
        ("POST", "/api/v1/referrals", {"CONTENT_LENGTH": "٣"}, "api"),
        ("POST", "/api/v1/referrals", {"CONTENT_LENGTH": "9" * 5000}, "large"),
        ("POST", "/api/v1/referrals/R-1/withdraw", {}, "api"),
        ("POST", "/api/v1/referrals/batch", {"CONTENT_LENGTH": "10"}, "large"),
        ("GET", "/api/v1/batches/B-1/results", {}, "large"),
    ],
)
def test_each_request_has_its_lane(method: str, path: str, more: dict[str, str], lane: str | None) -> None:
    assert lane_of({"REQUEST_METHOD": method, "PATH_INFO": path} | more) == lane


def test_pages_have_threads_that_no_lane_can_take() -> None:
    assert SERVER_THREADS - sum(lane.working + lane.waiting for lane in lanes().values()) >= 8


def test_a_lane_lets_in_so_many_and_those_who_wait_in_order() -> None:
    lane = Lane("api", working=2, waiting=2, wait_seconds=30, retry_after_seconds=1)
    assert lane.enter()
    assert lane.enter()
    order: list[int] = []

    def queue_up(number: int) -> None:
        assert lane.enter()
        order.append(number)

    waiting = []
    for number in range(2):
        thread = threading.Thread(target=queue_up, args=(number,))
        thread.start()
        while len(lane._queue) <= number:
            pass
        waiting.append(thread)
    assert not lane.enter()
    for number in range(2):
        lane.leave()
        waiting[number].join(10)
    assert order == [0, 1]
    lane.leave()
    lane.leave()
    assert lane.enter()


def test_who_waited_too_long_is_turned_away_and_takes_no_place() -> None:
    lane = Lane("api", working=1, waiting=1, wait_seconds=0.01, retry_after_seconds=1)
    assert lane.enter()
    assert not lane.enter()
    lane.leave()
    assert lane.enter()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_lane_answers_503_before_it_reads_and_pages_still_answer(desk: Desk) -> None:
    lane = desk.app.wsgi_app.lanes["large"]  # type: ignore[attr-defined]
    lane.wait_seconds = 0.0
    for _ in range(lane.working):
        assert lane.enter()

    class Unread:
        def read(self, *_sizes: Any) -> bytes:
            pytest.fail("the body was read")

    before = metrics.current.shed.labels("large")._value.get()
    answer = desk.client().post(
        "/api/v1/referrals",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(LARGE_BODY * 2)},
    )
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "5"
    assert answer.get_json()["type"] == "/errors/overloaded"
    assert "Content-Security-Policy" in answer.headers
    assert metrics.current.shed.labels("large")._value.get() == before + 1
    assert desk.client().get("/sign-in").status_code == 200
    assert desk.client().get("/api/v1/referrals").status_code == 401


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_places_are_given_back_whatever_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    admission: Any = desk.app.wsgi_app
    for _ in range(40):
        desk.client().get("/api/v1/referrals")
        desk.client().post("/api/v1/referrals", data=b"{", content_type="application/json")

    def broken(*_arguments: object) -> list[bytes]:
        raise RuntimeError("broken")

    monkeypatch.setattr(admission, "application", broken)
    for _ in range(20):
        with pytest.raises(RuntimeError):
            desk.client().get("/api/v1/referrals")
    assert [lane._busy for lane in admission.lanes.values()] == [0, 0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_streamed_answer_keeps_its_place_until_it_is_closed(desk: Desk) -> None:
    admission: Any = desk.app.wsgi_app

    @guard.access(Permission.ANYONE)
    def stream() -> Iterator[bytes]:
        yield b"a"
        yield b"b"

    desk.app.add_url_rule("/api/v1/stream", "stream", stream)
    with desk.client().get("/api/v1/stream") as answer:
        assert answer.status_code == 200
        assert admission.lanes["api"]._busy == 1
    assert admission.lanes["api"]._busy == 0


class _Source(io.BytesIO):
    """A body that comes in pieces of three bytes and notes at each whether somebody had the turn."""

    def __init__(self, body: bytes, admission: Any) -> None:
        super().__init__(body)
        self.admission = admission
        self.busy: list[bool] = []

    def read(self, size: int | None = -1, /) -> bytes:
        """At most three bytes."""
        self.busy.append(self.admission.calls._busy)
        return super().read(3 if size is None or size < 0 else min(size, 3))


def _post(admission: Any, source: io.BytesIO, length: str, **more: str) -> str:
    """The status of a call that changes something, with this body."""
    statuses: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/v1/referrals",
        "CONTENT_LENGTH": length,
        "wsgi.input": source,
    } | more
    answer = admission(environ, lambda status, _headers: statuses.append(status))
    assert b"".join(answer) or statuses
    return statuses[0]


def test_changes_go_one_by_one_where_there_is_one_writer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    admission: Any = desk.app.wsgi_app
    sqlite = desk.app.config["REVIEW_SETTINGS"].is_sqlite
    assert (admission.calls is not None) == sqlite
    both, go_on, inside = threading.Barrier(2), threading.Event(), []

    def working(environ: dict[str, Any], start: Any) -> list[bytes]:
        inside.append(environ["CONTENT_LENGTH"])
        if sqlite and len(inside) == 1:
            assert go_on.wait(10)
        elif not sqlite:
            both.wait(10)
        inside.append("done")
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    monkeypatch.setattr(admission, "application", working)
    threads = [threading.Thread(target=_post, args=(admission, io.BytesIO(b"{}"), length)) for length in "12"]
    threads[0].start()
    until(lambda: inside)
    threads[1].start()
    if sqlite:
        until(lambda: admission.calls._jobs)
        go_on.set()
    for thread in threads:
        thread.join(10)
    assert inside == (["1", "done", "2", "done"] if sqlite else ["1", "2", "done", "done"])
    assert admission.lanes["api"]._busy == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "length", "found"),
    [
        (b"0123456789", "10", b"0123456789"),
        (b"01234", "10", b"01234"),
        (b"0123456789", "4", b"0123"),
        (b"", "", b""),
    ],
)
def test_a_body_is_read_before_its_turn(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    body: bytes,
    length: str,
    found: bytes,
) -> None:
    admission: Any = desk.app.wsgi_app
    source, bodies = _Source(body, admission), []

    def reading(environ: dict[str, Any], start: Any) -> list[bytes]:
        bodies.append(environ["wsgi.input"].read())
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    monkeypatch.setattr(admission, "application", reading)
    assert _post(admission, source, length) == "200 OK"
    assert bodies == [found]
    assert set(source.busy) <= {False}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("length", "more"), [("٣", {}), ("3", {"HTTP_TRANSFER_ENCODING": "chunked"})])
def test_a_body_of_unclear_length_is_left_to_the_application(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, length: str, more: dict[str, str]
) -> None:
    admission: Any = desk.app.wsgi_app
    source = io.BytesIO(b"123")
    inputs: list[object] = []

    def looking(environ: dict[str, Any], start: Any) -> list[bytes]:
        inputs.append(environ["wsgi.input"])
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    monkeypatch.setattr(admission, "application", looking)
    _post(admission, source, length, **more)
    assert inputs == [source]
