"""The platform's side of the API: a restriction is in place, or it failed (http.md)."""

from flask import Blueprint, Response

from review.actions import restrictions as restriction_actions
from review.clock import rfc3339
from review.domain.permissions import Permission
from review.domain.representation import json_bytes
from review.domain.restriction_schema import read_failed, read_implemented
from review.errors import FieldError, InvalidInput
from review.formats.strict_json import parse_object
from review.queries.restrictions import RestrictionShown
from review.web import guard, requests
from review.web.api import restriction_operations as promised
from review.web.operations import describe

blueprint = Blueprint("api_restrictions", __name__, url_prefix="/api/v1/restrictions")


@blueprint.post("/<restriction_id>/implemented")
@guard.access(Permission.REPORT_RESTRICTIONS)
@describe(promised.IMPLEMENTED)
def implemented(restriction_id: str) -> Response:
    """It is in place."""
    requests.check_accept()
    wanted = requests.object_id(restriction_id, "M")
    report = read_implemented(parse_object(requests.json_body()))
    try:
        shown = restriction_actions.report_implemented(wanted, report.at, actor=guard.actor())
    except InvalidInput as error:  # rules name fields as forms do
        errors = [FieldError(f"/{one.pointer}", one.code, one.detail) for one in error.errors]
        raise InvalidInput(error.detail, errors=errors) from error
    return _answer(shown)


@blueprint.post("/<restriction_id>/failed")
@guard.access(Permission.REPORT_RESTRICTIONS)
@describe(promised.FAILED)
def failed(restriction_id: str) -> Response:
    """It failed."""
    requests.check_accept()
    wanted = requests.object_id(restriction_id, "M")
    report = read_failed(parse_object(requests.json_body()))
    return _answer(restriction_actions.report_failed(wanted, report.reason, actor=guard.actor()))


def _answer(shown: RestrictionShown) -> Response:
    implemented_at, failed_at = shown.implemented_at, shown.failed_at
    members = {
        "id": shown.id,
        "state": shown.state.value,
        "starts_at": rfc3339(shown.starts_at),
        "implemented_at": None if implemented_at is None else rfc3339(implemented_at),
        "failed_at": None if failed_at is None else rfc3339(failed_at),
        "reason": shown.failure,
    }
    return requests.json_answer(json_bytes(members))
