"""The desk lies in memory once, however many processes of a server use it."""

import gc
import multiprocessing

import pytest
from flask import Flask

from review import memory
from review.cli import image
from tests.conftest import Desk


def test_the_desk_that_a_command_has_made_is_the_one_that_is_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(image, "_built", {})
    monkeypatch.setattr(multiprocessing, "set_start_method", lambda *_a, **_b: None)
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda: "fork")
    monkeypatch.setattr(memory, "give_back", lambda: steps.append("give back"))
    monkeypatch.setattr(gc, "freeze", lambda: steps.append("freeze"))
    image.build("nowhere:create_app", built=desk.app)
    served: Flask = image.application("nowhere:create_app")
    assert served is desk.app
    assert steps == ["give back", "freeze"]
