"""The steps of moderators' work go one by one on SQLite; nobody is refused, and no other page waits."""

import threading
from typing import Any

import pytest

from review.web import admission
from review.web.admission import is_step
from tests.conftest import Desk


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("/queue/next", True),
        ("/cases/C-7K3M-9QXD-2FWT", True),
        ("/cases/C-7K3M-9QXD-2FWT/review", True),
        ("/cases/C-7K3M-9QXD-2FWT/undo", True),
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
    assert door.steps._busy == 0


def test_a_step_that_waits_too_long_goes_on_without_its_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    door: Any = desk.app.wsgi_app
    monkeypatch.setattr(door, "steps", admission.Lane("step", 1, 4, 0.0, 1))
    assert door.steps.enter()
    assert _ask(desk, "/cases/C-7K3M-9QXD-2FWT") == 303
    assert door.steps._busy == 1, "the turn of the first is untouched"


def test_a_step_that_fails_gives_its_turn_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    door: Any = desk.app.wsgi_app
    monkeypatch.setattr(door, "steps", admission.Lane("step", 1, 4, 0.0, 1))

    def failing(_environ: dict[str, Any], _start: Any) -> Any:
        raise RuntimeError("no answer")

    monkeypatch.setattr(door, "application", failing)
    with pytest.raises(RuntimeError):
        _ask(desk, "/cases/C-7K3M-9QXD-2FWT")
    assert door.steps._busy == 0
