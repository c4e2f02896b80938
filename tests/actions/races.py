"""Many people at once: real threads that start at a barrier, each in a context of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from review.errors import ReviewError

Result = TypeVar("Result")


def at_once(app: Flask, calls: Sequence[Callable[[], Result]]) -> list[Result | ReviewError]:
    """Run the calls at the same moment; what each gave or which domain error it raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result | ReviewError:
        with app.app_context():
            barrier.wait()
            try:
                return call()
            except ReviewError as error:
                return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
