"""C-09: another process holds SQLite's write lock; writers are to come again, readers notice nothing."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from review import db
from tests.faults.conftest import MakeDesk
from tests.faults.connection import Connection
from tests.faults.faulted import SERVER, FaultedDesk, until

pytestmark = pytest.mark.faults

REFUSALS = 8
WAIT_SECONDS = 1


@contextmanager
def write_lock(desk: FaultedDesk) -> Iterator[None]:
    """A backup program or a console in the middle of a transaction.

    It begins when no process of ours writes: SQLite lets those who wait try again and again, and whoever
    comes from outside would win against writers without a pause by luck alone.
    """
    connection = db.sqlite_driver().connect(
        desk.database_url.removeprefix("sqlite:///"), isolation_level=None
    )
    try:
        with writer_file(desk):
            connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@contextmanager
def writer_file(desk: FaultedDesk) -> Iterator[None]:
    """Another process of ours that does not come to its end."""
    with open(desk.database_url.removeprefix("sqlite:///") + ".writer", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


LOCKS: tuple[Callable[[FaultedDesk], AbstractContextManager[None]], ...] = (write_lock, writer_file)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.__name__)
def test_a_lock_of_seconds_costs_patience_and_nothing_else(
    make_sqlite_desk: MakeDesk, lock: Callable[[FaultedDesk], AbstractContextManager[None]], times: int
) -> None:
    desk = make_sqlite_desk(settings={"REVIEW_DATABASE_WAIT_SECONDS": str(WAIT_SECONDS)})
    desk.start(SERVER, "dispatch", "sequence", "sign")
    for number in range(times):
        with desk.load(f"l{number}", senders=3, moderators=2):
            desk.journal.wait_for(desk.journal.count("acknowledged") + 10)
            with lock(desk):
                refused = desk.journal.count("refused")
                while desk.journal.count("refused") < refused + REFUSALS:
                    reads_stay_up(desk)
            desk.journal.wait_for(desk.journal.count("acknowledged") + 15)
            everybody_is_served(desk, f"l{number}")
        desk.check()


def reads_stay_up(desk: FaultedDesk) -> None:
    """Pages, lists and monitors answer while nothing can be written."""
    sender = Connection(desk.port, key=desk.people.keys[0])
    person = Connection(desk.port, cookies=desk.people.moderators[0][1])
    for connection, path in ((sender, "/healthz"), (sender, "/api/v1/referrals"), (person, "/queue")):
        assert connection.request("GET", path).status == 200, path
    sender.close()
    person.close()


def everybody_is_served(desk: FaultedDesk, name: str) -> None:
    """No sender starves: each sends and stores something from now on, however slow the machine is."""
    before = len(desk.journal.attempts())
    clients = {f"{name}-{client}" for client in range(3)}
    until(lambda: clients <= served(desk, since=before))


def served(desk: FaultedDesk, *, since: int) -> set[str]:
    """The senders' clients that stored something which they sent after so many attempts."""
    return {
        str(one.details["reference"]).rpartition("-")[0]
        for one in desk.journal.attempts()
        if one.number > since and one.what == "submit" and one.outcome == "acknowledged"
    }
