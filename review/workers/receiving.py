"""Checks and sends the files that senders' people brought, one after the other, a step in each turn.

What is under way is kept in this process alone. Where it ends before its time, another goes on: checking
begins anew, sending goes on where the batch stands.
"""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog
from flask import Flask

from review import clock, db
from review.actions.uploaded_files import drop_old_file
from review.config import Settings
from review.domain.permissions import SERVICE
from review.domain.uploaded_files import MOST_FILE_ROWS, FileState
from review.errors import AlreadyClosed, NotFound
from review.file_jobs import check_steps, send_steps
from review.models.file_store import drop_files, kept_files
from review.queries.sender_details import limits_of
from review.queries.senders import may_order
from review.queries.uploaded_files import next_file, old_files, wanted_files
from review.uploads import Desk

log = structlog.get_logger()


@dataclass
class _Work:
    """What one process has under way; ``passed``: files that others work on or that failed here."""

    file_id: str = ""
    steps: Generator[None] | None = None
    passed: list[str] = field(default_factory=list)
    swept: bool = False


_works: dict[int, _Work] = {}


def run_once(app: Flask) -> bool:
    """One step of the file under way, or of the next one; whether there was anything to do."""
    work = _works.setdefault(id(app), _Work())
    settings: Settings = app.config["REVIEW_SETTINGS"]
    if work.steps is None and not _begin(work, app):
        return _tidy(work, settings)
    assert work.steps is not None
    try:
        next(work.steps)
    except StopIteration:
        work.steps = None
    except (AlreadyClosed, NotFound):  # dropped, or another process was faster
        work.steps = None
        work.passed.append(work.file_id)
        log.info("file_taken_over", file=work.file_id)
    except Exception:
        # begun anew in the next turn; an error of the program would come again and again, so it waits
        work.steps = None
        work.passed.append(work.file_id)
        raise
    finally:
        db.session().rollback()  # nothing is held between two steps
    return True


def _begin(work: _Work, app: Flask) -> bool:
    file = next_file(db.session(), passed=work.passed)
    if file is None:
        work.passed.clear()
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
    work.file_id = file.id
    if file.state == FileState.WAITING:
        work.steps = check_steps(file, desk, most_rows=min(most, MOST_FILE_ROWS))
    else:
        work.steps = send_steps(file, desk)
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
    """Let go of the file under way."""
    work = _works.pop(id(app), None)
    if work is not None and work.steps is not None:
        work.steps.close()
