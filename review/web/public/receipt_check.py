"""Is this receipt of this trail? The check behind the page for people and the answer for programs."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import current_app

from review import db
from review.domain.cosignatures import cosignature_of
from review.domain.receipt_schema import OTHER_TRAIL
from review.domain.signed_note import parse_vkey
from review.domain.witness_policy import WitnessPolicy
from review.errors import TrailBroken
from review.formats import key_files
from review.formats.receipts import Part, Proven, check_receipt
from review.queries.known_checkpoints import begins_with
from review.web.marked import N_
from review.web.texts import gettext

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
ELSEWHERE: Final = (
    N_("Not of this trail"),
    N_(
        "The signature is that of this service, but the trail here has other entries, or fewer. Somebody else"
        " may have used its key, or entries were lost here: keep the receipt and ask the service."
    ),
)
CHANGED: Final = (
    N_("A value was changed"),
    N_("One of the values in the receipt is not the one that was recorded:"),
)


@dataclass(frozen=True)
class Failed:
    """Why a receipt proves nothing: the `Part` that fails, title and reason, the name of a changed value."""

    part: str
    title: str
    reason: str
    field: str = ""


@dataclass(frozen=True)
class Checked:
    """What a receipt proves, with the witnesses that saw its tree and the times they give; or why nothing."""

    proven: Proven | None = None
    cosigners: tuple[tuple[str, datetime], ...] = ()
    failed: Failed | None = None


def check(document: bytes) -> Checked:
    """Look at a receipt, as the desk gave it to the last line feed, and at the trail as it is now."""
    try:
        proven = check_receipt(document, *(vkeys() or ("",)))
        cosigners = _cosigners(proven)
    except TrailBroken as error:
        return Checked(failed=_failed(error))
    if not begins_with(db.session(), proven.checkpoint):
        return Checked(failed=Failed(OTHER_TRAIL, *map(gettext, ELSEWHERE)))
    return Checked(proven, cosigners)


def vkeys() -> tuple[str, ...]:
    """The public keys of this trail, the newest last; none before there is one."""
    folder = current_app.config["REVIEW_SETTINGS"].signer_dir
    return key_files.read_vkeys(folder) if key_files.has_key(folder) else ()


def fingerprints() -> tuple[tuple[str, str], ...]:
    """Each public key as ``name+id+key`` with the SHA-256 of its 32 bytes in hexadecimal digits."""
    return tuple((vkey, hashlib.sha256(parse_vkey(vkey)[2]).hexdigest()) for vkey in vkeys())


def _cosigners(proven: Proven) -> tuple[tuple[str, datetime], ...]:
    """Witnesses of the policy that cosigned the checkpoint, with the time after which it did not begin.

    Raises `TrailBroken` for a cosignature of one of them that is wrong.
    """
    policy: WitnessPolicy | None = current_app.config["REVIEW_WITNESSES"]
    found = [
        (one.key, cosignature_of(proven.checkpoint, one.vkey)) for one in (policy.witnesses if policy else ())
    ]
    return tuple((key, cosigned[1]) for key, cosigned in found if cosigned is not None)


def _failed(error: TrailBroken) -> Failed:
    part, field = error.values["part"], error.values.get("field", "")
    title, reason = CHANGED if field else FAILED[part]
    return Failed(part, gettext(title), gettext(reason), field[:128])
