"""Giving events their positions, signing checkpoints, and verifying: all that is done to the trail itself."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import rfc8785

from review import clock, db, ledger
from review.domain.permissions import OPERATOR, SERVICE, Actor, Permission, check_permission, check_service
from review.domain.signed_note import checkpoint_body, parse_vkey, sign, verify
from review.domain.witness_policy import WitnessPolicy
from review.errors import SettingsError
from review.formats import key_files
from review.queries import checkpoints
from review.queries.examining import examine_trail
from review.queries.trail import Finding


@dataclass(frozen=True)
class Verdict:
    """A finding and the event that tells of it."""

    finding: Finding
    eid: str


def sequence_events(*, actor: Actor = SERVICE) -> ledger.Head | None:
    """Give pending events their positions, a batch at most; None when nothing was pending.

    The tree head is its own record: no event tells of it.
    """
    _check_machinery(actor)
    with db.transaction() as writer:
        return ledger.sequence_pending(writer)


def create_signing_key(folder: Path, *, origin: str) -> str:
    """Create the key of this trail unless there is one; returns its public form.

    ``origin`` names the trail for ever; blank makes a random name up. Raises `SettingsError` when the key
    that exists has another name.
    """
    if key_files.has_key(folder):
        check_signing_key(folder, origin=origin)
        return key_files.read_vkey(folder)
    return key_files.create_key(folder, name=origin or f"desk-{secrets.token_hex(4)}/trail")


def check_signing_key(folder: Path, *, origin: str, witnesses: WitnessPolicy | None = None) -> None:
    """Raise `SettingsError` unless the key exists, is closed to others, and has the name in the settings.

    The policy for witnesses, where there is one, must be of this trail.
    """
    vkey = key_files.read_vkey(folder)
    name, _key_id, _public_key = parse_vkey(vkey)
    if witnesses is not None and witnesses.logs and vkey not in witnesses.logs:
        raise SettingsError(
            f"The file of REVIEW_WITNESS_POLICY names other logs than this one: add the line log {vkey}"
        )
    if origin not in ("", name):
        raise SettingsError(
            f"REVIEW_LOG_ORIGIN is {origin}, but this trail is {name} for ever: set it so or leave it blank."
        )
    key_files.check_private(folder)


def _check_machinery(actor: Actor) -> None:
    """Raise `NotPermitted` unless a loop or a command acts: no page and no key reaches the machinery."""
    if actor.kind != OPERATOR.kind:
        check_service(actor)


def sign_checkpoint(*, folder: Path, actor: Actor = SERVICE) -> int | None:
    """Sign the newest tree head; returns its size, or None when it is signed or another process signs.

    The tree is derived anew from what was signed before and must contain it, else `TrailBroken`. The note
    goes to ``checkpoint.next`` first, then into the database, then becomes ``checkpoint``: so nothing is
    published that the signer could forget, and the file is never ahead of the database. A crash between
    leaves a promised note, which the next run brings into the database.
    """
    _check_machinery(actor)
    with key_files.signer_turn(folder) as free:
        return _sign_next(folder) if free else None


def _sign_next(folder: Path) -> int | None:
    key = key_files.read_key(folder)
    reader = db.session()
    reader.rollback()
    head = ledger.head_of(reader)
    stored = checkpoints.newest_checkpoint(reader)
    outside = key_files.read_note(folder)
    promised = key_files.read_note(folder, key_files.PROMISED)
    noted = None if stored is None else stored.note
    if promised is None and outside == noted and head.size == (0 if stored is None else stored.size):
        return None
    texts = [text for text in (noted, outside, promised) if text is not None]
    kept = [verify(text, key.vkey) for text in texts]
    checkpoints.check_growth(reader, head, kept=kept)
    if promised is not None:
        return _publish(folder, promised, size=verify(promised, key.vkey).size)
    if stored is not None and _is_behind(outside, stored.size, key.vkey):
        key_files.write_note(folder, stored.note)
    if head.size in (0, *(checkpoint.size for checkpoint in kept)):
        return None
    note = sign(checkpoint_body(key.name, head.size, head.root), name=key.name, private_key=key.private_key)
    key_files.write_note(folder, note, key_files.PROMISED)
    return _publish(folder, note, size=head.size)


def _is_behind(outside: str | None, size: int, vkey: str) -> bool:
    return outside is None or verify(outside, vkey).size < size


def _publish(folder: Path, note: str, *, size: int) -> int:
    with db.transaction() as writer:
        ledger.keep_checkpoint(writer, size=size, note=note)
    key_files.keep_promised(folder)
    return size


def verify_trail(*, folder: Path, actor: Actor, progress: Callable[[int], None] | None = None) -> Verdict:
    """Check the whole trail and record the finding as an event; raises `NotReady` where it cannot check.

    All is read first, from one snapshot; only the finding is written, in a short transaction of its own.
    """
    if actor.kind != "operator":
        check_permission(actor, Permission.VERIFY_TRAIL)
    finding = examine_trail(folder, progress=progress)
    now = clock.now()
    with db.transaction() as writer:
        eid = ledger.record(
            writer,
            "trail.verified",
            "trail",
            actor=actor,
            at=now,
            fields={"finding": _as_value(finding)},
            meta={"intact": finding.intact},
        )
    return Verdict(finding=finding, eid=eid)


def _as_value(finding: Finding) -> bytes:
    present = {name: value for name, value in asdict(finding).items() if value is not None}
    return rfc8785.dumps(present)
