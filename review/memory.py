"""Gives memory back to the system that the program has done with but its C library keeps."""

import ctypes
import sys


def give_back() -> None:
    """Return what was freed, where the C library can (``malloc_trim`` of glibc); elsewhere nothing happens.

    It does so by itself only at the end of a heap, and each thread that ever worked has a heap of its own.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
