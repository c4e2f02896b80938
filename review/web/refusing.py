"""Leaves on the trail that a signed-in person or a key was refused; what is answered stays the same."""

import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from review.actions.refusals import Refused, record_refusal
from review.domain.ids import is_id
from review.errors import NotPermitted, ReviewError, ScopeTooSmall
from review.web import errors, guard

log = structlog.get_logger()


def _refused() -> Refused | None:
    """What was refused in this request; None where no route declares a permission."""
    endpoint = request.endpoint
    permission = None if endpoint is None else guard.permission_of(current_app, endpoint)
    if endpoint is None or permission is None:
        return None
    named = [value for value in (request.view_args or {}).values() if is_id(value)]
    return Refused(permission.value, endpoint, named[0] if named else None)


def _answer(error: ReviewError) -> Response:
    """The refusal as ever; a trail that does not take the event is no reason for another answer."""
    refused, actor = _refused(), guard.actor()
    if refused is not None and actor.kind in ("account", "sender"):
        try:
            record_refusal(refused, actor=actor)
        except (ReviewError, SQLAlchemyError) as trouble:
            log.warning("refusal_not_recorded", route=refused.route, kind=type(trouble).__name__)
    return errors.answer(error)


def register(app: Flask) -> None:
    """Be asked for both kinds of refusal before the answer for all errors."""
    for kind in (NotPermitted, ScopeTooSmall):
        app.register_error_handler(kind, _answer)
