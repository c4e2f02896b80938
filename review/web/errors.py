"""One mapping from domain errors to answers: a problem document (RFC 9457) or a page, by path."""

from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from review import db, errors
from review.domain.complaints import ComplaintOpen, ComplaintTooLate, NoDecision
from review.domain.endpoints import AlreadyRotated
from review.domain.erasures import NotErasable
from review.domain.holds import RecordHeld, SecondPersonNeeded
from review.errors import ReviewError
from review.web.kept_forms import kept_text

STATUS: dict[type[ReviewError], int] = {
    errors.BadRequest: 400,
    errors.NotStrictJson: 400,
    errors.KeyRequired: 401,
    errors.KeyNotValid: 401,
    errors.SignInRequired: 401,
    errors.SignInFailed: 401,
    errors.ScopeTooSmall: 403,
    errors.NotPermitted: 403,
    SecondPersonNeeded: 403,
    errors.FormExpired: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.ReferenceConflict: 409,
    errors.IdempotencyInFlight: 409,
    errors.CaseNotClaimable: 409,
    errors.TooManyClaims: 409,
    errors.ClaimLost: 409,
    errors.StaleVersion: 409,
    errors.AlreadyRecorded: 409,
    errors.UndoWindowOver: 409,
    errors.NothingToUndo: 409,
    errors.NotDispatchable: 409,
    errors.NotWithdrawable: 409,
    errors.AlreadyExists: 409,
    errors.AlreadyClosed: 409,
    errors.RestrictionConflict: 409,
    AlreadyRotated: 409,
    NoDecision: 409,
    ComplaintTooLate: 409,
    ComplaintOpen: 409,
    RecordHeld: 409,
    NotErasable: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.InvalidReferral: 422,
    errors.KindNotEnabled: 422,
    errors.IdempotencyKeyReused: 422,
    errors.InvalidReview: 422,
    errors.InvalidInput: 422,
    errors.EmptyBatch: 422,
    errors.TooManyRequests: 429,
    errors.Overloaded: 503,
    errors.DatabaseBusy: 503,
    errors.NotReady: 503,
    errors.StorageFull: 507,
}

_FROM_HTTP: dict[int, type[ReviewError]] = {
    400: errors.BadRequest,
    401: errors.SignInRequired,
    403: errors.NotPermitted,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    406: errors.NotAcceptable,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
    429: errors.TooManyRequests,
    503: errors.DatabaseBusy,
}


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
KEEPING: tuple[type[ReviewError], ...] = (
    errors.SignInRequired,
    errors.FormExpired,
    errors.TooManyRequests,
    errors.DatabaseBusy,
    errors.StorageFull,
)
"""Refusals that say nothing about what was typed, and must not lose it."""


def status_of(error: ReviewError) -> int:
    """The HTTP status of a domain error; its nearest listed kind decides, 500 where none is."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def wants_problem() -> bool:
    """Whether this address speaks JSON to programs rather than pages to people, or is asked by a program."""
    return request.path.startswith(("/api/", "/log/", "/healthz", "/readyz", "/metrics")) or asks_as_program()


def asks_as_program() -> bool:
    """Whether the one page that people and programs share is sent something else than a form.

    Whoever sends a form shows its token; nothing else has one, and nothing of a session is looked at.
    """
    sent = request.method not in ("GET", "HEAD")
    return sent and request.path == "/verify" and request.mimetype not in _FORMS


def problem_members(error: ReviewError, *, status: int) -> dict[str, object]:
    """The members of a problem document."""
    body: dict[str, object] = {
        "type": f"/errors/{error.code}",
        "title": error.title,
        "status": status,
        "detail": error.detail,
    }
    if error.errors:
        body["errors"] = [entry.as_dict() for entry in error.errors]
    return body | {name: value for name, value in error.values.items() if name not in body}


def problem(error: ReviewError, *, status: int) -> Response:
    """An RFC 9457 problem document; never repeats what the client sent."""
    response = jsonify(problem_members(error, status=status))
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def answer(error: ReviewError, *, status: int | None = None) -> Response:
    """The answer to a domain error, in the form that this address speaks."""
    status = status or status_of(error)
    response = problem(error, status=status) if wants_problem() else _page(error, status=status)
    if error.retry_after_seconds is not None or response.status_code in (429, 503, 507):
        response.headers["Retry-After"] = str(error.retry_after_seconds or 5)
    if response.status_code == 401 and wants_problem():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _page(error: ReviewError, *, status: int) -> Response:
    return Response(
        render_template(
            "error.html",
            error=error,
            status=status,
            request_id=g.get("request_id", ""),
            kept=kept_text() if isinstance(error, KEEPING) else None,
            sign_in=isinstance(error, errors.SignInRequired),
        ),
        status=status,
        mimetype="text/html",
    )


def from_http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse by themselves, in our shape and with their status."""
    status = error.code or 500
    kind = _FROM_HTTP.get(status, errors.BadRequest if status < 500 else ReviewError)
    if isinstance(error, CSRFError):
        kind, status = errors.FormExpired, STATUS[errors.FormExpired]
    response = answer(kind(), status=status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _from_database(error: DBAPIError) -> Response:
    known = db.translate(error)
    if known is None:
        raise error
    return answer(known)


def register(app: Flask) -> None:
    """Let every error of every blueprint end in one of the two shapes."""
    app.register_error_handler(ReviewError, answer)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeout, lambda _error: answer(errors.DatabaseBusy(retry_after_seconds=2)))
