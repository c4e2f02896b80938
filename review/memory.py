"""Gives memory back that the program has done with, and does not look for any where there is none."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COLLECT_AFTER = (100_000, 50, 100)
"""Long work makes millions of objects without cycles: looking for some every 700 costs a fifth of it."""


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the collector of this process look for cycles less often meanwhile."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def give_back() -> None:
    """Return what was freed, where the C library can (``malloc_trim`` of glibc); elsewhere nothing happens.

    It does so by itself only at the end of a heap, and each thread that ever worked has a heap of its own.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
