"""What does a log say to a witness? The body of ``add-checkpoint`` (C2SP tlog-witness), both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from review.domain.merkle import HASH_BYTES
from review.domain.signed_note import (
    Checkpoint,
    decode_base64,
    encode_base64,
    parse_checkpoint,
    parse_decimal,
)
from review.errors import BadRequest, TrailBroken

MOST_PROOF_LINES = 63
LARGEST_REQUEST = 32 * 1024
"""Bytes: 63 hashes and a checkpoint with its hundred signatures have half as many."""
SIZE_TYPE = "text/x.tlog.size"


class WitnessFailure(StrEnum):
    """Why a witness that was asked did not cosign."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    NOT_COSIGNED = "not_cosigned"
    UNKNOWN_LOG = "unknown_log"
    NOT_TRUSTED = "not_trusted"
    MOVED = "moved"
    AHEAD = "ahead"
    OTHER_HISTORY = "other_history"


FAILURE_WORDS: Final[Mapping[WitnessFailure, str]] = {
    WitnessFailure.NO_ANSWER: "asked last, it could not be reached",
    WitnessFailure.REFUSED: "asked last, it refused without a reason that is known here",
    WitnessFailure.NOT_COSIGNED: "asked last, it answered without a cosignature that holds by its key",
    WitnessFailure.UNKNOWN_LOG: "asked last, it did not know this trail",
    WitnessFailure.NOT_TRUSTED: "asked last, it did not trust the key of this trail",
    WitnessFailure.MOVED: "asked last, it named other sizes again and again",
    WitnessFailure.AHEAD: "it has cosigned more entries than this trail has",
    WitnessFailure.OTHER_HISTORY: "it has seen another history of this trail",
}
"""Each in words that go on from the name of the witness."""


@dataclass(frozen=True)
class AddCheckpoint:
    """A request as read: the size that the log believes to be recorded, the proof from it, the checkpoint."""

    old_size: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint


def write_request(old_size: int, *, path: Sequence[bytes], checkpoint_text: str) -> bytes:
    """The body that asks a witness which has cosigned ``old_size`` entries to cosign this checkpoint."""
    lines = [f"old {old_size}", *(encode_base64(one) for one in path), "", checkpoint_text]
    return "\n".join(lines).encode()


def read_request(body: bytes) -> AddCheckpoint:
    """Read a request without trusting it; `BadRequest` names the line that is malformed."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        _refuse("The request is not text in UTF-8.")
    head, gap, checkpoint_text = text.partition("\n\n")
    if not gap:
        _refuse("An empty line must stand before the checkpoint.")
    first, *proof = head.split("\n")
    if len(proof) > MOST_PROOF_LINES:
        _refuse(f"A consistency proof has {MOST_PROOF_LINES} lines at most.")
    try:
        if not first.startswith("old "):
            raise ValueError("the word old is missing")
        old_size = parse_decimal(first.removeprefix("old "))
    except ValueError:
        _refuse("The first line must be the word old, a space and the size that was cosigned last.")
    try:
        path = tuple(decode_base64(line) for line in proof)
    except ValueError:
        path = (b"",)
    if not all(len(one) == HASH_BYTES for one in path):
        _refuse("Each line of the consistency proof must be one hash of 32 bytes in base64.")
    try:
        checkpoint = parse_checkpoint(checkpoint_text)
    except TrailBroken as error:
        raise BadRequest(error.detail) from None
    return AddCheckpoint(old_size, path, checkpoint)


def read_size(body: bytes) -> int | None:
    """The size in the body of a 409; None for anything else than a plain decimal number and a newline."""
    try:
        line = body.decode("ascii")
        return parse_decimal(line.removesuffix("\n")) if line.endswith("\n") else None
    except ValueError:
        return None


def _refuse(sentence: str) -> NoReturn:
    raise BadRequest(sentence) from None
