"""Signing and verifying: never an inconsistent checkpoint, and a crash at any point heals."""

import stat

import pytest
import sqlalchemy as sa

from review import db, ledger
from review.actions import trail
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.domain.signed_note import parse_vkey, verify
from review.errors import NotPermitted, NotReady, SettingsError, TrailBroken
from review.formats import key_files
from review.models import Opening, StoredCheckpoint
from review.queries.checkpoints import newest_checkpoint
from review.queries.verdicts import newest_verdict
from tests.conftest import Desk
from tests.factories import make_account, sender_actor
from tests.threads import together
from tests.trails import record_events, record_one, settle


def undefend(desk: Desk, table: str) -> None:
    """Take the triggers off one table, as its owner could."""
    names = ("update", "delete") if desk.database == "sqlite" else ("row",)
    place = "" if desk.database == "sqlite" else f" ON {table}"
    with db.transaction() as writer:
        for name in names:
            writer.execute(sa.text(f"DROP TRIGGER guard_{table}_{name}{place}"))


def forget_tail(desk: Desk, size: int) -> None:
    """Cut the trail to ``size`` entries, as a restored older copy would."""
    for table in ("leaves", "tree_heads", "checkpoints"):
        undefend(desk, table)
    with db.transaction() as writer:
        writer.execute(sa.text(f"DELETE FROM leaves WHERE position >= {size}"))
        writer.execute(sa.text(f"DELETE FROM tree_heads WHERE size > {size}"))
        writer.execute(sa.text(f"DELETE FROM checkpoints WHERE size > {size}"))


def test_the_newest_head_is_signed_once_and_kept_in_both_places(desk: Desk) -> None:
    folder = desk.settings.data_dir
    vkey = trail.create_signing_key(folder, origin="desk.example/trail")
    assert trail.sign_checkpoint(folder=folder) is None
    record_events(300)
    assert trail.sign_checkpoint(folder=folder) == 300
    assert trail.sign_checkpoint(folder=folder) is None
    newest = newest_checkpoint(desk.session)
    assert newest is not None
    checkpoint = verify(newest.note, vkey)
    assert (checkpoint.size, checkpoint.root) == (300, ledger.head_of(desk.session).root)
    assert key_files.read_note(folder) == newest.note
    assert key_files.read_note(folder, key_files.PROMISED) is None


def test_only_loops_and_commands_sequence_and_sign(desk: Desk) -> None:
    folder = desk.settings.data_dir
    for actor in (make_account(Role.ADMIN), make_account(Role.LEGAL), sender_actor("S-1")):
        with pytest.raises(NotPermitted):
            trail.sequence_events(actor=actor)
        with pytest.raises(NotPermitted):
            trail.sign_checkpoint(folder=folder, actor=actor)
    assert trail.sequence_events(actor=OPERATOR) is None
    assert trail.sequence_events(actor=SERVICE) is None


def test_signers_at_once_sign_one_checkpoint(desk: Desk) -> None:
    folder = desk.settings.data_dir
    trail.create_signing_key(folder, origin="")
    record_events(20)
    signed = together(desk.app, [lambda: trail.sign_checkpoint(folder=folder)] * 4)
    assert all(result is None or result == 20 for result in signed), signed
    rows = desk.session.scalars(sa.select(StoredCheckpoint.size)).all()
    assert list(rows) == [20]


@pytest.mark.parametrize("crash_before", ["keep_checkpoint", "keep_promised"])
def test_a_crash_while_signing_heals_on_the_next_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, crash_before: str
) -> None:
    folder = desk.settings.data_dir
    trail.create_signing_key(folder, origin="")
    record_events(4, 5)

    def crash(*_arguments: object, **_named: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(ledger if crash_before == "keep_checkpoint" else key_files, crash_before, crash)
        with pytest.raises(SystemExit):
            trail.sign_checkpoint(folder=folder)
    promised = key_files.read_note(folder, key_files.PROMISED)
    assert promised is not None
    stored = newest_checkpoint(desk.session)
    assert (stored is None) == (crash_before == "keep_checkpoint")
    record_events(1)
    assert trail.sign_checkpoint(folder=folder) == 9
    assert key_files.read_note(folder) == promised
    assert trail.sign_checkpoint(folder=folder) == 10
    assert trail.verify_trail(folder=folder, actor=OPERATOR).finding.intact


def test_a_trail_shorter_than_what_was_signed_is_never_signed(desk: Desk) -> None:
    folder = desk.settings.data_dir
    trail.create_signing_key(folder, origin="")
    record_events(6, 6, sign=folder)
    outside = key_files.read_note(folder)
    forget_tail(desk, 6)
    with pytest.raises(TrailBroken, match="older copy or was cut"):
        trail.sign_checkpoint(folder=folder)
    finding = trail.verify_trail(folder=folder, actor=OPERATOR).finding
    assert (finding.intact, finding.first_bad) == (False, 6)
    assert "cut off" in finding.sentence
    assert key_files.read_note(folder) == outside


def test_a_trail_that_was_rewritten_is_never_signed(desk: Desk) -> None:
    folder = desk.settings.data_dir
    trail.create_signing_key(folder, origin="")
    record_events(6, sign=folder)
    forget_tail(desk, 0)
    undefend(desk, "openings")
    with db.transaction() as writer:
        writer.execute(sa.text("UPDATE accounts SET trail_version = 0"))
        writer.execute(sa.text("DELETE FROM openings"))
    record_events(9)
    with pytest.raises(TrailBroken, match="not those that were signed"):
        trail.sign_checkpoint(folder=folder)
    assert newest_checkpoint(desk.session) is None


def test_an_entry_changed_before_it_was_signed_stops_the_signer(desk: Desk) -> None:
    folder = desk.settings.data_dir
    trail.create_signing_key(folder, origin="")
    record_events(6, sign=folder)
    record_events(3)
    undefend(desk, "openings")
    last = sa.text("SELECT eid FROM leaves WHERE position = 8")
    with db.transaction() as writer:
        eid = writer.scalar(last)
        writer.execute(sa.update(Opening).where(Opening.eid == eid).values(salt=b"x" * 32))
    with pytest.raises(TrailBroken, match="Entry 8 does not match its fingerprint"):
        trail.sign_checkpoint(folder=folder)


def test_the_key_is_private_made_once_and_its_name_stays(desk: Desk) -> None:
    folder = desk.settings.data_dir
    with pytest.raises(SettingsError, match="no signing key yet"):
        trail.check_signing_key(folder, origin="")
    vkey = trail.create_signing_key(folder, origin="")
    name = parse_vkey(vkey)[0]
    assert name.startswith("desk-")
    assert name.endswith("/trail")
    assert trail.create_signing_key(folder, origin="") == vkey
    assert trail.create_signing_key(folder, origin=name) == vkey
    with pytest.raises(SettingsError, match="for ever"):
        trail.create_signing_key(folder, origin="other.example/trail")
    pem = folder / key_files.KEYS / key_files.PRIVATE_KEY
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    pem.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        trail.check_signing_key(folder, origin=name)


def test_verifying_is_on_the_trail_and_only_for_legal_and_commands(desk: Desk) -> None:
    folder = desk.settings.data_dir
    record_events(5)
    settle(folder)
    seen: list[int] = []
    verdict = trail.verify_trail(folder=folder, actor=make_account(Role.LEGAL), progress=seen.append)
    assert verdict.finding.intact
    assert verdict.finding.entries == seen[-1] == 5
    told = newest_verdict(desk.session)
    assert told is not None
    assert (told.intact, told.sentence) == (True, verdict.finding.sentence)
    settle(folder)
    assert trail.verify_trail(folder=folder, actor=OPERATOR).finding.entries == 6
    for role in (Role.ADMIN, Role.LEAD, Role.MODERATOR):
        with pytest.raises(NotPermitted):
            trail.verify_trail(folder=folder, actor=make_account(role))


def test_verifying_while_others_write_sequence_and_sign_raises_no_alarm(desk: Desk) -> None:
    folder = desk.settings.data_dir
    trail.create_signing_key(folder, origin="")
    account = make_account().account_id or ""

    def write() -> list[bool]:
        for number in range(40):
            with db.transaction() as writer:
                record_one(writer, account, number=number)
        return []

    def sign() -> list[bool]:
        for _ in range(40):
            trail.sequence_events()
            trail.sign_checkpoint(folder=folder)
        return []

    def verify_often() -> list[bool]:
        found = []
        for _ in range(15):
            try:
                found.append(trail.verify_trail(folder=folder, actor=OPERATOR).finding.intact)
            except NotReady:
                continue  # the very first note is in the database and not yet in the file
        return found

    results = together(desk.app, [write, sign, verify_often])
    for result in results:
        assert isinstance(result, list), result
        assert all(result)
