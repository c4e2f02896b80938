"""What runs beside a server ends with it, also where it does not listen."""

import subprocess
import sys

import pytest

from review.cli import background

DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
)


class Deaf(background._Spawned):
    """A process that does not end when it is asked to."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        with self._process.stdout as heard:
            heard.readline()


def test_a_child_that_does_not_end_is_ended_by_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_SECONDS", 0.2)
    child = Deaf()
    kept = background.Background(lambda: child)
    kept.stop()
    assert child._process.poll() == -9
    kept.stop()  # once more is nothing
