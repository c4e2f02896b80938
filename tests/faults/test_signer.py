"""C-02: `kill -9` of the signer between its file and the database, and a sequencer that was stopped.

Whatever is cut off in between, what was signed is published and what is published was signed: no two
checkpoints of one size, none that does not continue the one before, no entry twice.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from review import db, ledger
from review.actions import trail
from review.config import Settings
from review.domain import merkle
from review.domain.permissions import OPERATOR
from review.domain.signed_note import Checkpoint, verify
from review.errors import DatabaseBusy
from review.formats import key_files
from review.models import Leaf, Opening, PendingEvent, StoredCheckpoint
from tests.conftest import Desk
from tests.factories import make_account
from tests.trails import record_events, record_one

pytestmark = pytest.mark.faults

CUTS: dict[str, tuple[object, str]] = {
    "before its file": (key_files, "write_note"),
    "between file and database": (ledger, "keep_checkpoint"),
    "between database and file": (key_files, "keep_promised"),
}


def in_a_process(settings: Settings, act: Callable[[Flask], None]) -> int:
    """Fork, act on a desk of its own there, and end at once; the child."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        app = create_app(settings)
        with app.app_context():
            act(app)
        status = 0
    finally:
        os._exit(status)


def die(*_arguments: object, **_named: object) -> None:
    """What `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def published(desk: Desk, vkey: str) -> list[Checkpoint]:
    """Every checkpoint that anybody can have seen."""
    desk.session.rollback()
    notes = desk.session.scalars(sa.select(StoredCheckpoint.note).order_by(StoredCheckpoint.size))
    return [verify(note, vkey) for note in notes]


def check_no_fork(desk: Desk, folder: Path, vkey: str) -> None:
    """All checkpoints, that of the signer's own file with them, are of one growing tree."""
    outside = key_files.read_note(folder)
    kept = [*published(desk, vkey), *([verify(outside, vkey)] if outside else [])]
    head = ledger.head_of(desk.session)
    for one in kept:
        assert merkle.tree_root(one.size, ledger.tree_reader(desk.session, head.size)) == one.root
    roots = {(one.size, one.root) for one in kept}
    assert len(roots) == len({size for size, _root in roots})
    desk.session.rollback()


@pytest.mark.parametrize("cut", CUTS)
def test_a_killed_signer_goes_on_without_a_fork(desk: Desk, rounds: int, cut: str) -> None:
    folder = desk.settings.signer_dir
    vkey = trail.create_signing_key(folder, origin="")
    module, name = CUTS[cut]

    def act(_app: Flask) -> None:
        setattr(module, name, die)
        trail.sign_checkpoint(folder=folder)

    for number in range(rounds):
        record_events(1 + number % 3)
        desk.session.close()
        promised = published(desk, vkey)
        desk.session.close()
        _pid, status = os.waitpid(in_a_process(desk.settings, act), 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        check_no_fork(desk, folder, vkey)
        seen = published(desk, vkey)
        assert seen[: len(promised)] == promised
        record_events(2)  # the desk goes on before the signer is back
        while trail.sign_checkpoint(folder=folder) is not None:
            pass
        check_no_fork(desk, folder, vkey)
        assert published(desk, vkey)[: len(seen)] == seen
        assert published(desk, vkey)[-1].size == ledger.head_of(desk.session).size
    assert trail.verify_trail(folder=folder, actor=OPERATOR).finding.intact


def sequence_stopped(desk: Desk) -> int:
    """A sequencer that is stopped with its batch in hand; the process."""

    def act(_app: Flask) -> None:
        whole = ledger._hash_again

        def stop_once(*arguments: object) -> bytes:
            ledger._hash_again = whole
            os.kill(os.getpid(), signal.SIGSTOP)
            return whole(*arguments)  # type: ignore[arg-type]

        ledger._hash_again = stop_once  # type: ignore[assignment]
        trail.sequence_events()

    child = in_a_process(desk.settings, act)
    _pid, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return child


def events_wait(desk: Desk, *, count: int) -> None:
    """So many events without a position."""
    account = make_account().account_id or ""
    with db.transaction() as writer:
        for number in range(count):
            record_one(writer, account, number=number)
    desk.session.close()


def check_each_once(desk: Desk) -> None:
    """Every event has one position, from 0 without a gap."""
    desk.session.rollback()
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(PendingEvent)) == 0
    positions = list(desk.session.scalars(sa.select(Leaf.position).order_by(Leaf.position)))
    assert positions == list(range(len(positions)))
    assert len(positions) == desk.session.scalar(sa.select(sa.func.count()).select_from(Opening))
    desk.session.rollback()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_stopped_sequencer_keeps_its_turn_and_writes_once(desk: Desk) -> None:
    events_wait(desk, count=5)
    stopped = sequence_stopped(desk)
    assert trail.sequence_events() is None, "one at a time, and the turn is taken"
    os.kill(stopped, signal.SIGCONT)
    assert os.waitpid(stopped, 0)[1] == 0
    check_each_once(desk)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_stopped_sequencer_that_lost_its_turn_writes_nothing(desk: Desk) -> None:
    """Its connection ended meanwhile, as a server's limit or a cut network ends it; another went on."""
    events_wait(desk, count=5)
    stopped = sequence_stopped(desk)
    held = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
    )
    assert list(desk.session.scalars(held)) == [True]
    desk.session.rollback()
    head = None
    for _try in range(1_000):  # until the server has noticed that the other is gone
        head = trail.sequence_events()
        if head is not None:
            break
    assert head is not None
    events_wait(desk, count=2)
    size = ledger.head_of(desk.session).size
    desk.session.rollback()
    os.kill(stopped, signal.SIGCONT)
    assert os.waitpid(stopped, 0)[1] != 0, "what it had in hand is not written"
    assert ledger.head_of(desk.session).size == size
    while trail.sequence_events() is not None:
        pass
    check_each_once(desk)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_stopped_sequencer_on_sqlite_holds_the_file_and_writes_once(desk: Desk) -> None:
    events_wait(desk, count=5)
    stopped = sequence_stopped(desk)
    desk.app.config["REVIEW_DATABASE_WAIT_SECONDS"] = 0.2
    with pytest.raises(DatabaseBusy):
        trail.sequence_events()
    os.kill(stopped, signal.SIGCONT)
    assert os.waitpid(stopped, 0)[1] == 0
    check_each_once(desk)


def test_a_stopped_signer_keeps_its_turn_and_signs_once(desk: Desk) -> None:
    folder = desk.settings.signer_dir
    vkey = trail.create_signing_key(folder, origin="")
    record_events(4)
    desk.session.close()

    def act(_app: Flask) -> None:
        whole = key_files.write_note

        def stop_first(*arguments: object) -> None:
            os.kill(os.getpid(), signal.SIGSTOP)
            whole(*arguments)  # type: ignore[arg-type]

        key_files.write_note = stop_first  # type: ignore[assignment]
        trail.sign_checkpoint(folder=folder)

    stopped = in_a_process(desk.settings, act)
    assert os.WIFSTOPPED(os.waitpid(stopped, os.WUNTRACED)[1])
    record_events(3)
    assert trail.sign_checkpoint(folder=folder) is None
    os.kill(stopped, signal.SIGCONT)
    assert os.waitpid(stopped, 0)[1] == 0
    assert [one.size for one in published(desk, vkey)] == [4]
    assert trail.sign_checkpoint(folder=folder) == 7
    check_no_fork(desk, folder, vkey)
