"""What does this receipt prove? The one check of a whole receipt, for the public page, the client, anybody.

It needs the document, and the desk's public key from somewhere else: no network and no database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from review.domain.commitments import Enumeration
from review.domain.signed_note import Checkpoint, parse_checkpoint, parse_vkey, verify
from review.errors import TrailBroken
from review.formats.tlog_proof import CheckedOpening, Proof, check_opening, check_proof, parse_proof

LARGEST_RECEIPT = 8 * 1024 * 1024
"""Bytes. The receipt of a referral with a thousand ASCII addresses of full length has half as many."""


class Part(StrEnum):
    """Parts of a receipt that can fail, each named in ``values["part"]`` of the `TrailBroken` that says so.

    ``size``: too large to be a receipt; ``document``: no receipt, or a line is malformed; ``checkpoint``: the
    signed note in it is malformed; ``origin``: of another trail; ``key``: not signed by this key;
    ``signature``: wrong; ``inclusion``: the hashes do not lead from the entry to the signed root;
    ``opening``: missing or malformed, or, with ``values["field"]``, a value that was not committed to.
    """

    SIZE = "size"
    DOCUMENT = "document"
    CHECKPOINT = "checkpoint"
    ORIGIN = "origin"
    KEY = "key"
    SIGNATURE = "signature"
    INCLUSION = "inclusion"
    OPENING = "opening"


@dataclass(frozen=True)
class Proven:
    """What a receipt proves: this event stands at ``position`` (from 0) of the trail that the key signed.

    ``checkpoint`` covers it; ``values`` are the fields that the receipt opens, as bytes, each equal to its
    commitment; ``closed`` names those that it leaves closed. The time is the desk's own word.
    """

    checkpoint: Checkpoint
    key_id: str
    position: int
    recorded_at: datetime
    event_type: str
    object_kind: str
    object_id: str
    meta: Mapping[str, Enumeration]
    values: Mapping[str, bytes]
    closed: tuple[str, ...]


def check_receipt(document: bytes, vkey: str, *others: str) -> Proven:
    """What this receipt proves by this key (``name+id+key``); else `TrailBroken` that names the `Part`.

    Strict: the bytes as the desk gave them, to the last line feed. ``others`` are keys of the same trail
    that count as well, the most trusted last, since its keys change over the years.
    """
    if len(document) > LARGEST_RECEIPT:
        _refuse(Part.SIZE, f"A receipt has {LARGEST_RECEIPT // 1024 // 1024} MiB at most; this is larger.")
    try:
        text = document.decode()
    except UnicodeDecodeError:
        _refuse(Part.DOCUMENT, "This is no receipt: it is not text in UTF-8.")
    proof = parse_proof(text)
    vkey = _signer(proof, (vkey, *others))
    verify(proof.checkpoint_text, vkey)
    if proof.extra is None:
        _refuse(Part.OPENING, "The receipt lacks the line extra, so it does not say what it is a receipt of.")
    opening = check_opening(proof.extra)
    return _proven(proof, opening, check_proof(text, opening.entry, vkey), vkey)


def _signer(proof: Proof, vkeys: Sequence[str]) -> str:
    """The key that signed; tells another trail and an unknown key from a wrong signature."""
    checkpoint = parse_checkpoint(proof.checkpoint_text)
    signed = {(one.name, one.key_id) for one in checkpoint.signatures}
    name, key_id, _public_key = parse_vkey(vkeys[-1])
    ours = [vkey for vkey in vkeys if parse_vkey(vkey)[0] == checkpoint.origin]
    if not ours:
        _refuse(Part.ORIGIN, f"The receipt is of another trail, not of {name}.")
    known = [vkey for vkey in ours if parse_vkey(vkey)[:2] in signed]
    if not known:
        _refuse(Part.KEY, f"The checkpoint is not signed by the key {name}+{key_id.hex()}.")
    return known[-1]


def _proven(proof: Proof, opening: CheckedOpening, checkpoint: Checkpoint, vkey: str) -> Proven:
    envelope = opening.envelope
    return Proven(
        checkpoint=checkpoint,
        key_id=parse_vkey(vkey)[1].hex(),
        position=proof.index,
        recorded_at=datetime.fromisoformat(envelope["t"]),
        event_type=envelope["type"],
        object_kind=envelope["obj"]["kind"],
        object_id=envelope["obj"]["id"],
        meta=envelope.get("meta", {}),
        values=opening.values,
        closed=tuple(name for name in envelope.get("c", {}) if name not in opening.values),
    )


def _refuse(part: Part, sentence: str) -> NoReturn:
    raise TrailBroken(sentence, values={"part": part.value}) from None
