"""What does an error code mean, and what to do about it? The pages behind a problem document's ``type``."""

from dataclasses import dataclass

from flask import Blueprint, render_template

from review.domain.permissions import Permission
from review.errors import NotFound, ReviewError
from review.web import guard
from review.web.errors import STATUS

blueprint = Blueprint("public_errors", __name__, url_prefix="/errors")


@dataclass(frozen=True)
class Kind:
    """One kind of error: stable code, HTTP status, what it means and what to do."""

    code: str
    status: int
    title: str
    remedy: str


KINDS: dict[str, Kind] = {
    kind.code: Kind(kind.code, status, kind.title, kind.remedy)
    for kind, status in sorted(
        (STATUS | {ReviewError: 500}).items(), key=lambda entry: (entry[1], entry[0].code)
    )
}


@blueprint.get("/")
@guard.access(Permission.ANYONE)
def index() -> str:
    """Every error code."""
    return render_template("public/errors.html", kinds=tuple(KINDS.values()))


@blueprint.get("/<code>")
@guard.access(Permission.ANYONE)
def one(code: str) -> str:
    """One error code; 404 for what is none."""
    if code not in KINDS:
        raise NotFound("There is no error with this code; the list of all codes is at /errors/.")
    return render_template("public/error_kind.html", kind=KINDS[code])
