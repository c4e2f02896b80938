"""Runs the background loops until asked to stop: each waits, works in its own application context, waits."""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from flask import Flask

from review import db
from review.domain.signer_refusals import SignerRefused
from review.errors import ReviewError
from review.workers import (
    counting,
    delivering,
    dispatching,
    erasing,
    expiring,
    exporting,
    indexing,
    looking,
    receiving,
    sequencing,
    signing,
    verifying,
    witnessing,
)
from review.workers.pulse import Pulse
from review.workers.resting import Rest

log = structlog.get_logger()


@dataclass(frozen=True)
class Loop:
    """One background task: ``run_once`` says whether more is waiting; ``pause_seconds`` when not.

    ``finish`` ends what is still under way when the loop is asked to stop.
    """

    name: str
    run_once: Callable[[Flask], bool]
    pause_seconds: float
    finish: Callable[[Flask], None] | None = None


LOOPS: dict[str, Loop] = {
    loop.name: loop
    for loop in (
        Loop("dispatch", dispatching.run_once, 0.5),
        Loop("sequence", sequencing.run_once, 0.5),
        Loop("sign", signing.run_once, 0.5),
        Loop("witness", witnessing.run_once, 0.5, witnessing.finish),
        Loop("expire", expiring.run_once, 5.0),
        Loop("index", indexing.run_once, 1.0),
        Loop("verify", verifying.run_once, 0.5),
        Loop("count", counting.run_once, 1.0),
        Loop("look", looking.run_once, 1.0),
        Loop("receive", receiving.run_once, 0.5, receiving.finish),
        Loop("export", exporting.run_once, 1.0, exporting.finish),
        Loop("deliver", delivering.run_once, 0.5, delivering.finish),
        Loop("erase", erasing.run_once, 5.0),
    )
}
FAILED_PAUSE_SECONDS = 5.0
LOOKS_UP_SECONDS = 1.0
"""How often the main thread, which alone runs handlers of signals, wakes: a signal that the system hands to
another thread, or that comes just before the wait, does not wake it."""


def _turn(app: Flask, loop: Loop, stop: threading.Event, pulse: Pulse, rest: Rest) -> None:
    """Work until stopped; what passes by itself (a locked or restarting database) is logged and retried."""
    while not stop.is_set():
        pause = loop.pause_seconds
        try:
            with app.app_context():
                if loop.run_once(app):
                    pause = 0.0
            pulse.turned(loop.name)
        except ReviewError as error:
            code = error.refusal if isinstance(error, SignerRefused) else error.code
            log.warning("loop_waits", loop=loop.name, code=code, detail=error.detail)
            pulse.turned(loop.name, failure=code)
            pause = FAILED_PAUSE_SECONDS
        except Exception:
            log.exception("loop_failed", loop=loop.name)
            pulse.turned(loop.name, failure="unexpected")
            pause = FAILED_PAUSE_SECONDS
        rest.turned(loop.name, worked=pause == 0.0)
        stop.wait(pause)
    _finish(app, loop)


def _finish(app: Flask, loop: Loop) -> None:
    if loop.finish is None:
        return
    try:
        with app.app_context():
            loop.finish(app)
    except Exception:  # whoever works next takes over what was left
        log.exception("loop_failed", loop=loop.name)


def stopper(stopping: threading.Event) -> Callable[[int, object], None]:
    """The handler of a signal that asks to stop; one that comes while it is at work finds nothing to do.

    A second one would wait for ever for the lock of the event, which the first one holds.
    """
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        if not asked:
            asked.append(number)
            stopping.set()

    return stop


def run(app: Flask, names: Sequence[str] = (), *, stop: threading.Event | None = None) -> None:
    """Run the named loops (all of them when none is named) until SIGTERM, SIGINT or ``stop``."""
    stopping = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stopper(stopping))
    chosen = names or tuple(LOOPS)
    pulse, rest = Pulse(), Rest(chosen)
    with app.app_context():
        db.keep_small_caches(db.extension.engine)
    threads = [
        threading.Thread(target=_turn, args=(app, LOOPS[name], stopping, pulse, rest), name=name)
        for name in chosen
    ]
    threads.append(threading.Thread(target=pulse.beat, args=(app, stopping), name="pulse"))
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(LOOKS_UP_SECONDS)
            rest.look(app)
