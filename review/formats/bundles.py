"""An evidence bundle: events of some cases with proofs, as JSON Lines that `review/verifier.py` checks alone.

The first line says what the bundle holds, then come checkpoints, smallest first, each with the proof that it
continues the one before; then events in the order of the log, each with its opening and its path to the
newest checkpoint; the last line is the SHA-256 of all before it. Each line is canonical JSON (RFC 8785).
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkstemp
from typing import IO

from review.domain.canonical import canonical_json
from review.domain.signed_note import encode_base64
from review.formats.key_files import settle

FORMAT = "referral-review/bundle/v1"


def header_line(
    *,
    cases: Sequence[str],
    referrals: Sequence[str],
    objects: Mapping[str, int],
    events: int,
    checkpoints: int,
) -> bytes:
    """What was asked for and what follows; ``objects``: the last version of each, by kind and id."""
    return _line(
        {
            "format": FORMAT,
            "cases": list(cases),
            "referrals": list(referrals),
            "objects": dict(objects),
            "events": events,
            "checkpoints": checkpoints,
        }
    )


def checkpoint_line(note: str, consistency: Sequence[bytes]) -> bytes:
    """A signed checkpoint, verbatim, with its consistency proof from the one before, empty on the first."""
    return _line({"checkpoint": note, "consistency": [encode_base64(one) for one in consistency]})


def event_line(
    index: int,
    *,
    envelope: bytes,
    salt: bytes,
    fields: Mapping[str, tuple[bytes, bytes]],
    closed: Sequence[str],
    path: Sequence[bytes],
) -> bytes:
    """An event at its index with (key, value) of each open field; ``closed`` names those that were erased.

    A value is text where it is UTF-8, so that people can read and search the file, and base64 otherwise.
    """
    return _line(
        {
            "index": index,
            "envelope": envelope.decode(),
            "salt": encode_base64(salt),
            "fields": {
                name: {"key": encode_base64(key), **_value(value)} for name, (key, value) in fields.items()
            },
            "closed": sorted(closed),
            "path": [encode_base64(one) for one in path],
        }
    )


def last_line(digest: str) -> bytes:
    """The SHA-256 of all bytes before this line, in hex digits."""
    return _line({"sha256": digest})


def keep_bundle(path: Path, source: IO[bytes]) -> None:
    """Write a bundle to a file of this name, which is whole from the moment it is there; `OSError` if not."""
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    try:
        with open(descriptor, "wb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    settle(path.absolute().parent)


def _value(value: bytes) -> dict[str, str]:
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"value": encode_base64(value)}


def _line(members: Mapping[str, object]) -> bytes:
    return canonical_json(dict(members)) + b"\n"
