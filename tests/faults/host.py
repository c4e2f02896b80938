"""A process that has imported the desk once and forks it on command, because an import costs a second.

Run as ``python -m tests.faults.host``; reads one JSON command a line, answers one line each. Single-threaded,
so that a fork is clean. What runs in the forks is the product's own: the production server and the loops.
"""

import ctypes
import json
import os
import signal
import sys
import time
import traceback
from typing import Any

from flask import current_app

from app import create_checked_app
from review.cli import serving
from review.config import read_settings
from review.workers import loops
from tests.faults import clocks, variants

PDEATHSIG = 1


def serve(port: int, workers: int) -> None:
    """The production server without its background loops, which the harness starts apart."""
    with serving.hold_port(port), serving.hold_database(read_settings()):
        serving.run_server("app:create_checked_app", port=port, workers=workers, children=())


def work(names: list[str]) -> None:
    """The named background loops."""
    app = create_checked_app()
    with app.app_context():
        loops.run(current_app._get_current_object(), names)  # type: ignore[attr-defined]


def run(order: dict[str, Any]) -> None:
    """Become what was ordered; never returns."""
    status = 1
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        os.environ.update(order["environment"])
        clocks.shift(order["clock"])
        variants.apply(order["variant"])
        if order["loops"]:
            work(order["loops"])
        else:
            serve(order["port"], order["workers"])
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def start(order: dict[str, Any]) -> int:
    """Fork one process of its own session; its id."""
    started = os.fork()
    if started == 0:
        run(order)
    return started


def gone(number: int) -> bool:
    """Whether this child has ended; it is buried then."""
    try:
        return os.waitpid(number, os.WNOHANG)[0] == number
    except ChildProcessError:
        return True


def wait(number: int, seconds: float = 20) -> bool:
    """Wait for the end of a child; whether it came in time."""
    deadline = time.monotonic() + seconds
    while not gone(number):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def main() -> None:
    """Obey until the standard input ends, then end whatever still runs."""
    started: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            answer: object = start(order)
            started.add(int(str(answer)))
        else:
            answer = wait(order["pid"])
            started.discard(order["pid"])
        print(json.dumps(answer), flush=True)
    for number in started:
        try:
            os.killpg(number, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
