"""C-08: PostgreSQL dies under load and comes back; so does the desk, without being restarted."""

import os
import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest

from review import db, migrate
from tests.conftest import settings_for
from tests.faults import conftest as desks
from tests.faults.faulted import LOOPS, SERVER, FaultedDesk, Host
from tests.faults.load import People
from tests.postgres import PostgresServer

pytestmark = pytest.mark.faults

RESTARTS, KILLS = 2, 5


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, str, People]]:
    """A server that nobody else uses, with the seeded database on it."""
    server = PostgresServer()
    folder = tmp_path_factory.mktemp("own")
    engine = db.create_engine(settings_for(server.create("plain"), folder))
    migrate.upgrade(engine)
    engine.dispose()
    template, people = desks.seed_postgres(server, "plain", folder)
    yield server, template, people
    server.remove()


def crash(server: PostgresServer) -> None:
    """As the power of the database's machine would: nothing is written any more."""
    server.stop(immediately=True)
    server.start()


def restart(server: PostgresServer) -> None:
    """As an administrator would, who waits for nobody."""
    server.stop()
    server.start()


OTHERS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


def end_backends(server: PostgresServer) -> None:
    """Every connection is ended from the other side, some times in a row."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        for _number in range(KILLS):
            connection.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")


def kill_a_backend(server: PostgresServer) -> None:
    """One backend dies by `kill -9`, which makes PostgreSQL end all others and recover."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        found = connection.execute(f"SELECT pid {OTHERS} LIMIT 1").fetchone()
    assert found is not None
    os.kill(int(found[0]), signal.SIGKILL)


FAULTS: tuple[Callable[[PostgresServer], None], ...] = (crash, restart, end_backends, kill_a_backend)


def test_the_desk_outlives_its_database(
    own_postgres: tuple[PostgresServer, str, People],
    host: Host,
    signing_folder: os.PathLike[str],
    tmp_path_factory: pytest.TempPathFactory,
    times: int,
) -> None:
    server, template, people = own_postgres
    folder = desks.own_folder(tmp_path_factory.mktemp("desk"), signing_folder)
    url = server.create("restarted", template=template)
    desk = FaultedDesk(folder, url, people, host, workers=2)
    try:
        desk.start()
        before = (desk.server_workers(), dict(desk.running))
        for number in range(RESTARTS * times):
            for fault in FAULTS:
                with desk.load(f"{fault.__name__}{number}", senders=3, moderators=2):
                    desk.journal.wait_for(desk.journal.count("acknowledged") + 15)
                    fault(server)
                    desk.journal.wait_for(desk.journal.count("acknowledged") + 15)
                desk.check()
        desk.settle(desk.unsettled())
        desk.check()
        assert (desk.server_workers(), desk.running) == before
        kinds = {fault.__name__: RESTARTS * times for fault in FAULTS}
        print(f"\n{kinds}, {desk.journal.count('acknowledged')} acknowledged, 0 lost; no process restarted")
    finally:
        desk.close()
    assert set(before[1]) == {SERVER, *LOOPS}
