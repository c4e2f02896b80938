"""Writes the exports that legal staff asked for, a step in each turn; deletes those whose time is over.

What is under way is kept in this process alone. Where it dies, another begins anew once the lease is over;
where it is asked to stop, at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog
from flask import Flask

from review import clock, db
from review.actions import export_jobs as jobs
from review.config import Settings
from review.domain.permissions import SERVICE
from review.errors import ClaimLost, ReviewError
from review.export_jobs import Progress, write_steps
from review.models.export_files import drop_others, export_files
from review.queries.exports import kept_exports, over_exports

log = structlog.get_logger()


@dataclass
class _Work:
    """The export under way, its steps, and how far they are."""

    job: jobs.Job
    steps: Iterator[None]
    progress: Progress = field(default_factory=Progress)


_under_way: dict[int, _Work] = {}


def run_once(app: Flask) -> bool:
    """One step of the export under way, or take one up; whether there was anything to do."""
    settings: Settings = app.config["REVIEW_SETTINGS"]
    work = _under_way.get(id(app))
    if work is None:
        job = jobs.take_export(actor=SERVICE)
        if job is None:
            tidy(settings)
            return False
        progress = Progress()
        work = _Work(job, write_steps(job, settings.data_dir, progress), progress)
        _under_way[id(app)] = work
    try:
        _step(work)
    except ClaimLost:  # cancelled, or another worker has it
        log.info("export_given_up", export=work.job.id)
        _let_go(app, work)
    except ReviewError as error:
        log.warning("export_failed", export=work.job.id, code=error.code)
        _fail(app, work, error.detail)
    except Exception:
        log.exception("export_failed", export=work.job.id)
        _fail(app, work, "The file could not be made; ask whoever runs the desk to look at its log.")
    else:
        if work.progress.sha256:
            _under_way.pop(id(app), None)
    return True


def _step(work: _Work) -> None:
    next(work.steps)
    db.session().rollback()  # nothing is held between two steps
    progress = work.progress
    if not progress.sha256:
        jobs.renew_export(work.job, done=progress.done, actor=SERVICE)
        return
    jobs.finish_export(
        work.job,
        rows=progress.rows,
        length=progress.length,
        sha256=progress.sha256,
        differing=progress.differing,
        actor=SERVICE,
    )


def _let_go(app: Flask, work: _Work) -> None:
    _under_way.pop(id(app), None)
    _close(work)
    db.session().rollback()


def _fail(app: Flask, work: _Work, failure: str) -> None:
    _let_go(app, work)
    jobs.fail_export(work.job, failure, actor=SERVICE)


def _close(work: _Work) -> None:
    close = getattr(work.steps, "close", None)
    if close is not None:
        close()


def tidy(settings: Settings) -> None:
    """Delete what is over, was cancelled or was left by workers that died: the file first, then the row.

    Files are listed before the rows are read: one that is begun meanwhile is not among them.
    """
    there, now, reader = export_files(settings.data_dir), clock.now(), db.session()
    reader.rollback()  # the rows as they are now
    if there:
        drop_others(settings.data_dir, there, kept_exports(reader, now=now))
    over = over_exports(reader, now=now)
    reader.rollback()
    for export_id in over:
        jobs.expire_export(export_id, actor=SERVICE)


def finish(app: Flask) -> None:
    """Let go of the export under way, for another to begin at once."""
    work = _under_way.pop(id(app), None)
    if work is not None:
        _close(work)
        db.session().rollback()
        jobs.give_back_export(work.job, actor=SERVICE)
