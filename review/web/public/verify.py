"""Is this receipt true? The page where anybody checks one, without an account and without a script."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, current_app, render_template, request

from review.domain.permissions import Permission
from review.domain.told import moment_of
from review.errors import TrailBroken
from review.formats import key_files
from review.formats.receipts import LARGEST_RECEIPT, Part, Proven, check_receipt
from review.web import guard, limits
from review.web.marked import N_
from review.web.texts import gettext
from review.web.words import WORDS

blueprint = Blueprint("public_verify", __name__)

MOST_ITEMS: Final = 50
"""So many items of a receipt are shown; all are checked."""
FAILED: Final[dict[str, tuple[str, str]]] = {
    Part.SIZE: (N_("Too large"), N_("This is larger than any receipt.")),
    Part.DOCUMENT: (
        N_("Not a receipt"),
        N_("It has not the form of a receipt: it is something else, or a line was changed, cut or left out."),
    ),
    Part.CHECKPOINT: (
        N_("The checkpoint is not whole"),
        N_("A line of the signed checkpoint at its end was changed, cut or left out."),
    ),
    Part.ORIGIN: (
        N_("From another trail"),
        N_("The checkpoint names another origin than the trail of this service; ask the service it names."),
    ),
    Part.KEY: (
        N_("Unknown key"),
        N_("The checkpoint is not signed by the key that this service publishes."),
    ),
    Part.SIGNATURE: (
        N_("The signature is wrong"),
        N_("It names the key of this service, but size, root or signature of the checkpoint were changed."),
    ),
    Part.INCLUSION: (
        N_("The proof does not lead to the root"),
        N_("The position, a hash of the proof, or what the receipt says was changed."),
    ),
    Part.OPENING: (
        N_("What it says is not whole"),
        N_("The line that says what was recorded was changed, cut or left out."),
    ),
}
CHANGED: Final = (
    N_("A value was changed"),
    N_("One of the values in the receipt is not the one that was recorded:"),
)


@dataclass(frozen=True)
class Received:
    """What a receipt says of a referral that arrived; None for what it does not say.

    ``items``: id and address as sent, of the first fifty.
    """

    reference: str | None
    fingerprint: str | None
    items: tuple[tuple[str, str], ...]
    item_count: int
    refused_count: int


@dataclass(frozen=True)
class Failed:
    """Why a receipt proves nothing: the part that fails, the reason, the name of a value that was changed."""

    title: str
    reason: str
    field: str = ""


@blueprint.get("/verify")
@guard.access(Permission.ANYONE)
def page() -> str:
    """The empty form."""
    return _page()


@blueprint.post("/verify")
@guard.access(Permission.ANYONE)
def check() -> str | tuple[str, int]:
    """Say what the receipt proves, or which part of it fails; nothing of it is kept."""
    limits.count_address()
    document = _given()
    if not document:
        return _page(missing=True), 422
    try:
        proven = check_receipt(document, _vkey())
    except TrailBroken as error:
        return _page(failed=_failed(error))
    return _page(proven=proven)


def _given() -> bytes:
    """The receipt as the desk gave it; what pasting and mailing do to the ends of lines is undone."""
    content = b""
    if "file" in request.files:
        with request.files["file"].stream as file:
            content = file.read(LARGEST_RECEIPT + 1)
    if not content:
        content = request.form.get("receipt", "").encode("utf-8", "surrogatepass")
    lines = content.replace(b"\r\n", b"\n").strip(b"\n")
    return lines + b"\n" if lines else b""


def _vkey() -> str:
    folder = current_app.config["REVIEW_SETTINGS"].data_dir
    return key_files.read_vkey(folder) if key_files.has_key(folder) else ""


def _page(*, proven: Proven | None = None, failed: Failed | None = None, missing: bool = False) -> str:
    """The same page for everybody, so small that it comes over any line."""
    nobody: dict[str, Any] = {
        "navigation": (), "viewer": None, "rest": None, "undo": None, "signed_in_until": None,
    }  # fmt: skip
    return render_template(
        "public/verify.html",
        proven=proven,
        received=_received(proven) if proven and proven.event_type == "referral.received" else None,
        answered=_answered(proven) if proven and proven.event_type == "item.answered" else None,
        failed=failed,
        missing=missing,
        vkey=_vkey(),
        moment_of=moment_of,
        known=lambda family, code: code in WORDS[family],
        **nobody,
    )


def _failed(error: TrailBroken) -> Failed:
    part, field = error.values["part"], error.values.get("field", "")
    title, reason = CHANGED if field else FAILED[part]
    return Failed(gettext(title), gettext(reason), field[:128])


def _received(proven: Proven) -> Received:
    items = _value(proven.values, "items", [])
    return Received(
        reference=_text(proven.values, "reference"),
        fingerprint=_text(proven.values, "body_sha256"),
        items=tuple((str(item["id"]), str(item["url"])) for item in items[:MOST_ITEMS]),
        item_count=len(items),
        refused_count=len(_value(proven.values, "refused_items", [])),
    )


def _answered(proven: Proven) -> Mapping[str, Any] | None:
    """The members of the answer; None where the receipt leaves it closed."""
    answer: Mapping[str, Any] | None = _value(proven.values, "answer", None)
    return answer


def _text(values: Mapping[str, bytes], name: str) -> str | None:
    return values[name].decode("utf-8", "replace") if name in values else None


def _value(values: Mapping[str, bytes], name: str, absent: Any) -> Any:
    """A value that this desk recorded as JSON: the signature says that it did."""
    return json.loads(values[name]) if name in values else absent
