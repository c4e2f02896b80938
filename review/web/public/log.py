"""The trail's public face: its keys, its newest signed checkpoint, and the tiles below it (C2SP)."""

from flask import Blueprint, Response, current_app

from review import db
from review.domain.permissions import Permission
from review.domain.signed_note import parse_checkpoint
from review.domain.tiles import read_entries_path, read_tile_path
from review.domain.witness_policy import write_policy
from review.errors import NotFound
from review.formats import key_files
from review.queries.checkpoints import StoredNote, signed_entries, signed_tile
from review.queries.rotations import ROTATED, key_events, rotation_proof
from review.queries.witnesses import published_checkpoint, with_cosignatures
from review.web import guard

blueprint = Blueprint("public_log", __name__, url_prefix="/log")


@blueprint.get("/key")
@guard.access(Permission.ANYONE)
def key() -> Response:
    """The public key as ``name+id+key``, which verifiers take as it is."""
    folder = current_app.config["REVIEW_SETTINGS"].signer_dir
    if not key_files.has_key(folder):
        raise NotFound("This trail has no key yet.")
    return Response(f"{key_files.read_vkey(folder)}\n", mimetype="text/plain")


@blueprint.get("/policy")
@guard.access(Permission.ANYONE)
def policy() -> Response:
    """Whom to believe, as a C2SP tlog-policy: every key the trail ever had, the witnesses and the quorum."""
    folder = current_app.config["REVIEW_SETTINGS"].signer_dir
    if not key_files.has_key(folder):
        raise NotFound("This trail has no key yet.")
    witnesses = current_app.config["REVIEW_WITNESSES"]
    return Response(write_policy(key_files.read_vkeys(folder), witnesses), mimetype="text/plain")


@blueprint.get("/rotation/<before>")
@guard.access(Permission.ANYONE)
def rotation(before: str) -> Response:
    """Which key followed the one with this id (8 hex digits), proven by a checkpoint that both signed."""
    reader = db.session()
    found = [one for one in key_events(reader, ROTATED) if one.before.split("+")[1:2] == [before]]
    proof = rotation_proof(reader, found[-1]) if found else None
    if proof is None:
        raise NotFound("No key has followed the one with this id.")
    return Response(proof, mimetype="text/plain")


@blueprint.get("/frozen")
@guard.access(Permission.ANYONE)
def frozen() -> Response:
    """The last checkpoint under a name that ended, with its cosignatures; its tiles are those of today."""
    last = key_files.read_note(current_app.config["REVIEW_SETTINGS"].signer_dir, key_files.FROZEN)
    if last is None:
        raise NotFound("This trail was never frozen.")
    note = with_cosignatures(db.session(), StoredNote(parse_checkpoint(last).size, last)).note
    return Response(note, mimetype="text/plain")


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
    """Hashes of the tree, of which proofs are made, or under ``entries/`` what was hashed (C2SP tlog-tiles).

    What is signed for never changes.
    """
    reader, path, answer = db.session(), f"tile/{place}", None
    if (bundle := read_entries_path(path)) is not None:
        index, width = bundle
        answer = signed_entries(reader, index, width=width)
    elif (found := read_tile_path(path)) is not None:
        level, index, width = found
        answer = signed_tile(reader, level, index, width=width)
    if answer is None:
        raise NotFound("There is no such tile below the newest checkpoint.")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(answer, mimetype="application/octet-stream", headers=kept)
