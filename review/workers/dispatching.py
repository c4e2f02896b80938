"""Sends recorded reviews on their way when their undo window is over, one transaction each."""

import structlog
from flask import Flask

from review import clock, db
from review.actions.decisions import dispatch_review
from review.domain.permissions import SERVICE
from review.errors import NotDispatchable
from review.queries.decisions import reviews_due

BATCH = 100

log = structlog.get_logger()


def dispatch_due(*, limit: int = BATCH) -> int:
    """Dispatch the reviews that are due, at most ``limit``; how many went out.

    One that was undone, withdrawn or dispatched by another process meanwhile is passed over.
    """
    done = 0
    for review_id in reviews_due(db.session(), now=clock.now(), limit=limit):
        try:
            dispatch_review(review_id, actor=SERVICE)
        except NotDispatchable:
            log.info("dispatch_passed_over", review=review_id)
        else:
            done += 1
    return done


def run_once(app: Flask) -> bool:
    """One turn of the loop; whether a full batch hints at more."""
    return dispatch_due() == BATCH
