"""Refer many at once, and follow a delivery: newline-delimited JSON, read as a stream (http.md)."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected

from review import db, uploads
from review.domain.permissions import Permission
from review.domain.representation import json_bytes
from review.errors import NotFound, UnsupportedMediaType
from review.formats.ndjson import StreamBroken, Unpacked
from review.queries import batches as batch_queries
from review.queries.batches import OwnBatch
from review.queries.senders import may_order
from review.web import cursors, guard, limits, requests
from review.web.api import batch_operations as promised
from review.web.operations import describe

blueprint = Blueprint("api_batches", __name__, url_prefix="/api/v1")

NDJSON = "application/x-ndjson"


@blueprint.post("/referrals/batch")
@guard.access(Permission.REFER)
@describe(promised.REFER_MANY)
def refer_many() -> Response:
    """Take a delivery in, line by line: 200 when each line is stored or refused."""
    requests.check_accept()
    read = _stream()
    batch_id = uploads.receive_stream(
        read,
        uploads.Desk(
            actor=guard.actor(),
            settings=current_app.config["REVIEW_SETTINGS"],
            hosts=current_app.config["REVIEW_HOSTS"],
            most_lines=limits.own_batch_lines(),
            may_order=may_order(db.session(), guard.actor().sender_id),
        ),
    )
    refusals = [refusal.as_dict() for refusal in batch_queries.first_refusals(db.session(), batch_id)]
    return requests.json_answer(json_bytes(_own(batch_id).as_dict() | {"refusals": refusals}))


def _stream() -> Callable[[int], bytes]:
    """The body's bytes, unpacked, in pieces; raises `UnsupportedMediaType`."""
    if request.mimetype not in (NDJSON, "application/ndjson", "application/jsonl"):
        raise UnsupportedMediaType(f"Send the lines with Content-Type: {NDJSON}.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("Send UTF-8; JSON has no other character set here.")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise UnsupportedMediaType("Send the body with Content-Encoding: gzip, or without any.")
    # what is read counts against the limits of a batch, not against those of a single body
    request.max_content_length = 2**62
    plain = encoding == "identity"
    read = _whole(request.stream.read, length=request.content_length, plain=plain)
    return read if plain else Unpacked(read).read


def _whole(read: Callable[[int], bytes], *, length: int | None, plain: bool) -> Callable[[int], bytes]:
    """The same bytes, with an error where a lost connection cut them short.

    A chunked body ends silently when its connection is lost: gzip shows it, and in ``plain`` lines the
    last one must have its line feed. With a length the count says it.
    """
    seen, last = 0, b"\n"

    def reading(size: int) -> bytes:
        nonlocal seen, last
        try:
            piece = read(size)
        except ClientDisconnected:
            piece = b""
        seen, last = seen + len(piece), piece[-1:] or last
        if not piece and length is not None and seen != length:
            raise StreamBroken("the body ended before its Content-Length")
        if not piece and length is None and plain and last != b"\n":
            raise StreamBroken("the body ended inside a line; end every line with a line feed")
        return piece

    return reading


@blueprint.get("/batches")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(promised.LISTING)
def listing() -> Response:
    """Own batches, newest first."""
    requests.check_accept()
    given = requests.query_parameters(("limit", "cursor"))
    page = batch_queries.newest_batches(
        db.session(),
        sender_id=guard.actor().sender_id,
        limit=requests.limit_of(given.get("limit")),
        after=cursors.read_own(given["cursor"]) if "cursor" in given else None,
    )
    members = {
        "batches": [batch.as_dict() for batch in page.batches],
        "next": cursors.write_own(page.next) if page.next else None,
    }
    return requests.json_answer(json_bytes(members))


@blueprint.get("/batches/<batch_id>")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(promised.ONE)
def one(batch_id: str) -> Response:
    """One own batch with its progress."""
    requests.check_accept()
    return requests.tagged_answer(json_bytes(_own(requests.object_id(batch_id, "B")).as_dict()))


@blueprint.get("/batches/<batch_id>/results")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(promised.RESULTS)
def results(batch_id: str) -> Response:
    """What became of each line of one own batch, as newline-delimited JSON."""
    requests.check_accept(NDJSON)
    found = _own(requests.object_id(batch_id, "B")).id

    return Response(_results(current_app._get_current_object(), found), mimetype=NDJSON)  # type: ignore[attr-defined]


def _results(app: Flask, batch_id: str) -> Iterator[bytes]:
    """Piece by piece, each with a context of its own, so that no snapshot is held while it is sent."""
    after = 0
    while True:
        with app.app_context():
            results = batch_queries.line_results(db.session(), batch_id, after=after)
        if not results:
            return
        yield b"".join(json_bytes(result.as_dict()) + b"\n" for result in results)
        after = results[-1].line


def _own(batch_id: str) -> OwnBatch:
    found = batch_queries.own_batch(db.session(), batch_id, sender_id=guard.actor().sender_id)
    if found is None:
        raise NotFound()
    return found
