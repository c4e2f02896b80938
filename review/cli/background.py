"""Keeps `flask work` running beside a server: forked from it, so that both share the memory of the desk."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess

from flask import Flask
from flask.cli import ScriptInfo

from review.cli import image

RESTART_SECONDS = 2.0
_ENDING = (signal.SIGTERM, signal.SIGINT)


def _work(target: str, parent: int) -> None:
    """In the child: become `flask work`, which ends with the server."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    image.give_up_files()
    image.share_figures()
    desk = image.application(target)
    assert isinstance(desk, Flask)
    script = ScriptInfo(create_app=lambda: desk, set_debug_flag=False)
    desk.cli.main(["work", "--parent", str(parent)], prog_name="flask", obj=script)


def start_loops(target: str) -> BaseProcess:
    """Start `flask work` as a child that ends with this process."""
    child = multiprocessing.Process(target=_work, args=(target, os.getpid()), name="work")
    # a signal must find the child's own handlers, not those of the server that it was forked with
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        child.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return child


class Background:
    """Keeps one `flask work` child running until stopped."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._stopping = threading.Event()
        self._child = start_loops(target)
        self._watch = threading.Thread(target=self._restart, daemon=True)
        self._watch.start()

    def _restart(self) -> None:
        while True:
            self._child.join()
            if self._stopping.wait(RESTART_SECONDS):
                return
            self._child = start_loops(self._target)
            if self._stopping.is_set():
                self._child.terminate()

    def stop(self) -> None:
        """End the child and wait for it."""
        self._stopping.set()
        self._child.terminate()
        self._watch.join(timeout=30)
