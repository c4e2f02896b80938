"""Prepares what is shown of evidence: each digest is looked into once, and its previews are kept."""

from dataclasses import dataclass
from pathlib import Path

from review.actions.evidence import Size, keep_look
from review.decoding import Decoded, decode, decode_bytes
from review.domain.media import BLURRED, BOXES, SMALL, Look, Refusal, Stage, fits, next_stage, shown_size
from review.errors import InvalidInput, NotReady
from review.models.evidence_files import evidence_path, keep_evidence, keep_preview, preview_length

FIRST_STEPS = (*SMALL, *BLURRED, Stage.TEXT)
"""Steps that a page may still offer of a file that somebody else looked into meanwhile."""


def look_into(sha256: str, *, data_dir: Path) -> Look:
    """Let the child decode the evidence of a digest; keep its previews, then what was found.

    Slow, and so outside any transaction. Raises `FileNotFoundError`, `NotReady` or `StorageFull`.
    """
    return _kept(decode(evidence_path(data_dir, sha256)), sha256, data_dir=data_dir)


def _kept(found: Decoded, sha256: str, *, data_dir: Path) -> Look:
    for stage, preview in found.previews.items():
        keep_preview(data_dir, sha256, stage, preview)
    keep_look(sha256, found.look)
    return found.look


def keep_if_shown(content: bytes, sha256: str, *, data_dir: Path) -> Refusal | None:
    """Keep a file that somebody adds here, with its previews; where it cannot be shown, nothing, and why.

    Unlike what a sender sent, which is kept whatever it is. Slow, and so outside any transaction. Raises
    `NotReady` or `StorageFull`.
    """
    found = decode_bytes(content)
    if found.look.refused is None:
        keep_evidence(data_dir, sha256, content)
        _kept(found, sha256, data_dir=data_dir)
    return found.look.refused


def not_shown_because(content: bytes) -> Refusal | None:
    """Why these bytes could not be shown, nothing of them kept; None where they could, or nobody could tell.

    Slow, and so outside any transaction.
    """
    try:
        return decode_bytes(content).look.refused
    except NotReady:
        return None


@dataclass(frozen=True)
class Prepared:
    """What can be shown now: a stage, and how large it is."""

    stage: Stage
    size: Size


def prepared(sha256: str, look: Look | None, *, stage: Stage, data_dir: Path) -> Prepared | None:
    """The preview of this stage, made if it is not there; None where the evidence cannot be shown.

    ``look`` is what is known of the digest, None for nothing yet: the first step that somebody asks for then
    is the first of whatever it turns out to be. Raises `InvalidInput` for a later step that such a file does
    not have, and what `look_into` raises.
    """
    known = look is not None
    if look is None:
        look = look_into(sha256, data_dir=data_dir)
    if look.refused is not None or look.kind is None:
        return None
    if not fits(look.kind, stage):
        first = next_stage(look.kind, None)
        if first is None or (known and stage not in FIRST_STEPS):
            raise InvalidInput("This evidence cannot be shown in that way; open the case again.")
        stage = first
    length = preview_length(data_dir, sha256, stage)
    if length is None:
        look = look_into(sha256, data_dir=data_dir)
        length = preview_length(data_dir, sha256, stage)
    if length is None:
        return None
    if stage not in BOXES or look.width is None or look.height is None:
        return Prepared(stage, Size(length))
    return Prepared(stage, Size(length, *shown_size(look.width, look.height, stage)))
