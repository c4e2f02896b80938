"""Who signed this checkpoint? C2SP signed notes and tlog-checkpoints with Ed25519 keys."""

import base64
import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from review.domain.merkle import HASH_BYTES
from review.errors import TrailBroken

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
"""Kinds of keys: of logs (C2SP signed-note) and of witnesses (C2SP tlog-cosignature)."""
KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = 32
MOST_SIGNATURES = 100

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_START = "\u2014 "


class Signs(Protocol):
    """Whatever holds a private key of Ed25519, such as `Ed25519PrivateKey`."""

    def public_key(self) -> Ed25519PublicKey:
        """The half that everybody may know."""

    def sign(self, data: bytes, /) -> bytes:
        """The signature, 64 bytes (RFC 8032)."""


@dataclass(frozen=True)
class Signature:
    """One signature line: the name of the key, its id of 4 bytes, and the signature as its type has it."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Checkpoint:
    """What a log claims: its origin, tree size and root of 32 bytes; ``body`` is the text that is signed."""

    origin: str
    size: int
    root: bytes
    body: str
    signatures: tuple[Signature, ...]


def note_key(name: str, public_key: bytes, *, kind: bytes = ED25519) -> str:
    """The public key as people pass it on, ``name+id+key``; ``ValueError`` for a name no key may have.

    ``public_key`` is 32 bytes; the form is that of C2SP signed-note and Go's ``note.NewVerifier``.
    """
    key_id = key_id_of(name, public_key, kind=kind)
    return f"{name}+{key_id.hex()}+{encode_base64(kind + public_key)}"


def parse_vkey(vkey: str, *, kind: bytes = ED25519) -> tuple[str, bytes, bytes]:
    """Name, key id (4 bytes) and public key (32 bytes) of ``name+id+key``; ``TrailBroken`` if malformed.

    A key of another kind is malformed here: who may cosign may not sign, nor the other way round.
    """
    try:
        name, key_id, encoded = vkey.split("+", 2)
        key = decode_base64(encoded)
        public_key = key[1:]
        if key[:1] != kind or key_id != key_id_of(name, public_key, kind=kind).hex():
            raise ValueError("the key and its id disagree")
    except ValueError:
        if kind == COSIGNATURE:
            _refuse("key", "The public key of the witness is malformed; copy it again from the witness.")
        _refuse("key", "The public key of the log is malformed; copy it again from the log's key page.")
    return name, bytes.fromhex(key_id), public_key


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """The text that a log signs: origin, size and base64 root, a line each (C2SP tlog-checkpoint, Note text).

    Raises ``ValueError`` for an origin that is no key name, a size outside 0 to 10^18-1 or another length of
    root than 32 bytes.
    """
    if _DECIMAL.fullmatch(str(size)) is None or len(root) != HASH_BYTES:
        raise ValueError("a checkpoint needs a size from 0 to 10^18-1 and a root of 32 bytes")
    return f"{_checked_name(origin)}\n{size}\n{encode_base64(root)}\n"


def sign(body: str, *, name: str, private_key: Signs) -> str:
    """The whole note: the text, an empty line and our signature line (C2SP signed-note, Format)."""
    return f"{body}\n{signature_line(body, name=name, private_key=private_key)}"


def signature_line(body: str, *, name: str, private_key: Signs) -> str:
    """One signature line with its newline; a second one of a new key may follow the first while keys rotate.

    Raises ``ValueError`` for a text that does not end in a newline or holds control characters.
    """
    if not body.endswith("\n") or _CONTROL.search(body):
        raise ValueError("a note's text ends in a newline and has no other control characters")
    key_id = key_id_of(name, private_key.public_key().public_bytes_raw())
    return write_signature(Signature(name, key_id, private_key.sign(body.encode())))


def write_signature(signature: Signature) -> str:
    """A signature as the line of a note, with its newline (C2SP signed-note, Format)."""
    return f"{_SIGNATURE_START}{signature.name} {encode_base64(signature.key_id + signature.signature)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a signed checkpoint without trusting it; ``TrailBroken`` says what is malformed.

    Strict: exactly the three lines of tlog-checkpoint without extension lines, 1 to 100 signature lines,
    canonical base64, no control characters. The signatures are not checked, ``verify`` does that.
    """
    if _CONTROL.search(text) or not _is_unicode(text):
        _refuse("checkpoint", "The checkpoint holds control characters; copy it again unchanged.")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        _refuse("checkpoint", "The checkpoint has no signature lines; copy all of it, to its last newline.")
    origin, size, root = _tree_head(body)
    signature_lines = lines[:-1].split("\n")
    if len(signature_lines) > MOST_SIGNATURES:
        _refuse(
            "checkpoint", f"The checkpoint has more than {MOST_SIGNATURES} signatures; ask for a new one."
        )
    return Checkpoint(
        origin=origin,
        size=size,
        root=root,
        body=f"{body}\n",
        signatures=tuple(_signature_of(line) for line in signature_lines),
    )


def verify(note_text: str, vkey: str) -> Checkpoint:
    """The checkpoint, if the holder of this key signed it for the log of the same name; else ``TrailBroken``.

    Signatures of other keys are ignored, one of this key that fails refuses the note (C2SP signed-note,
    Signatures).
    """
    name, key_id, public_key = parse_vkey(vkey)
    checkpoint = parse_checkpoint(note_text)
    if checkpoint.origin != name:
        _refuse("checkpoint", f"The checkpoint is of the log {checkpoint.origin}, but the key is of {name}.")
    ours = [one for one in checkpoint.signatures if (one.name, one.key_id) == (name, key_id)]
    if not ours:
        _refuse("signature", f"The checkpoint is not signed by the key {name}+{key_id.hex()}.")
    signed = checkpoint.body.encode()
    if not all(signature_holds(one.signature, signed=signed, public_key=public_key) for one in ours):
        _refuse("signature", f"The signature of the checkpoint by {name}+{key_id.hex()} is wrong.")
    return checkpoint


def verify_any(note_text: str, vkeys: Sequence[str]) -> Checkpoint:
    """The checkpoint, if a holder of one of these keys signed it; else ``TrailBroken``.

    While keys rotate two of them sign; a signature of any of them that fails refuses the note.
    """
    signed = {(one.name, one.key_id) for one in parse_checkpoint(note_text).signatures}
    by = [vkey for vkey in vkeys if parse_vkey(vkey)[:2] in signed] or list(vkeys[-1:])
    if not by:
        _refuse("signature", "There is no key to check the checkpoint with.")
    found = [verify(note_text, vkey) for vkey in by]
    return found[0]


def is_signed_by_any(note_text: str, vkeys: Sequence[str]) -> bool:
    """Whether the note bears the name and id of one of these keys; nothing of the signature is checked."""
    signed = {(one.name, one.key_id) for one in parse_checkpoint(note_text).signatures}
    return any(parse_vkey(vkey)[:2] in signed for vkey in vkeys)


def signature_holds(signature: bytes, *, signed: bytes, public_key: bytes) -> bool:
    """Whether this is the Ed25519 signature (64 bytes) of the signed bytes by this key (RFC 8032, 5.1.7)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def encode_base64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return b2a_base64(raw, newline=False).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Bytes of base64 in its one canonical spelling; ``ValueError`` otherwise (RFC 4648, section 3.5)."""
    raw = base64.b64decode(text, validate=True)
    if encode_base64(raw) != text:
        raise ValueError("this is not canonical base64")
    return raw


def parse_decimal(text: str) -> int:
    """A count of 0 to 10^18-1 in ASCII digits without leading zeros; ``ValueError`` otherwise."""
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError("this is not a plain decimal number")
    return int(text)


def key_id_of(name: str, public_key: bytes, *, kind: bytes = ED25519) -> bytes:
    """The 4 bytes by which a note names a key (C2SP signed-note); ``ValueError`` for no name or no key."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise ValueError("an Ed25519 public key has 32 bytes")
    return sha256(_checked_name(name).encode() + b"\n" + kind + public_key).digest()[:KEY_ID_BYTES]


def _tree_head(body: str) -> tuple[str, int, bytes]:
    try:
        origin, size, encoded = body.split("\n")
        root = decode_base64(encoded)
        if len(root) != HASH_BYTES:
            raise ValueError("a root has 32 bytes")
        return _checked_name(origin), parse_decimal(size), root
    except ValueError:
        _refuse("checkpoint", "The checkpoint does not consist of the lines origin, tree size and root.")


def _signature_of(line: str) -> Signature:
    try:
        start, name, encoded = line.split(" ")
        raw = decode_base64(encoded)
        if f"{start} " != _SIGNATURE_START or len(raw) <= KEY_ID_BYTES:
            raise ValueError("this is not a signature line")
        return Signature(_checked_name(name), raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])
    except ValueError:
        _refuse("checkpoint", "A signature line of the checkpoint is malformed; copy it again unchanged.")


def _checked_name(name: str) -> str:
    """The name, if a key may have it: not empty, no spaces, no plus, no control characters."""
    if not name or "+" in name or any(sign.isspace() for sign in name) or _CONTROL.search(name):
        raise ValueError("the name of a key is not empty and has neither spaces nor plus signs")
    return name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(part: str, sentence: str) -> NoReturn:
    raise TrailBroken(sentence, values={"part": part}) from None
