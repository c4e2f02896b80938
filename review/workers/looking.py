"""Looks into the evidence of cases that somebody holds, so that it is ready when it is asked for."""

import structlog
from flask import Flask

from review import clock, db
from review.errors import NotReady
from review.previews import look_into
from review.queries.evidence import digests_to_look_at

log = structlog.get_logger()

_passed_over: set[str] = set()
"""Digests that could not be looked into; they wait until somebody asks for them."""


def run_once(app: Flask) -> bool:
    """One file in a turn of the loop; whether there was one."""
    found = digests_to_look_at(db.session(), now=clock.now(), most=1 + len(_passed_over))
    digest = next((one for one in found if one not in _passed_over), None)
    if digest is None:
        return False
    db.session().rollback()
    try:
        look_into(digest, data_dir=app.config["REVIEW_SETTINGS"].data_dir)
    except (FileNotFoundError, NotReady) as error:
        _passed_over.add(digest)
        log.warning("evidence_passed_over", why=type(error).__name__)
    return True
