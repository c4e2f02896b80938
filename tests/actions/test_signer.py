"""The signer refuses with one clear line whatever does not continue what it signed, until somebody acts."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from review import clock, db
from review.actions import signer, trail
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.domain.signer_refusals import REFUSALS, Refusal, SignerRefused
from review.errors import InvalidInput, NotPermitted
from review.formats import key_files
from review.models import Leaf, Opening, StoredCheckpoint
from review.queries.checkpoints import newest_checkpoint
from review.queries.health import Check, readiness
from review.workers import loops, signing
from review.workers.pulse import Pulse
from review.workers.resting import Rest
from tests.actions.test_trail import forget_tail, undefend
from tests.conftest import Desk
from tests.factories import make_account, sender_actor
from tests.stored import opened_fields
from tests.trails import record_events, settle


@pytest.fixture
def folder(desk: Desk) -> Path:
    """The signer's folder, after 300 entries were signed."""
    found = desk.settings.signer_dir
    trail.create_signing_key(found, origin="")
    record_events(300, sign=found)
    return found


def refused(folder: Path, *, whole: bool = False) -> SignerRefused:
    """What the signer says, twice the same, while nothing more is signed."""
    before, note = _signed(), key_files.read_note(folder)
    with pytest.raises(SignerRefused) as first:
        trail.sign_checkpoint(folder=folder, whole=whole)
    with pytest.raises(SignerRefused) as second:
        trail.sign_checkpoint(folder=folder, whole=whole)
    assert first.value.detail == second.value.detail
    assert (_signed(), key_files.read_note(folder)) == (before, note)
    assert key_files.read_note(folder, key_files.PROMISED) in (None, "damaged")
    assert "\n" not in first.value.detail
    return first.value


def _signed() -> list[int]:
    reader = db.session()
    reader.rollback()
    return list(reader.scalars(sa.select(StoredCheckpoint.size)))


def change(desk: Desk, table: str, statement: str, **values: object) -> None:
    """Change rows behind the program."""
    undefend(desk, table)
    with db.transaction() as writer:
        writer.execute(sa.text(statement), values)


def flipped(raw: bytes) -> bytes:
    """The same with one bit of its middle changed."""
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


def test_a_restored_older_copy_is_refused(desk: Desk, folder: Path) -> None:
    record_events(5, sign=folder)
    forget_tail(desk, 300)
    record_events(2)
    assert refused(folder).refusal is Refusal.OLDER_COPY


def test_an_empty_database_under_a_signer_that_remembers_is_refused(desk: Desk, folder: Path) -> None:
    forget_tail(desk, 0)
    found = refused(folder)
    assert found.refusal is Refusal.OLDER_COPY
    assert "A checkpoint of 300 entries was signed, but there are 0." in found.detail


@pytest.mark.parametrize("column", ["envelope", "salt"])
def test_a_flipped_bit_of_a_new_entry_is_refused(desk: Desk, folder: Path, column: str) -> None:
    record_events(4)
    found = getattr(Opening, column)
    row = desk.session.execute(
        sa.select(Opening.eid, found).join(Leaf, Leaf.eid == Opening.eid).where(Leaf.position == 302)
    ).one()
    desk.session.rollback()
    statement = f"UPDATE openings SET {column} = :changed WHERE eid = :eid"
    change(desk, "openings", statement, changed=flipped(row[1]), eid=row.eid)
    assert "Entry 302" in refused(folder).detail


@pytest.mark.parametrize(("position", "whole"), [(0, True), (299, False), (302, False)])
def test_a_flipped_bit_of_a_fingerprint_is_refused(
    desk: Desk, folder: Path, position: int, *, whole: bool
) -> None:
    record_events(4)
    leaf = desk.session.scalar(sa.select(Leaf.leaf_hash).where(Leaf.position == position))
    desk.session.rollback()
    statement = "UPDATE leaves SET leaf_hash = :changed WHERE position = :position"
    change(desk, "leaves", statement, changed=flipped(leaf or b""), position=position)
    assert refused(folder, whole=whole).refusal is Refusal.ENTRIES_CHANGED


@pytest.mark.parametrize(("column", "whole"), [("root", False), ("hashes", True)])
def test_a_flipped_bit_of_a_tile_is_refused(desk: Desk, folder: Path, column: str, *, whole: bool) -> None:
    record_events(4)
    tile = desk.session.execute(sa.text(f"SELECT {column} FROM tiles WHERE level = 0")).scalar_one()
    desk.session.rollback()
    statement = f"UPDATE tiles SET {column} = :changed WHERE level = 0 AND number = 0"
    change(desk, "tiles", statement, changed=flipped(bytes(tile)))
    assert refused(folder, whole=whole).refusal is Refusal.ENTRIES_CHANGED


def test_an_old_entry_is_looked_at_when_the_signer_starts(desk: Desk, folder: Path) -> None:
    eid = desk.session.scalar(sa.select(Leaf.eid).where(Leaf.position == 7))
    desk.session.rollback()
    change(desk, "openings", "UPDATE openings SET salt = :salt WHERE eid = :eid", salt=b"x" * 32, eid=eid)
    with pytest.raises(SignerRefused, match="Entry 7 does not match"):
        signing.run_once(desk.app)
    with pytest.raises(SignerRefused, match="Entry 7 does not match"):
        signing.run_once(desk.app)  # and not signed at the next turn either


def test_a_signer_that_starts_on_a_sound_trail_signs(desk: Desk, folder: Path) -> None:
    record_events(300)
    assert signing.run_once(desk.app) is False
    assert _signed() == [300, 600]


def test_a_lost_file_is_refused_until_an_operator_accepts_anew(desk: Desk, folder: Path) -> None:
    kept = key_files.read_note(folder)
    (folder / key_files.CHECKPOINT).unlink()
    assert refused(folder).refusal is Refusal.FILE_MISSING
    record_events(3)
    assert refused(folder).refusal is Refusal.FILE_MISSING
    for reason in ("", " ", "x" * 2001):
        with pytest.raises(InvalidInput, match="reason"):
            signer.accept_checkpoint(folder=folder, reason=reason, actor=OPERATOR)
    assert signer.accept_checkpoint(folder=folder, reason=" The disk died. ", actor=OPERATOR) == 300
    assert key_files.read_note(folder) == kept
    assert opened_fields(desk, "trail.file_accepted") == [{"reason": "The disk died.", "checkpoint": kept}]
    trail.sequence_events()
    assert trail.sign_checkpoint(folder=folder) == 304
    assert trail.verify_trail(folder=folder, actor=OPERATOR).finding.intact


@pytest.mark.parametrize("name", [key_files.CHECKPOINT, key_files.PROMISED])
def test_a_damaged_file_is_refused_until_an_operator_accepts_anew(
    desk: Desk, folder: Path, name: str
) -> None:
    record_events(3)
    (folder / name).write_text("damaged")
    assert refused(folder).refusal is Refusal.FILE_DAMAGED
    assert signer.accept_checkpoint(folder=folder, reason="A bad block.", actor=OPERATOR) == 300
    assert trail.sign_checkpoint(folder=folder) == 303


def test_a_file_of_another_trail_is_damaged(desk: Desk, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    trail.create_signing_key(other, origin="other.example/trail")
    (folder / key_files.CHECKPOINT).write_text((key_files.read_note(folder) or "").replace("300", "30"))
    assert refused(folder).refusal is Refusal.FILE_DAMAGED


def test_a_file_that_is_whole_is_not_replaced(desk: Desk, folder: Path) -> None:
    record_events(5, sign=folder)
    forget_tail(desk, 300)
    with pytest.raises(InvalidInput, match="is whole"):
        signer.accept_checkpoint(folder=folder, reason="Take the old one.", actor=OPERATOR)
    assert refused(folder).refusal is Refusal.OLDER_COPY


def test_only_a_command_accepts(desk: Desk, folder: Path) -> None:
    for actor in (make_account(Role.ADMIN), make_account(Role.LEGAL), sender_actor("S-1"), SERVICE):
        with pytest.raises(NotPermitted):
            signer.accept_checkpoint(folder=folder, reason="Why not.", actor=actor)


def test_nothing_can_be_accepted_before_anything_was_signed(desk: Desk) -> None:
    trail.create_signing_key(desk.settings.signer_dir, origin="")
    with pytest.raises(InvalidInput, match="no checkpoint"):
        signer.accept_checkpoint(folder=desk.settings.signer_dir, reason="Why not.", actor=OPERATOR)


def test_a_file_from_an_older_backup_is_brought_up(desk: Desk, folder: Path) -> None:
    old = key_files.read_note(folder) or ""
    record_events(5, sign=folder)
    (folder / key_files.CHECKPOINT).write_text(old)
    assert trail.sign_checkpoint(folder=folder) is None
    newest = newest_checkpoint(desk.session)
    assert newest is not None
    assert key_files.read_note(folder) == newest.note


def health(desk: Desk) -> list[Check]:
    """What health says of the signer."""
    desk.session.rollback()
    return [one for one in readiness(desk.session, now=clock.now(), rooms=()) if one.name == "signer"]


@pytest.mark.parametrize("refusal", list(Refusal))
def test_health_says_what_the_signer_refuses_and_what_to_do(desk: Desk, refusal: Refusal) -> None:
    settle(desk.settings.data_dir)
    pulse = Pulse()
    pulse.turned("sign")
    pulse.write(desk.app)
    assert health(desk) == []
    pulse.turned("sign", failure=refusal)
    pulse.write(desk.app)
    (check,) = health(desk)
    assert (check.ok, check.serves) == (False, True)
    assert (check.sentence, check.next_step) == REFUSALS[refusal]
    pulse.turned("sign")
    pulse.write(desk.app)
    assert health(desk) == []


def test_the_loop_tells_the_refusal_by_its_code(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / key_files.CHECKPOINT).unlink()
    told: list[str | None] = []
    stop = threading.Event()

    def turned(_pulse: Pulse, _loop: str, *, failure: str | None = None) -> None:
        told.append(failure)
        stop.set()

    monkeypatch.setattr(Pulse, "turned", turned)
    with capture_logs() as lines:
        loops._turn(desk.app, loops.LOOPS["sign"], stop, Pulse(), Rest(["sign"]))
    assert told == [Refusal.FILE_MISSING]
    (line,) = lines
    assert line["code"] == Refusal.FILE_MISSING
    assert line["detail"].startswith(REFUSALS[Refusal.FILE_MISSING][0])
