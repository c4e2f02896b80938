"""The steps of moderators' work go one by one on SQLite; nobody is refused, and no other page waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from review.web.admission import is_step
from review.web.steps import Steps
from tests.conftest import Desk
from tests.journeys.server import until


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("/queue/next", True),
        ("/cases/C-7K3M-9QXD-2FWT", True),
        ("/cases/C-7K3M-9QXD-2FWT/review", True),
        ("/cases/C-7K3M-9QXD-2FWT/undo", True),
        ("/search", True),
        ("/queue", False),
        ("/cases/C-7K3M-9QXD-2FWT/reveal", False),
        ("/cases/C-7K3M-9QXD-2FWT/review/more", False),
        ("/sign-in", False),
        ("/records/C-7K3M-9QXD-2FWT", False),
    ],
)
def test_only_short_steps_wait_for_each_other(path: str, *, step: bool) -> None:
    assert is_step({"PATH_INFO": path}) is step


def _ask(desk: Desk, path: str) -> int:
    return desk.client().get(path).status_code


def test_a_second_step_waits_for_the_first_and_other_pages_do_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    door: Any = desk.app.wsgi_app
    if not desk.settings.is_sqlite:
        assert door.steps is None, "processes on PostgreSQL have many writers"
        return
    monkeypatch.setattr(door.steps, "wait_seconds", 30.0)
    inside, go_on, order = threading.Event(), threading.Event(), []
    real = door.application

    def slow(environ: dict[str, Any], start: Any) -> Any:
        if environ["PATH_INFO"] == "/cases/slow":
            inside.set()
            assert go_on.wait(10)
        order.append(environ["PATH_INFO"])
        return real(environ, start)

    monkeypatch.setattr(door, "application", slow)
    first = threading.Thread(target=_ask, args=(desk, "/cases/slow"))
    first.start()
    assert inside.wait(10)
    second = threading.Thread(target=_ask, args=(desk, "/cases/next"))
    second.start()
    assert _ask(desk, "/healthz") == 200
    assert order == ["/healthz"]
    go_on.set()
    first.join(10)
    second.join(10)
    assert order == ["/healthz", "/cases/slow", "/cases/next"]


def _slow_first(door: Any, monkeypatch: pytest.MonkeyPatch, go_on: threading.Event) -> threading.Event:
    """Let ``/cases/slow`` wait for ``go_on``; tells when it is inside."""
    inside, real = threading.Event(), door.application

    def slow(environ: dict[str, Any], start: Any) -> Any:
        if environ["PATH_INFO"] == "/cases/slow":
            inside.set()
            assert go_on.wait(10)
        return real(environ, start)

    monkeypatch.setattr(door, "application", slow)
    return inside


def test_a_step_that_waits_too_long_goes_on_without_its_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    door: Any = desk.app.wsgi_app
    monkeypatch.setattr(door, "steps", Steps(threads=1, wait_seconds=0.0))
    go_on = threading.Event()
    inside = _slow_first(door, monkeypatch, go_on)
    first = threading.Thread(target=_ask, args=(desk, "/cases/slow"))
    first.start()
    assert inside.wait(10)
    assert _ask(desk, "/cases/C-7K3M-9QXD-2FWT") == 303
    assert first.is_alive(), "the first still has its turn"
    go_on.set()
    first.join(10)


def test_a_step_that_fails_gives_its_turn_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    door: Any = desk.app.wsgi_app
    monkeypatch.setattr(door, "steps", Steps(threads=1))

    def failing(_environ: dict[str, Any], _start: Any) -> Any:
        raise RuntimeError("no answer")

    monkeypatch.setattr(door, "application", failing)
    with pytest.raises(RuntimeError):
        _ask(desk, "/cases/C-7K3M-9QXD-2FWT")
    assert door.steps._busy is False


class _Crowd:
    """People who run steps, each in a thread; notes who was at work, in order."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.order: list[str] = []
        self._threads: list[threading.Thread] = []

    def come(self, work: Callable[..., object]) -> None:
        thread = threading.Thread(target=self.steps.run, args=(work,))
        self._threads.append(thread)
        thread.start()

    def note(self, name: str) -> None:
        """Somebody comes whose step is only to be noted; back when it stands in the queue."""
        before = len(self.steps._jobs)
        self.come(lambda _give_up, _take: self.order.append(name))
        until(lambda: len(self.steps._jobs) > before)

    def go(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


def test_steps_are_done_in_the_order_in_which_they_came() -> None:
    crowd, inside, go_on = _Crowd(Steps(threads=2, wait_seconds=30)), threading.Event(), threading.Event()

    def slow(_give_up: object, _take: object) -> None:
        inside.set()
        assert go_on.wait(10)
        crowd.order.append("first")

    crowd.come(slow)
    assert inside.wait(10)
    for name in ("second", "third", "fourth"):
        crowd.note(name)
    go_on.set()
    crowd.go()
    assert crowd.order == ["first", "second", "third", "fourth"]


def test_who_waits_outside_lets_the_next_go_on_and_comes_back_before_the_rest() -> None:
    crowd = _Crowd(Steps(threads=2, wait_seconds=30))
    inside, outside, came, go_on = (threading.Event() for _number in range(4))

    def come_back() -> None:
        until(lambda: crowd.steps._returning)
        go_on.set()

    def waiting(give_up: Callable[[], None], take: Callable[[], None]) -> None:
        inside.set()
        assert outside.wait(10)
        give_up()
        assert came.wait(10)
        threading.Thread(target=come_back).start()
        take()
        crowd.order.append("back")

    def second(_give_up: object, _take: object) -> None:
        crowd.order.append("second")
        came.set()
        assert go_on.wait(10)

    crowd.come(waiting)
    assert inside.wait(10)
    crowd.come(second)
    until(lambda: len(crowd.steps._jobs) == 1)
    crowd.note("third")
    outside.set()
    crowd.go()
    assert crowd.order == ["second", "back", "third"]


def test_a_step_answers_whoever_brought_it_and_raises_there() -> None:
    steps = Steps(threads=1)
    assert steps.run(lambda _give_up, _take: 7) == 7
    with pytest.raises(ZeroDivisionError):
        steps.run(lambda _give_up, _take: 1 // 0)
    assert steps.run(lambda _give_up, _take: 8) == 8
