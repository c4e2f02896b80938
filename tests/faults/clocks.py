"""A clock that is wrong, for one process or for all that look at one file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from review import clock


def shift(order: str) -> None:
    """Move this process's clock: by ``order`` seconds, or by what the file ``order`` says at each look.

    The former moves all that Python asks for the time; the latter the desk's own clock alone, which can then
    be stepped while it runs. Blank leaves the clock alone.
    """
    path = Path(order)
    if path.is_absolute():
        clock.now = lambda: datetime.now(UTC) + timedelta(seconds=float(path.read_text()))
    elif order:
        time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(order)), tick=True).start()


def step(path: Path, seconds: float) -> None:
    """Let the clocks of all processes that look at this file jump, at once and never to half a number."""
    fresh = path.with_suffix(".next")
    fresh.write_text(str(seconds))
    fresh.replace(path)
