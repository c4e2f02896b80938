"""Loops end however often they are asked to, and whichever thread the signal was handed to."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from review.workers.loops import stopper
from tests.house.readme_tables import ROOT
from tests.journeys.server import Program

HANDED_TO_ANOTHER_THREAD = """
import signal
from app import create_app
from review.workers import loops

def turn(_app):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    print("turned", flush=True)
    return False

app = create_app()
loops.LOOPS["sign"] = loops.Loop("sign", turn, 300.0)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
loops.run(app, ["sign"])
"""


@pytest.mark.timeout(20)
def test_a_second_signal_in_the_midst_of_the_first_does_not_wait_for_it() -> None:
    class Interrupted(threading.Event):
        def set(self) -> None:
            with self._cond:  # type: ignore[attr-defined]
                ask(signal.SIGTERM, None)  # just while the lock is held
            super().set()

    event = Interrupted()
    ask = stopper(event)
    ask(signal.SIGINT, None)
    assert event.is_set()


def test_a_signal_that_another_thread_was_handed_ends_the_loops(tmp_path: Path) -> None:
    desk = Program(tmp_path, f"sqlite:///{tmp_path}/desk.db", hosts="video.example")
    assert desk.run("upgrade").returncode == 0
    command = [sys.executable, "-c", HANDED_TO_ANOTHER_THREAD]
    with subprocess.Popen(
        command, env=desk.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "turned\n"
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()
