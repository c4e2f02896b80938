"""Giving events their positions, signing checkpoints, and verifying: all that is done to the trail itself."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import rfc8785

from review import clock, db, ledger
from review.domain.permissions import OPERATOR, SERVICE, Actor, Permission, check_permission, check_service
from review.domain.signed_note import (
    Checkpoint,
    checkpoint_body,
    parse_vkey,
    signature_line,
    verify_any,
)
from review.domain.signer_refusals import Refusal, SignerRefused
from review.domain.witness_policy import WitnessPolicy
from review.errors import SettingsError, TrailBroken
from review.formats import key_files
from review.formats.device_keys import device_key, read_public
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


def create_signing_key(folder: Path, *, origin: str, device: bytes | None = None) -> str:
    """Create the key of this trail unless there is one; returns its public form.

    ``origin`` names the trail for ever; blank makes a random name up. ``device``: the public half, in PEM, of
    the key in a device that is to sign. Raises `SettingsError` when the key that exists has another name or
    is another than that.
    """
    if key_files.has_key(folder):
        check_signing_key(folder, origin=origin)
        vkey = key_files.read_vkey(folder)
        if device is not None and read_public(device).public_bytes_raw() != parse_vkey(vkey)[2]:
            raise SettingsError("The trail has another key already: run flask trail rotate-key.")
        return vkey
    held = None if device is None else device_key(folder, device)
    return key_files.create_key(folder, name=origin or f"desk-{secrets.token_hex(4)}/trail", device=held)


def check_signing_key(folder: Path, *, origin: str, witnesses: WitnessPolicy | None = None) -> None:
    """Raise `SettingsError` unless the key exists, is closed to others, and has the name in the settings.

    The policy for witnesses, where there is one, must be of this trail.
    """
    vkeys = key_files.read_vkeys(folder)
    vkey = vkeys[-1]
    name, _key_id, _public_key = parse_vkey(vkey)
    if witnesses is not None and witnesses.logs and not set(vkeys) & set(witnesses.logs):
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


def sign_checkpoint(*, folder: Path, whole: bool = False, actor: Actor = SERVICE) -> int | None:
    """Sign the newest tree head; returns its size, or None when it is signed or another process signs.

    The tree is derived anew from what was signed before and must contain it, else `SignerRefused`; with
    ``whole`` from every entry. The note goes to ``checkpoint.next`` first, then into the database, then
    becomes ``checkpoint``: so nothing is published that the signer could forget, and the file is never ahead
    of the database. A crash between leaves a promised note, which the next run brings into the database.
    """
    _check_machinery(actor)
    with key_files.signer_turn(folder) as free:
        return _sign_next(folder, whole=whole) if free else None


def _sign_next(folder: Path, *, whole: bool) -> int | None:
    keys, vkeys = key_files.read_keys(folder), key_files.read_vkeys(folder)
    if key_files.is_frozen(folder):
        raise SignerRefused(Refusal.FROZEN)
    reader = db.session()
    reader.rollback()
    head = ledger.head_of(reader)
    stored = checkpoints.newest_checkpoint(reader)
    outside = key_files.read_note(folder)
    promised = key_files.read_note(folder, key_files.PROMISED)
    noted = None if stored is None else stored.note
    signed = head.size == (0 if stored is None else stored.size)
    if promised is None and outside == noted and signed and not whole:
        return None
    if outside is None and noted not in (None, promised):
        raise SignerRefused(Refusal.FILE_MISSING)
    own = [_own(text, vkeys) for text in (outside, promised) if text is not None]
    kept = own if noted is None else [*own, _stored(noted, vkeys)]
    checkpoints.check_growth(reader, head, kept=kept, whole=whole)
    reader.rollback()  # nothing is held while the disk works
    if promised is not None:
        return _publish(folder, promised, size=own[-1].size)
    if stored is not None and own[0].size < stored.size:  # the file was restored from a backup, say
        key_files.write_note(folder, stored.note)
    if head.size in (0, *(checkpoint.size for checkpoint in kept)):
        return None
    body = checkpoint_body(keys[0].name, head.size, head.root)
    lines = [signature_line(body, name=key.name, private_key=key.private_key) for key in keys]
    note = "\n".join((body, "".join(lines)))
    key_files.write_note(folder, note, key_files.PROMISED)
    return _publish(folder, note, size=head.size)


def _own(text: str, vkeys: Sequence[str]) -> Checkpoint:
    try:
        return verify_any(text, vkeys)
    except TrailBroken as error:
        raise SignerRefused(Refusal.FILE_DAMAGED, error.detail) from None


def _stored(note: str, vkeys: Sequence[str]) -> Checkpoint:
    try:
        return verify_any(note, vkeys)
    except TrailBroken as error:
        raise SignerRefused(Refusal.ENTRIES_CHANGED, f"Of the newest checkpoint: {error.detail}") from None


def _publish(folder: Path, note: str, *, size: int) -> int:
    with db.transaction() as writer:
        ledger.keep_checkpoint(writer, size=size, note=note)
    key_files.keep_promised(folder)
    return size


def verify_trail(
    *,
    folder: Path,
    actor: Actor,
    signer_dir: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Check the whole trail and record the finding as an event; raises `NotReady` where it cannot check.

    All is read first, from one snapshot; only the finding is written, in a short transaction of its own.
    """
    if actor.kind != "operator":
        check_permission(actor, Permission.VERIFY_TRAIL)
    finding = examine_trail(folder, signer_dir=signer_dir, progress=progress)
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
