"""Runs the server: its port and database held, workers, loops and signer that end with it."""

import fcntl
import functools
import gc
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from review import memory, metrics
from review.cli import image
from review.cli.background import BOTH, Background, fork_child
from review.config import Settings
from review.web.admission import SERVER_THREADS

GRACE_SECONDS = 10
WATCH_SECONDS = 0.5
SWITCH_SECONDS = 0.001
CONNECTIONS = 1024
"""Connections a worker keeps open; more wait in the kernel. Behind a proxy it never comes to that."""


@contextmanager
def hold_port(port: int) -> Iterator[None]:
    """Keep a port for this server alone; one clear line where it is taken.

    Workers share a port by SO_REUSEPORT, which would let a second server share it silently too. Two that
    start at the same moment would both find it free; so a name that Linux gives only once, and takes back
    whenever the last process that holds it ends, goes first.
    """
    taken = click.ClickException(f"Port {port} is taken; choose another with --port.")
    with ExitStack() as held:
        if sys.platform == "linux":
            name = held.enter_context(socket.socket(socket.AF_UNIX))
            try:
                name.bind(f"\0referral-review-port-{port}")
            except OSError:
                raise taken from None
            held.enter_context(image.kept_from_loops(name.fileno()))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise taken from None
        yield


@contextmanager
def hold_database(chosen: Settings) -> Iterator[None]:
    """Let only one server serve a SQLite file: writers, rate limits and retries queue inside one process.

    The workers inherit the lock, so that it lasts as long as the last of them. Commands and `flask work`
    do not ask for it.
    """
    if not chosen.is_sqlite:
        yield
        return
    path = chosen.database_url.removeprefix("sqlite:///") + ".server"
    with Path(path).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                "Another server serves this SQLite file already; several servers need PostgreSQL."
            ) from None
        with image.kept_from_loops(lock.fileno()):
            yield


def end_with(parent: int) -> None:
    """End this process cleanly when it is no longer a child of ``parent``, by force when that takes long."""

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        pause.wait(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def load_worker(target: str, *, parent: int) -> Callable[..., Any]:
    """In each worker: end with the server, count together with the other workers, take the desk."""
    end_with(parent)
    # a page asks the database twenty times and wants its turn to run back after each, even beside a batch
    sys.setswitchinterval(SWITCH_SECONDS)
    image.share_figures()
    application = image.application(target)
    gc.set_threshold(*memory.COLLECT_AFTER)
    return application


def run_server(
    target: str,
    *,
    port: int,
    workers: int,
    children: Sequence[Sequence[str]] = BOTH,
    built: Flask | None = None,
) -> None:
    """Serve until a signal: granian, one process with threads on SQLite, several on PostgreSQL.

    The desk (``built`` where there is one already) serves nobody here; workers, loops and signer (the
    ``children``, commands of `flask`) are forked from this process.
    """
    image.build(target, built=built)
    with tempfile.TemporaryDirectory(prefix="review-figures-") as folder:
        if workers > 1:
            os.environ[metrics.FOLDER] = folder
        kept = [Background(functools.partial(fork_child, target, child)) for child in children]
        try:
            Server(
                target,
                address="127.0.0.1",
                port=port,
                interface=Interfaces.WSGI,
                workers=workers,
                blocking_threads=SERVER_THREADS,
                backlog=2 * CONNECTIONS,
                backpressure=CONNECTIONS,
                http=HTTPModes.http1,  # what proxies speak to us; a second protocol is a second door
                websockets=False,
                log_level=LogLevels.error,
                log_access=False,
                respawn_failed_workers=True,
                workers_kill_timeout=GRACE_SECONDS,
            ).serve(target_loader=functools.partial(load_worker, parent=os.getpid()))
        finally:
            for child in kept:
                child.ask_to_stop()
            for child in kept:
                child.stop()
