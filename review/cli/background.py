"""Keeps loops and signer running beside a server or beside each other, in processes of their own.

A server forks them from itself, so that all share the memory of the desk; `flask work`, which has threads at
work and so cannot fork cleanly, starts its signer anew.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import click
from flask import Flask
from flask.cli import ScriptInfo

from review.cli import image

RESTART_SECONDS = 2.0
STOP_SECONDS = 30.0
"""Longer than any try of a message takes; what is cut off then is taken up when the desk runs again."""
_ENDING = (signal.SIGTERM, signal.SIGINT)
WORK: Final = ("work", "--no-signer")
BOTH: Final = (WORK, ("trail", "sign"))


class Child(Protocol):
    """A process that runs one command of `flask`."""

    def join(self) -> None:
        """Wait for its end."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it by force."""


def _become(target: str, command: Sequence[str], parent: int) -> None:
    """In the child: become this command of `flask`, which ends with the server."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    image.give_up_files()
    image.share_figures()
    desk = image.application(target)
    assert isinstance(desk, Flask)
    script = ScriptInfo(create_app=lambda: desk, set_debug_flag=False)
    desk.cli.main([*command, "--parent", str(parent)], prog_name="flask", obj=script)


def fork_child(target: str, command: Sequence[str]) -> Child:
    """Fork a child that runs this command and ends with this process."""
    child = multiprocessing.Process(target=_become, args=(target, command, os.getpid()), name=command[-1])
    # a signal must find the child's own handlers, not those of the server that it was forked with
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        child.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return child


class _Spawned:
    """A child that begins as a new program."""

    def __init__(self, command: Sequence[str]) -> None:
        path = os.pathsep.join(part for part in sys.path if part)
        self._process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path})

    def join(self) -> None:
        self._process.wait()

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def signer_starter() -> Callable[[], Child]:
    """What starts the signer of the application that this command of `flask` is of."""
    script = click.get_current_context().find_object(ScriptInfo)
    path = None if script is None else script.app_import_path
    named = ["--app", path] if path else []
    command = [sys.executable, "-m", "flask", *named, "trail", "sign", "--parent", str(os.getpid())]
    return lambda: _Spawned(command)


class Background:
    """Keeps one child running until stopped; ``start`` starts it, and again when it has ended."""

    def __init__(self, start: Callable[[], Child]) -> None:
        self._start = start
        self._stopping = threading.Event()
        self._child = start()
        self._watch = threading.Thread(target=self._restart, daemon=True)
        self._watch.start()

    def _restart(self) -> None:
        while True:
            self._child.join()
            if self._stopping.wait(RESTART_SECONDS):
                return
            self._child = self._start()
            if self._stopping.is_set():
                self._child.terminate()

    def ask_to_stop(self) -> None:
        """Ask the child to end, without waiting."""
        self._stopping.set()
        self._child.terminate()

    def stop(self) -> None:
        """End the child and wait for it, by force where it does not end by itself."""
        self.ask_to_stop()
        self._watch.join(timeout=STOP_SECONDS)
        if self._watch.is_alive():
            self._child.kill()
            self._watch.join()
