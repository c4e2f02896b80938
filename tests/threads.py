"""Many at once: run calls in real threads that start together, each with a context of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Flask

Result = TypeVar("Result")


def together(app: Flask, calls: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """What each call gave or raised, in order; all begin at the same moment."""
    barrier = threading.Barrier(len(calls))
    results: list[Result | Exception | None] = [None] * len(calls)

    def run(place: int) -> None:
        with app.app_context():
            barrier.wait(10)
            try:
                results[place] = calls[place]()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [result for result in results if result is not None]
