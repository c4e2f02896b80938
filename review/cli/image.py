"""The desk as it lies in memory before workers and loops are forked from it, so that they share its pages."""

import gc
import importlib
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy.orm import configure_mappers

from review import memory, metrics
from review.web import presentation

_built: dict[str, Flask] = {}
_kept: set[int] = set()


def build(target: str, *, built: Flask | None = None) -> None:
    """Build the desk of ``target`` (module:factory) and set it apart from the collector, ready for forks.

    ``built`` is that desk where the command has made it already: a second one would be in everybody's memory.
    It must have no connection open: one to a database does not survive a fork. Where processes are not
    forked, nothing is done, and each of them builds its own.
    """
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
    if multiprocessing.get_start_method() != "fork":
        return
    if built is not None:
        _built[target] = built
    presentation.read_work_pages(application(target))
    configure_mappers()
    gc.collect()
    memory.give_back()
    gc.freeze()  # a collection writes to whatever it looks at, and what is written is no longer shared


def application(target: str) -> Flask:
    """The desk of ``target``: the one that was built before the fork, or a new one."""
    if target not in _built:
        module, _, factory = target.partition(":")
        _built[target] = getattr(importlib.import_module(module), factory)()
    return _built[target]


def share_figures() -> None:
    """Count together with the other processes of this server, where there are several workers."""
    folder = os.environ.get(metrics.FOLDER)
    if folder:
        metrics.share(folder)


@contextmanager
def kept_from_loops(descriptor: int) -> Iterator[None]:
    """Let the forked loops give up this file meanwhile: it belongs to the server and its workers."""
    _kept.add(descriptor)
    try:
        yield
    finally:
        _kept.discard(descriptor)


def give_up_files() -> None:
    """In the forked loops: close what belongs to the server alone."""
    for descriptor in _kept:
        os.close(descriptor)
    _kept.clear()
