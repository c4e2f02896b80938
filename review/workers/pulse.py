"""Tells the database, every few seconds, which loops of this process live."""

import os
import socket
import threading

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from review import clock
from review.actions.heartbeats import Beat, forget_heartbeats, record_heartbeats
from review.domain.permissions import SERVICE
from review.errors import ReviewError

FIRST_SECONDS = 1.0
PAUSE_SECONDS = 5.0

log = structlog.get_logger()


class Pulse:
    """Collects the turns of the loops of one process and writes them together."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()[:100]}:{os.getpid()}"
        self._guard = threading.Lock()
        self._beats: dict[str, Beat] = {}

    def turned(self, loop: str, *, failure: str | None = None) -> None:
        """Note the end of a turn; ``failure`` is the code of what went wrong in it."""
        now = clock.now()
        with self._guard:
            before = self._beats.get(loop)
            succeeded = now if failure is None else before.succeeded_at if before else None
            self._beats[loop] = Beat(loop=loop, turned_at=now, succeeded_at=succeeded, failure=failure)

    def write(self, app: Flask) -> None:
        """Write what is known; a database that does not answer is no reason to stop."""
        with self._guard:
            beats = list(self._beats.values())
        try:
            with app.app_context():
                record_heartbeats(beats, process=self.process, actor=SERVICE)
        except (ReviewError, SQLAlchemyError) as error:
            log.warning("heartbeat_waits", kind=type(error).__name__)

    def beat(self, app: Flask, stop: threading.Event) -> None:
        """Write until stopped, then take everything back."""
        stop.wait(FIRST_SECONDS)
        while not stop.is_set():
            self.write(app)
            stop.wait(PAUSE_SECONDS)
        try:
            with app.app_context():
                forget_heartbeats(process=self.process, actor=SERVICE)
        except (ReviewError, SQLAlchemyError) as error:
            log.warning("heartbeat_waits", kind=type(error).__name__)
