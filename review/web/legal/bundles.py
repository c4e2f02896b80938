"""The evidence bundle of a case, as a file to download; on the trail before a byte of it leaves."""

from collections.abc import Iterator

from flask import Blueprint, Response

from review.actions.exports import Export, export_bundle
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import NotFound
from review.web import guard

blueprint = Blueprint("legal_bundles", __name__)

PIECE = 64 * 1024
"""Bytes sent at a time."""


@blueprint.post("/records/<case_id>/bundle")
@guard.access(Permission.READ_RECORDS)
def make(case_id: str) -> Response:
    """JSON Lines for `review/verifier.py`; refused with 503 while no checkpoint covers the case."""
    wanted = read_id(case_id, "C")
    if wanted is None:
        raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
    made = export_bundle(case_ids=[wanted], actor=guard.actor())
    answer = Response(_pieces(made), mimetype="application/jsonl")
    answer.headers["Content-Disposition"] = f'attachment; filename="{wanted}.jsonl"'
    answer.headers["Cache-Control"] = "no-store"
    answer.content_length = made.size
    answer.call_on_close(made.file.close)
    return answer


def _pieces(made: Export) -> Iterator[bytes]:
    while piece := made.file.read(PIECE):
        yield piece
