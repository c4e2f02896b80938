"""Is this receipt true? The document ``c2sp.org/tlog-proof@v1`` and the opening in its ``extra`` line.

Every ``TrailBroken`` raised here names the part that fails in ``values["part"]``: document, checkpoint, key,
signature, inclusion or opening; of a field of the opening also its name in ``values["field"]``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import rfc8785

from review.domain.commitments import KEY_BYTES, commit_field, leaf_entry, parse_envelope
from review.domain.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from review.domain.signed_note import (
    Checkpoint,
    decode_base64,
    encode_base64,
    parse_checkpoint,
    parse_decimal,
    verify,
)
from review.errors import NotStrictJson, TrailBroken
from review.formats.strict_json import parse_object

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 64


@dataclass(frozen=True)
class Proof:
    """A parsed, unverified proof: index of the entry, path with the leaf's sibling first, signed checkpoint.

    ``extra`` is not authenticated by the proof itself.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint_text: str
    extra: bytes | None


class Opening(NamedTuple):
    """A parsed, unchecked opening: canonical envelope, its salt, and (key, value) of each field shown."""

    envelope: bytes
    salt: bytes
    fields: dict[str, tuple[bytes, bytes]]


class CheckedOpening(NamedTuple):
    """The log entry that an opening stands for, its envelope, and the values that match their commitments."""

    entry: bytes
    envelope: dict[str, Any]
    values: dict[str, bytes]


def write_proof(
    index: int, *, path: Sequence[bytes], checkpoint_text: str, extra: bytes | None = None
) -> str:
    """Write the document (C2SP tlog-proof, Format); the checkpoint is the whole signed note, verbatim.

    Raises ``ValueError`` for an empty ``extra``: leave it out instead.
    """
    if extra == b"":
        raise ValueError("extra is either absent or has content")
    lines = [FIRST_LINE]
    if extra is not None:
        lines.append(f"extra {encode_base64(extra)}")
    lines.append(f"index {parse_decimal(str(index))}")
    lines += [encode_base64(one) for one in path]
    return "\n".join([*lines, "", checkpoint_text])


def parse_proof(text: str) -> Proof:
    """Read a proof without trusting it; ``TrailBroken`` names the first line that is malformed.

    Strict: lines end in LF only, base64 and index in their one spelling, at most 64 hashes, and nothing that
    the format does not name.
    """
    head, gap, checkpoint_text = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != FIRST_LINE:
        _refuse("document", f"This is no proof: it must begin with {FIRST_LINE} and hold a checkpoint.")
    extra = _extra_of(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    index = _index_of(lines.pop(0) if lines else "")
    if len(lines) > LONGEST_PATH:
        _refuse("document", f"The proof has more than {LONGEST_PATH} hashes; ask for a new one.")
    path = tuple(_hash_of(line, number) for number, line in enumerate(lines, start=1))
    parse_checkpoint(checkpoint_text)
    return Proof(index=index, path=path, checkpoint_text=checkpoint_text, extra=extra)


def check_proof(text: str, entry: bytes, vkey: str) -> Checkpoint:
    """The checkpoint that this key signed and that covers the entry; else ``TrailBroken``."""
    proof = parse_proof(text)
    checkpoint = verify(proof.checkpoint_text, vkey)
    if proof.index >= checkpoint.size:
        _refuse(
            "inclusion",
            f"The proof is for position {proof.index}, but the checkpoint covers only {checkpoint.size}.",
        )
    if not verify_inclusion(
        leaf_hash(entry), index=proof.index, size=checkpoint.size, path=proof.path, root=checkpoint.root
    ):
        _refuse(
            "inclusion",
            f"The hashes do not lead from this entry at position {proof.index} to the signed root.",
        )
    return checkpoint


def opening_json(envelope: bytes, *, salt: bytes, fields: Mapping[str, tuple[bytes, bytes]]) -> bytes:
    """The opening as JSON for the ``extra`` line: ``v``, ``envelope``, ``salt``, ``fields`` by name.

    ``fields`` maps a name to its key and value; withheld and erased fields are left out. The envelope is its
    canonical text, everything else base64.
    """
    return rfc8785.dumps(
        {
            "v": 1,
            "envelope": envelope.decode(),
            "salt": encode_base64(salt),
            "fields": {
                name: {"key": encode_base64(key), "value": encode_base64(value)}
                for name, (key, value) in fields.items()
            },
        }
    )


def parse_opening(extra: bytes) -> Opening:
    """Read an opening without trusting it; ``TrailBroken`` unless it is strict JSON of exactly our shape."""
    try:
        members = parse_object(extra)
        if members.keys() != {"v", "envelope", "salt", "fields"} or repr(members["v"]) != "1":
            raise ValueError("these are not the members of an opening")
        fields = {name: _key_and_value(field) for name, field in members["fields"].items()}
        return Opening(members["envelope"].encode(), _key_of(members["salt"]), fields)
    except (NotStrictJson, ValueError, TypeError, AttributeError):
        _refuse("opening", "The opening in the extra line is malformed; copy the receipt again unchanged.")


def check_opening(extra: bytes) -> CheckedOpening:
    """Entry, envelope and values of an opening, each field given checked against its commitment in ``c``.

    Raises ``TrailBroken`` naming the field that does not match. Fields of ``c`` that the opening leaves out
    were withheld or erased. That the entry is in the log, ``check_proof`` says.
    """
    opening = parse_opening(extra)
    try:
        envelope = parse_envelope(opening.envelope)
    except TrailBroken as error:
        _refuse("opening", error.detail)
    entry = leaf_entry(opening.envelope, salt=opening.salt)
    commitments = envelope.get("c", {})
    for name, (key, value) in opening.fields.items():
        committed = commitments.get(name)
        if committed is None or committed != commit_field(envelope["eid"], name, value, key=key):
            _refuse("opening", f"The field {name} of the opening is not what was committed to.", field=name)
    return CheckedOpening(entry, envelope, {name: value for name, (_, value) in opening.fields.items()})


def _extra_of(line: str) -> bytes:
    try:
        extra = decode_base64(line.removeprefix("extra "))
    except ValueError:
        extra = b""
    if not extra:
        _refuse("document", "The extra line of the proof is not base64; copy the proof again unchanged.")
    return extra


def _index_of(line: str) -> int:
    keyword, _, digits = line.partition(" ")
    try:
        if keyword != "index":
            raise ValueError("this is not the index line")
        return parse_decimal(digits)
    except ValueError:
        _refuse("document", "The index line of the proof is missing or malformed; copy it again unchanged.")


def _hash_of(line: str, number: int) -> bytes:
    try:
        found = decode_base64(line)
    except ValueError:
        found = b""
    if len(found) != HASH_BYTES:
        _refuse("document", f"Hash {number} of the proof is not {HASH_BYTES} bytes in base64; copy it again.")
    return found


def _key_and_value(field: Mapping[str, str]) -> tuple[bytes, bytes]:
    if field.keys() != {"key", "value"}:
        raise ValueError("a field of an opening has a key and a value")
    return _key_of(field["key"]), decode_base64(field["value"])


def _key_of(text: str) -> bytes:
    key = decode_base64(text)
    if len(key) != KEY_BYTES:
        raise ValueError("keys and salts have 32 bytes")
    return key


def _refuse(part: str, sentence: str, **more: str) -> NoReturn:
    raise TrailBroken(sentence, values={"part": part, **more}) from None
