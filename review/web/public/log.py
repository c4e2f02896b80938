"""The trail's public face: its key, its newest signed checkpoint, and the tiles below it (C2SP)."""

from flask import Blueprint, Response, current_app

from review import db
from review.domain.permissions import Permission
from review.domain.tiles import read_tile_path
from review.errors import NotFound
from review.formats import key_files
from review.queries.checkpoints import signed_tile
from review.queries.witnesses import published_checkpoint
from review.web import guard

blueprint = Blueprint("public_log", __name__, url_prefix="/log")


@blueprint.get("/key")
@guard.access(Permission.ANYONE)
def key() -> Response:
    """The public key as ``name+id+key``, which verifiers take as it is."""
    folder = current_app.config["REVIEW_SETTINGS"].data_dir
    if not key_files.has_key(folder):
        raise NotFound("This trail has no key yet.")
    return Response(f"{key_files.read_vkey(folder)}\n", mimetype="text/plain")


@blueprint.get("/checkpoint")
@guard.access(Permission.ANYONE)
def checkpoint() -> Response:
    """The newest signed checkpoint, verbatim, with the cosignatures that it has by now."""
    newest = published_checkpoint(db.session())
    if newest is None:
        raise NotFound("No checkpoint is signed yet; ask again in a moment.")
    return Response(newest.note, mimetype="text/plain")


@blueprint.get("/tile/<path:place>")
@guard.access(Permission.ANYONE)
def tile(place: str) -> Response:
    """Hashes of the tree, of which proofs are made; what is signed for never changes (C2SP tlog-tiles)."""
    found = read_tile_path(f"tile/{place}")
    hashes = None
    if found is not None:
        level, index, width = found
        hashes = signed_tile(db.session(), level, index, width=width)
    if hashes is None:
        raise NotFound("There is no such tile below the newest checkpoint.")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(hashes, mimetype="application/octet-stream", headers=kept)
