"""Who saw this checkpoint, and when? Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519).

A cosignature says that at its time this was the largest consistent tree of the log that its witness had seen.
"""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from review.domain.signed_note import (
    COSIGNATURE,
    Checkpoint,
    Signature,
    key_id_of,
    parse_vkey,
    signature_holds,
    write_signature,
)
from review.errors import TrailBroken

TIME_BYTES = 8
LAST_SECOND = 253_402_300_799
"""The end of the year 9999, after which no time can be written."""


def cosign(body: str, *, name: str, private_key: Ed25519PrivateKey, at: datetime) -> Signature:
    """The cosignature of a checkpoint's text at this time, counted in whole seconds since 1970."""
    seconds = int(at.timestamp())
    key_id = key_id_of(name, private_key.public_key().public_bytes_raw(), kind=COSIGNATURE)
    signed = private_key.sign(_signed_text(body, seconds))
    return Signature(name, key_id, seconds.to_bytes(TIME_BYTES, "big") + signed)


def cosignature_of(checkpoint: Checkpoint, vkey: str) -> tuple[str, datetime] | None:
    """Line and time (UTC) of this witness's newest cosignature of the checkpoint; None where it has none.

    Cosignatures of other keys are ignored, one of this key that fails refuses all (C2SP signed-note,
    Signatures): then, and for a malformed key, `TrailBroken`.
    """
    name, key_id, public_key = parse_vkey(vkey, kind=COSIGNATURE)
    found: list[tuple[int, str]] = []
    for one in checkpoint.signatures:
        if (one.name, one.key_id) != (name, key_id):
            continue
        seconds = int.from_bytes(one.signature[:TIME_BYTES], "big")
        signed = _signed_text(checkpoint.body, seconds)
        if seconds > LAST_SECOND or not signature_holds(
            one.signature[TIME_BYTES:], signed=signed, public_key=public_key
        ):
            raise TrailBroken(
                f"The cosignature of the checkpoint by {name}+{key_id.hex()} is wrong.",
                values={"part": "signature"},
            )
        found.append((seconds, write_signature(one)))
    if not found:
        return None
    seconds, line = max(found)
    return line, datetime.fromtimestamp(seconds, UTC)


def _signed_text(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()
