"""Sends recorded reviews on their way when their undo window is over, one transaction each."""

import structlog
from flask import Flask

from review import clock, db
from review.actions.dispatching import dispatch_review
from review.domain.permissions import SERVICE
from review.errors import DatabaseBusy, NotDispatchable, ReviewError, StorageFull
from review.queries.decisions import reviews_due

BATCH = 100

log = structlog.get_logger()


def dispatch_due(*, limit: int = BATCH) -> int:
    """Dispatch reviews that are due until ``limit`` or more are done or none is left; how many are done.

    A review that comes to nothing, because everything was withdrawn, counts as done. One that was undone,
    withdrawn or dispatched by another process meanwhile is passed over, and so is one that cannot be
    dispatched at all: it stays due, `/readyz` tells of it, and the others go out.
    """
    done, after = 0, None
    while True:
        due = reviews_due(db.session(), now=clock.now(), limit=limit, after=after)
        done += sum(_dispatched(review.id) for review in due)
        if done >= limit or len(due) < limit:
            return done
        after = due[-1]


def _dispatched(review_id: str) -> bool:
    """Whether this review is done with."""
    try:
        dispatch_review(review_id, actor=SERVICE)
    except NotDispatchable:
        log.info("dispatch_passed_over", review=review_id)
        return False
    except (DatabaseBusy, StorageFull):
        raise
    except ReviewError as error:
        log.error("dispatch_failed", review=review_id, code=error.code)
        return False
    return True


def run_once(app: Flask) -> bool:
    """One turn of the loop; whether a full batch hints at more."""
    return dispatch_due() >= BATCH
