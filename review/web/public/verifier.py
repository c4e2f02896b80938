"""The program that checks evidence bundles, for whoever was handed one: the file as it is installed here."""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response

from review import verifier
from review.domain.permissions import Permission
from review.web import guard

blueprint = Blueprint("public_verifier", __name__)


@blueprint.get("/verifier.py")
@guard.access(Permission.ANYONE)
def source() -> Response:
    """One Python file, as text to download."""
    answer = Response(_source(), mimetype="text/plain")
    answer.headers["Content-Disposition"] = 'attachment; filename="verifier.py"'
    return answer


@cache
def _source() -> bytes:
    return Path(verifier.__file__).read_bytes()
