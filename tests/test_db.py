"""The one place that commits: no nesting, no half writes, fair turns, passing troubles named."""

import errno
import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from review import clock, db, ledger, writers
from review.db import TransactionMisuse
from review.domain.permissions import OPERATOR
from review.errors import DatabaseBusy, IdempotencyInFlight, StorageFull
from review.models import Sender
from tests.conftest import Desk
from tests.factories import make_sender


def test_nesting_is_refused(desk: Desk) -> None:
    with pytest.raises(TransactionMisuse), db.transaction(), db.transaction():
        raise AssertionError("not reached")


def test_an_error_rolls_everything_back(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction() as writer:
        writer.add(Sender(id="S-1", name="Unit", kind="iru", created_at=clock.now()))
        writer.flush()
        raise ZeroDivisionError
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Sender)) == 0


def test_the_ledger_needs_an_open_transaction(desk: Desk) -> None:
    sender_id = make_sender()
    with pytest.raises(TransactionMisuse):
        ledger.record(db.session(), "sender.created", sender_id, actor=OPERATOR, at=clock.now())


def test_writers_take_turns_in_order_of_arrival() -> None:
    queue = writers.WriterQueue()
    queue.enter(wait_seconds=1)
    served: list[int] = []
    threads = []
    for number in range(8):
        arrived = len(queue._waiting)

        def take(number: int = number) -> None:
            queue.enter(wait_seconds=10)
            served.append(number)
            queue.leave()

        thread = threading.Thread(target=take)
        thread.start()
        while len(queue._waiting) == arrived:
            threading.Event().wait(0.001)
        threads.append(thread)
    queue.leave()
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_a_writer_gives_up_and_its_place_with_it() -> None:
    queue = writers.WriterQueue()
    queue.enter(wait_seconds=1)
    with pytest.raises(DatabaseBusy):
        queue.enter(wait_seconds=0.01)
    queue.leave()
    queue.enter(wait_seconds=0.01)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_process_holding_the_lock_makes_503(desk: Desk) -> None:
    desk.app.config["REVIEW_DATABASE_WAIT_SECONDS"] = 0.05
    path = Path(desk.settings.database_url.removeprefix("sqlite:///") + ".writer")
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DatabaseBusy), db.transaction():
            raise AssertionError("not reached")
    make_sender()


def test_parallel_writers_all_succeed(desk: Desk) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(8)

    def write() -> None:
        try:
            with desk.app.app_context():
                start.wait()
                for _ in range(5):
                    make_sender()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Sender)) == 40


def test_a_name_in_flight_is_held_once(desk: Desk) -> None:
    with db.in_flight("sender:key"):
        with pytest.raises(IdempotencyInFlight), db.in_flight("sender:key"):
            raise AssertionError("not reached")
        with db.in_flight("sender:other"):
            pass
    with db.in_flight("sender:key"):
        pass


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("database is locked", DatabaseBusy),
        ("terminating connection due to administrator command", DatabaseBusy),
        ("database or disk is full", StorageFull),
        ("could not extend file: No space left on device", StorageFull),
        ("no such column: x", type(None)),
    ],
)
def test_passing_troubles_are_named(message: str, expected: type[Any]) -> None:
    assert isinstance(db.translate(OperationalError("", {}, Exception(message))), expected)


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_the_wal_reset_bug_is_known_by_version(version: tuple[int, ...], affected: bool) -> None:
    assert db.has_wal_reset_bug(version) is affected


def test_the_driver_in_use_is_sound() -> None:
    assert not db.has_wal_reset_bug(db.sqlite_driver().sqlite_version_info)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_keeps_what_it_answered(desk: Desk) -> None:
    pragmas = {
        name: desk.session.execute(sa.text(f"PRAGMA {name}")).scalar()
        for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}


def test_naive_times_are_refused(desk: Desk) -> None:
    with pytest.raises(sa.exc.StatementError, match="aware"), db.transaction() as writer:
        naive = clock.now().replace(tzinfo=None)
        writer.add(Sender(id="S-1", name="Unit", kind="iru", created_at=naive))
        writer.flush()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_died_is_no_error_at_the_end_of_a_request(desk: Desk) -> None:
    """The answer is there by then; what was committed must not be answered by 500."""
    with desk.app.app_context():
        backend = db.session().scalar(sa.text("SELECT pg_backend_pid()"))
        with db.extension.engine.connect() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
    with desk.app.app_context():
        assert db.session().scalar(sa.select(1)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_room_for_the_lock_file_is_a_full_storage(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StorageFull), db.transaction():
        raise AssertionError("not reached")


def test_a_commit_that_fails_leaves_nothing(desk: Desk) -> None:
    """The session is given up by ROLLBACK then, not by the COMMIT that ends reading."""

    def fail(_connection: sa.Connection) -> None:
        if db.session().info.get(db._WRITES):
            raise ZeroDivisionError

    sa.event.listen(db.extension.engine, "commit", fail)
    try:
        with pytest.raises(ZeroDivisionError), db.transaction() as writer:
            writer.execute(sa.insert(Sender), _sender())
    finally:
        sa.event.remove(db.extension.engine, "commit", fail)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Sender)) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_reading_session_cannot_write(desk: Desk) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="read-only transaction"):
        db.session().execute(sa.insert(Sender), _sender())


def test_what_a_reading_session_wrote_is_no_part_of_the_next_transaction(desk: Desk) -> None:
    db.session().add(Sender(**_sender()))
    with db.transaction():
        pass
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Sender)) == 0


def _sender() -> dict[str, Any]:
    return {"id": "S-1", "name": "Unit", "kind": "iru", "created_at": clock.now()}
