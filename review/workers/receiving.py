"""Checks and sends the files that senders' people brought, two at once, a step of one in each turn.

One sender has one at a time, and senders take turns, so that neither a slow file nor many of one sender keep
the others waiting.

What is under way is kept in this process alone. Where it ends before its time, another goes on: checking
begins anew, sending goes on where the batch stands.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import structlog
from flask import Flask

from review import clock, db
from review.actions.uploaded_files import drop_old_file
from review.config import Settings
from review.domain.permissions import SERVICE
from review.domain.uploaded_files import MOST_FILE_ROWS, FileState
from review.errors import AlreadyClosed, NotFound
from review.file_jobs import Steps, check_steps, send_steps
from review.models.file_store import drop_files, kept_files
from review.queries.sender_details import limits_of
from review.queries.senders import may_order
from review.queries.uploaded_files import next_file, old_files, wanted_files
from review.uploads import Desk
from review.workbooks import Reading

log = structlog.get_logger()


MOST_AT_ONCE: Final = 2
"""Files that one process has under way: more would only share its one thread."""
PAUSE_SECONDS: Final = 0.2


@dataclass
class _Job:
    """One file under way; ``waits``: the child that has not read it yet."""

    file_id: str
    sender_id: str
    steps: Steps
    waits: Reading | None = None


@dataclass
class _Work:
    """What one process has under way; ``passed``: files that others work on or that failed here.

    ``served``: the turn in which each sender had its last file begun.
    """

    jobs: list[_Job] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    served: dict[str, int] = field(default_factory=dict)
    turn: int = 0
    swept: bool = False


_works: dict[int, _Work] = {}


def run_once(app: Flask) -> bool:
    """One step of a file under way, the others' steps first; whether there was anything to do."""
    work = _works.setdefault(id(app), _Work())
    settings: Settings = app.config["REVIEW_SETTINGS"]
    while len(work.jobs) < MOST_AT_ONCE and _begin(work, app):
        pass
    if not work.jobs:
        work.passed.clear()
        return _tidy(work, settings)
    _step(work, work.jobs.pop(0))
    children = [job.waits for job in work.jobs if job.waits is not None]
    if children and len(children) == len(work.jobs):
        children[0].wait(PAUSE_SECONDS)
    return True


def _step(work: _Work, job: _Job) -> None:
    try:
        job.waits = next(job.steps)
        work.jobs.append(job)
    except StopIteration:
        pass
    except (AlreadyClosed, NotFound):  # dropped, or another process was faster
        work.passed.append(job.file_id)
        log.info("file_taken_over", file=job.file_id)
    except Exception:
        # begun anew in the next turn; an error of the program would come again and again, so it waits
        work.passed.append(job.file_id)
        raise
    finally:
        db.session().rollback()  # nothing is held between two steps


def _begin(work: _Work, app: Flask) -> bool:
    busy = [job.sender_id for job in work.jobs]
    file = next_file(db.session(), passed=work.passed, busy=busy, served=work.served)
    if file is None:
        db.session().rollback()
        return False
    limits = limits_of(db.session(), file.sender_id)
    most = (limits and limits.batch_lines) or MOST_FILE_ROWS
    may = may_order(db.session(), file.sender_id)
    db.session().rollback()
    desk = Desk(
        actor=replace(SERVICE, sender_id=file.sender_id),
        settings=app.config["REVIEW_SETTINGS"],
        hosts=app.config["REVIEW_HOSTS"],
        transmitted_via="file",
        may_order=may,
    )
    if file.state == FileState.WAITING:
        steps = check_steps(file, desk, most_rows=min(most, MOST_FILE_ROWS))
    else:
        steps = send_steps(file, desk)
    work.turn += 1
    work.served[file.sender_id] = work.turn
    work.jobs.append(_Job(file.id, file.sender_id, steps))
    return True


def _tidy(work: _Work, settings: Settings) -> bool:
    """Let go of what is a week old, and once of folders that nothing needs; never at work."""
    for file_id in old_files(db.session(), now=clock.now()):
        db.session().rollback()
        drop_old_file(file_id, actor=SERVICE)
        drop_files(settings.data_dir, file_id)
    if not work.swept:
        work.swept = True
        kept = kept_files(settings.data_dir, older_than=clock.now() - timedelta(days=1))
        for file_id in set(kept) - wanted_files(db.session(), kept):
            drop_files(settings.data_dir, file_id)
    return False


def finish(app: Flask) -> None:
    """Let go of the files under way; what reads one ends."""
    work = _works.pop(id(app), None)
    for job in [] if work is None else work.jobs:
        job.steps.close()
