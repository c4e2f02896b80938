"""Is this receipt true? The page where anybody checks one, without an account and without a script."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from review.domain.permissions import Permission
from review.domain.receipt_schema import read_receipt_body
from review.domain.representation import json_bytes
from review.domain.told import moment_of
from review.formats.receipts import LARGEST_RECEIPT, Proven
from review.formats.strict_json import parse_object
from review.web import errors, guard, limits, requests
from review.web.operations import describe
from review.web.public import receipt_check
from review.web.public.receipt_check import Checked
from review.web.public.verify_answer import OPERATION, PAGE, members_of
from review.web.words import WORDS

blueprint = Blueprint("public_verify", __name__)

MOST_ITEMS: Final = 50
"""So many items of a receipt are shown; all are checked."""
NOTHING_YET: Final = Checked()


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
class Delivered:
    """What a receipt says of a delivery that was taken in whole; ``meta`` is always open."""

    meta: Mapping[str, Any]
    fingerprint: str | None


@blueprint.get("/verify")
@guard.access(Permission.ANYONE)
@describe(PAGE)
def page() -> str:
    """The empty form."""
    return _page()


@blueprint.post("/verify")
@guard.access(Permission.ANYONE)
@describe(OPERATION)
def check() -> Response | str | tuple[str, int]:
    """Say what the receipt proves, or which part of it fails; nothing of it is kept."""
    limits.count_address()
    if errors.asks_as_program():
        requests.check_accept()
        asked = read_receipt_body(parse_object(requests.json_body()))
        checked = receipt_check.check(_as_given(asked.encode("utf-8", "surrogatepass")))
        return requests.json_answer(json_bytes(members_of(checked)))
    document = _given()
    if not document:
        return _page(missing=True), 422
    return _page(receipt_check.check(document))


def _given() -> bytes:
    """The receipt as the desk gave it; what pasting and mailing do to the ends of lines is undone."""
    content = b""
    if "file" in request.files:
        with request.files["file"].stream as file:
            content = file.read(LARGEST_RECEIPT + 1)
    if not content:
        content = request.form.get("receipt", "").encode("utf-8", "surrogatepass")
    return _as_given(content)


def _as_given(content: bytes) -> bytes:
    lines = content.replace(b"\r\n", b"\n").strip(b"\n")
    return lines + b"\n" if lines else b""


def _page(checked: Checked = NOTHING_YET, *, missing: bool = False) -> str:
    """The same page for everybody, so small that it comes over any line."""
    proven = checked.proven
    nobody: dict[str, Any] = {
        "navigation": (), "viewer": None, "rest": None, "undo": None, "signed_in_until": None,
    }  # fmt: skip
    return render_template(
        "public/verify.html",
        proven=proven,
        received=_received(proven) if proven and proven.event_type == "referral.received" else None,
        delivered=_delivered(proven) if proven and proven.event_type == "batch.completed" else None,
        answered=_answered(proven) if proven and proven.event_type == "item.answered" else None,
        failed=checked.failed,
        missing=missing,
        cosigners=checked.cosigners,
        keys=receipt_check.fingerprints(),
        moment_of=moment_of,
        known=lambda family, code: code in WORDS[family],
        **nobody,
    )


def _received(proven: Proven) -> Received:
    items = _value(proven.values, "items", [])
    return Received(
        reference=_text(proven.values, "reference"),
        fingerprint=_text(proven.values, "body_sha256"),
        items=tuple((str(item["id"]), str(item["url"])) for item in items[:MOST_ITEMS]),
        item_count=len(items),
        refused_count=len(_value(proven.values, "refused_items", [])),
    )


def _delivered(proven: Proven) -> Delivered:
    return Delivered(proven.meta, fingerprint=_text(proven.values, "body_sha256"))


def _answered(proven: Proven) -> Mapping[str, Any] | None:
    """The members of the answer; None where the receipt leaves it closed."""
    answer: Mapping[str, Any] | None = _value(proven.values, "answer", None)
    return answer


def _text(values: Mapping[str, bytes], name: str) -> str | None:
    return values[name].decode("utf-8", "replace") if name in values else None


def _value(values: Mapping[str, bytes], name: str, absent: Any) -> Any:
    """A value that this desk recorded as JSON: the signature says that it did."""
    return json.loads(values[name]) if name in values else absent
