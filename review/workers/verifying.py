"""Verifies the trail when somebody asked for it on a page, beside the loop, which tells how far it is."""

import threading
from dataclasses import dataclass, field

import structlog
from flask import Flask

from review import db
from review.actions import verifying
from review.actions.verifying import Run
from review.domain.permissions import SERVICE
from review.errors import ClaimLost, ReviewError
from review.queries.examining import examine_trail

log = structlog.get_logger()


@dataclass
class _Job:
    """One verification under way in a thread of its own; ``entries`` is how far it is."""

    app: Flask
    run: Run
    entries: int = 0
    lost: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Begin; the thread ends with the process, and what it was at is taken over then."""
        thread = threading.Thread(target=self._work, name="verification", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        with self.app.app_context():
            try:
                settings = self.app.config["REVIEW_SETTINGS"]
                finding = examine_trail(
                    settings.data_dir, signer_dir=settings.signer_dir, progress=self._progress
                )
                verifying.finish_verification(self.run, finding, actor=SERVICE)
            except ClaimLost:
                log.warning("verification_taken_over", run=self.run.id)
            except ReviewError as error:
                log.warning("verification_failed", run=self.run.id, code=error.code)
                self._fail(error.detail)
            except Exception:
                log.exception("verification_failed", run=self.run.id)
                self._fail("The database or a file could not be read.")

    def _progress(self, entries: int) -> None:
        self.entries = entries
        if self.lost.is_set():
            raise ClaimLost()

    def _fail(self, failure: str) -> None:
        db.session().rollback()
        try:
            verifying.fail_verification(self.run, failure, actor=SERVICE)
        except ReviewError as error:  # whoever finds it silent takes it over
            log.warning("verification_failed", run=self.run.id, code=error.code)


_under_way: dict[int, tuple[_Job, threading.Thread]] = {}


def run_once(app: Flask) -> bool:
    """Tell how far the verification is that this process does, or take up one that waits."""
    job, thread = _under_way.get(id(app), (None, None))
    if job is not None and thread is not None and thread.is_alive():
        try:
            verifying.renew_verification(job.run, entries=job.entries, actor=SERVICE)
        except ClaimLost:
            if thread.is_alive():
                job.lost.set()
        return False
    _under_way.pop(id(app), None)
    run = verifying.take_verification(actor=SERVICE)
    if run is not None:
        job = _Job(app, run)
        _under_way[id(app)] = job, job.start()
    return False


def wait_for(app: Flask) -> None:
    """Wait until the verification that this process does, if any, is over."""
    if id(app) in _under_way:
        _under_way[id(app)][1].join()
