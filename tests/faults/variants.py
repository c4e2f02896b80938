"""The desk made wrong or slow on purpose, in one process: the harness has to notice, or to stop in time.

Each is a name that the host applies in the fork before anything is served.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from flask import current_app, has_request_context
from sqlalchemy.orm import Session

from review import db, writers
from review.queries import decisions
from review.sessions import DeskSession
from review.web import guard

SLOW_DISK_SECONDS = 0.08


def answer_before_commit() -> None:
    """The error that everything here is about: the answer leaves first, the commit follows."""
    db.transaction = _late_transaction


@contextmanager
def _late_transaction() -> Iterator[Session]:
    """As `db.transaction`, but the commit of a referral comes when its answer has left."""
    engine = db.extension.engine
    wait_seconds = float(current_app.config["REVIEW_DATABASE_WAIT_SECONDS"])
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    with ExitStack() as held:
        held.enter_context(writers.writer_turn(path, wait_seconds=wait_seconds))
        writer = held.enter_context(DeskSession(engine, expire_on_commit=False))
        writer.info[db._WRITES] = True
        writer.begin_writing()
        yield writer
        writer.flush()
        if not has_request_context() or guard.actor().kind != "sender":
            writer.commit()
            return
        rest = held.pop_all()

    def commit() -> None:
        time.sleep(SLOW_DISK_SECONDS)
        with rest:
            writer.commit()

    threading.Thread(target=commit).start()


def lose_commits() -> None:
    """Every fifth commit is only said to have happened."""
    counted, guard = iter(range(10**9)), threading.Lock()
    commit = DeskSession.commit

    def forget(self: DeskSession) -> None:
        with guard:
            number = next(counted)
        if number % 5 == 4 and self.info.get(db._WRITES):
            self.rollback()
        else:
            commit(self)

    DeskSession.commit = forget  # type: ignore[method-assign]


def stop_in_review() -> None:
    """The process stops itself (SIGSTOP) once, inside the first review, when the time was taken already.

    The signal goes to the thread that reviews. Sent to the process, another thread takes it, and this one
    runs on until that one gets a processor: on a busy machine far enough to commit.
    """
    look = decisions.review_facts
    once = threading.Lock()

    def facts(*arguments: Any, **options: Any) -> Any:
        if once.acquire(blocking=False):
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return look(*arguments, **options)

    decisions.review_facts = facts


VARIANTS: dict[str, Callable[[], None]] = {
    variant.__name__: variant for variant in (answer_before_commit, lose_commits, stop_in_review)
}


def apply(name: str) -> None:
    """Make this process the named variant; blank leaves it as it is."""
    if name:
        VARIANTS[name]()
