"""What an operator does to the signer: accept anew what it signed last, change its key, end the trail."""

from datetime import timedelta
from pathlib import Path

from review import clock, db, ledger
from review.domain.permissions import Actor, check_operator
from review.domain.signed_note import (
    PUBLIC_KEY_BYTES,
    note_key,
    parse_checkpoint,
    parse_vkey,
    verify_any,
)
from review.errors import InvalidInput, NotReady, TrailBroken
from review.formats import key_files
from review.formats.device_keys import DeviceKey, device_key, read_public
from review.queries.checkpoints import newest_checkpoint
from review.queries.rotations import ORIGIN_BEGUN, RETIRED, ROTATED, key_events, position_of

LONGEST_REASON = 2_000


def accept_checkpoint(*, folder: Path, reason: str, actor: Actor) -> int:
    """Let the signer, whose own file is lost, believe the database; returns the size of the checkpoint.

    The event is committed first, so that no file is written anew without one. Raises `InvalidInput` while
    the file is whole, so that nobody takes a signer back to an older copy in this way, and without a reason.
    """
    check_operator(actor)
    given = checked_reason(reason)
    with key_files.signer_turn(folder, waits=True):
        vkeys = key_files.read_vkeys(folder)
        newest = newest_checkpoint(db.session())
        if newest is None:
            raise InvalidInput("The database has no checkpoint that could be accepted.")
        size = verify_any(newest.note, vkeys).size
        outside = key_files.read_note(folder)
        promised = key_files.read_note(folder, key_files.PROMISED)
        if outside is not None and all(_holds(note, vkeys) for note in (outside, promised or outside)):
            raise InvalidInput("The signer's own file is whole; nothing needs to be accepted.")
        with db.transaction() as writer:
            ledger.record(
                writer,
                "trail.file_accepted",
                "trail",
                actor=actor,
                at=clock.now(),
                fields={"reason": given, "checkpoint": newest.note},
            )
        (folder / key_files.PROMISED).unlink(missing_ok=True)
        key_files.write_note(folder, newest.note)
    return size


def rotate_key(*, folder: Path, device: bytes | None = None, actor: Actor) -> str:
    """Let a new key sign beside the one before; returns its public form, which an event tells.

    ``device``: the public half, in PEM, of the key in a device that is the new one.

    The key comes first and the event after it, so that the checkpoint that covers the event bears both
    signatures. A run that was cut off between is completed. Raises `InvalidInput` while a rotation is under
    way or the trail is frozen.
    """
    check_operator(actor)
    with key_files.signer_turn(folder, waits=True):
        _check_not_frozen(folder)
        told = {event.vkey for event in key_events(db.session(), ROTATED)}
        if len(key_files.read_keys(folder)) > 1 and key_files.read_vkey(folder) in told:
            raise InvalidInput("Two keys sign already: run flask trail retire-key before another rotation.")
        if len(key_files.read_keys(folder)) == 1:
            key_files.add_key(folder, device=_in_device(folder, device))
        before, vkey = key_files.read_vkeys(folder)[-2:]
        _check_begun(vkey, device)
        with db.transaction() as writer:
            ledger.record(
                writer,
                ROTATED,
                "trail",
                actor=actor,
                at=clock.now(),
                fields={"vkey": vkey, "before": before},
            )
    return vkey


def retire_key(*, folder: Path, after: timedelta, actor: Actor) -> str:
    """End a rotation: from now on the new key signs alone; returns the public form of the one that ends.

    Raises `InvalidInput` where no rotation is under way, where it began less than ``after`` ago, or where no
    checkpoint by both keys covers its event yet.
    """
    check_operator(actor)
    with key_files.signer_turn(folder, waits=True):
        _check_not_frozen(folder)
        keys = key_files.read_keys(folder)
        begun = [one for one in key_events(db.session(), ROTATED) if one.vkey == keys[-1].vkey]
        if len(keys) == 1 or not begun:
            raise InvalidInput("One key signs; run flask trail rotate-key first.")
        ends_at = begun[0].recorded_at + after
        if clock.now() < ends_at:
            raise InvalidInput(f"The overlap lasts until {ends_at:%Y-%m-%d %H:%M} UTC; see --after-days.")
        newest = newest_checkpoint(db.session())
        position = begun[0].position
        if position is None or newest is None or newest.size <= position:
            raise InvalidInput("No checkpoint covers the new key yet; try again in a moment.")
        verify_any(newest.note, [keys[0].vkey])
        ending = keys[0].vkey
        if ending not in {event.vkey for event in key_events(db.session(), RETIRED)}:
            with db.transaction() as writer:
                ledger.record(writer, RETIRED, "trail", actor=actor, at=clock.now(), fields={"vkey": ending})
        key_files.drop_older_keys(folder)
    return ending


def begin_freeze(*, folder: Path, reason: str, actor: Actor) -> str:
    """Record that the trail ends here and why, for the last checkpoint to cover; returns the event's id."""
    check_operator(actor)
    given = checked_reason(reason)
    _check_not_frozen(folder)
    with db.transaction() as writer:
        return ledger.record(
            writer, "trail.frozen", "trail", actor=actor, at=clock.now(), fields={"reason": given}
        )


def seal_freeze(event: str, *, folder: Path, actor: Actor) -> str:
    """Keep the newest checkpoint as the last one, after which the signer signs nothing; returns the note.

    Raises `NotReady` where it does not cover the event yet.
    """
    check_operator(actor)
    with key_files.signer_turn(folder, waits=True):
        _check_not_frozen(folder)
        note, position = key_files.read_note(folder) or "", position_of(db.session(), event)
        last = verify_any(note, key_files.read_vkeys(folder))
        if position is None or last.size <= position:
            raise NotReady("No checkpoint covers the end of the trail yet; run the command again.")
        key_files.write_note(folder, note, key_files.FROZEN)
    return note


def begin_origin(name: str, *, folder: Path, device: bytes | None = None, actor: Actor) -> str:
    """Go on after a freeze under a new name with a new key; returns its public form.

    The first new entry commits to the last checkpoint of the frozen trail, and the tree goes on: it begins
    with the whole frozen one, so that a consistency proof leads from there to each new checkpoint. A run
    that was cut off is completed. Raises `InvalidInput` for a trail that is not frozen and for a name that is
    none or not new.
    """
    check_operator(actor)
    with key_files.signer_turn(folder, waits=True):
        if not key_files.is_frozen(folder):
            raise InvalidInput("This trail is not frozen; run flask trail freeze first.")
        frozen = key_files.read_note(folder, key_files.FROZEN) or ""
        vkeys = key_files.read_vkeys(folder)
        begun = parse_vkey(vkeys[-1])[0]
        if begun == parse_checkpoint(frozen).origin:
            known, held = {parse_vkey(vkey)[0] for vkey in vkeys}, _in_device(folder, device)
            vkeys = (*vkeys, _new_name(folder, name, held, known=known))
        elif begun != name:
            raise InvalidInput(f"The new name was begun as {begun}; run the command with that.")
        _check_begun(vkeys[-1], device)
        if vkeys[-1] not in {event.vkey for event in key_events(db.session(), ORIGIN_BEGUN)}:
            with db.transaction() as writer:
                ledger.record(
                    writer,
                    ORIGIN_BEGUN,
                    "trail",
                    actor=actor,
                    at=clock.now(),
                    fields={"vkey": vkeys[-1], "frozen": frozen},
                )
        key_files.drop_older_keys(folder)
    return vkeys[-1]


def _in_device(folder: Path, pem: bytes | None) -> DeviceKey | None:
    return None if pem is None else device_key(folder, pem)


def _check_begun(vkey: str, pem: bytes | None) -> None:
    """Raise `InvalidInput` where an earlier run, which was cut off, began with another key than this."""
    if pem is not None and read_public(pem).public_bytes_raw() != parse_vkey(vkey)[2]:
        raise InvalidInput(f"This was begun with another key, {vkey}: run the command without --device-key.")


def _new_name(folder: Path, name: str, device: DeviceKey | None, *, known: set[str]) -> str:
    if name in known:
        raise InvalidInput(f"{name} is a name that this trail had; choose a new one.")
    try:
        note_key(name, bytes(PUBLIC_KEY_BYTES))
    except ValueError as error:
        raise InvalidInput(f"{name} cannot be the name of a trail: {error}.") from None
    return key_files.add_key(folder, name=name, device=device)


def _check_not_frozen(folder: Path) -> None:
    if key_files.is_frozen(folder):
        raise InvalidInput("This trail is frozen: its last checkpoint is signed for ever.")


def checked_reason(reason: str) -> str:
    """The reason without blanks around it; `InvalidInput` where there is none."""
    given = reason.strip()
    if not given or len(given) > LONGEST_REASON:
        raise InvalidInput(f"Give a reason of at most {LONGEST_REASON} characters.")
    return given


def _holds(note: str, vkeys: tuple[str, ...]) -> bool:
    try:
        verify_any(note, vkeys)
    except TrailBroken:
        return False
    return True
