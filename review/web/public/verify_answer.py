"""The check of a receipt for programs: what the JSON of ``POST /verify`` promises, and its members."""

from typing import Any, Final

from review.clock import rfc3339
from review.domain.receipt_schema import ReceiptBody, VerdictAnswer
from review.errors import InvalidInput, NotAcceptable, NotStrictJson, TooLarge, UnsupportedMediaType
from review.formats.receipts import Proven
from review.web.operations import Answer, Content, Operation
from review.web.public.receipt_check import Checked

OPERATION: Final = Operation(
    name="check_receipt",
    title="Check a receipt",
    text="Says what a receipt proves or which part of it fails, without a key; nothing of it is kept. The "
    "page /verify does the same for people. Whoever need not believe this service checks offline: a receipt "
    "is a tlog-proof (C2SP), and /log/policy says by which keys.",
    group="Follow",
    bodies=(Content("application/json", ReceiptBody),),
    answers=(Answer(200, "The verdict, good or bad.", (Content("application/json", VerdictAnswer),)),),
    problems=(NotStrictJson, NotAcceptable, TooLarge, UnsupportedMediaType, InvalidInput),
)

PAGE: Final = Operation(
    name="receipt_page",
    title="The page that checks receipts",
    text="The same for people, by a form: without an account, without a script.",
    group="Follow",
    answers=(Answer(200, "The page.", (Content("text/html", {"type": "string"}),)),),
)

_NOTHING: Final[dict[str, Any]] = {
    "event_type": None, "object_id": None, "recorded_at": None, "position": None, "origin": None,
    "size": None, "root": None, "key": None, "values": {}, "closed": [], "cosigned": [],
}  # fmt: skip


def members_of(checked: Checked) -> dict[str, Any]:
    """The members of `VerdictAnswer`."""
    failed = checked.failed
    verdict = {
        "genuine": failed is None,
        "part": failed and failed.part,
        "field": (failed and failed.field) or None,
        "reason": failed and failed.reason,
    }
    return verdict | (_NOTHING if checked.proven is None else _proven(checked.proven, checked))


def _proven(proven: Proven, checked: Checked) -> dict[str, Any]:
    return {
        "event_type": proven.event_type,
        "object_id": proven.object_id,
        "recorded_at": rfc3339(proven.recorded_at),
        "position": proven.position,
        "origin": proven.checkpoint.origin,
        "size": proven.checkpoint.size,
        "root": proven.checkpoint.root.hex(),
        "key": f"{proven.checkpoint.origin}+{proven.key_id}",
        "values": {name: value.decode("utf-8", "replace") for name, value in proven.values.items()},
        "closed": list(proven.closed),
        "cosigned": [{"witness": witness, "at": rfc3339(at)} for witness, at in checked.cosigners],
    }
