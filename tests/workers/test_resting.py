"""Loops at rest hold little: what their work took goes back once, and only when all have looked."""

import pytest
import sqlalchemy as sa

from review import db, memory
from review.workers.resting import Rest
from tests.conftest import Desk


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One word for each time that memory was given back."""
    times: list[str] = []
    monkeypatch.setattr(memory, "give_back", lambda: times.append("given back"))
    return times


def test_rest_begins_when_every_loop_has_looked_and_none_has_worked_since(
    desk: Desk, given_back: list[str]
) -> None:
    rest = Rest(["sequence", "index"])
    rest.turned("sequence", worked=False)
    assert not rest.look(desk.app)
    assert not rest.look(desk.app), "the other one has not looked for work yet"
    rest.turned("index", worked=True)
    assert not rest.look(desk.app)
    rest.turned("index", worked=True)
    assert not rest.look(desk.app), "it has worked since the last look"
    assert rest.look(desk.app)
    assert not rest.look(desk.app), "once is enough"
    rest.turned("sequence", worked=False)
    assert not rest.look(desk.app)
    rest.turned("index", worked=True)
    assert [rest.look(desk.app) for _second in range(3)] == [False, True, False]
    assert len(given_back) == 2


def test_a_connection_in_use_outlives_the_beginning_of_rest(desk: Desk, given_back: list[str]) -> None:
    engine = db.extension.engine
    with engine.connect() as used:
        engine.connect().close()
        rest = Rest(())
        assert [rest.look(desk.app) for _second in range(2)] == [False, True]
        assert used.scalar(sa.text("SELECT 1")) == 1
    if db.is_sqlite(engine):
        assert engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert given_back


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_connections_of_loops_keep_little_of_the_file(desk: Desk) -> None:
    engine = db.create_engine(desk.settings)
    with engine.connect() as before:
        assert before.scalar(sa.text("PRAGMA cache_size")) == -2000
        db.keep_small_caches(engine)
        db.keep_small_caches(engine)
        with engine.connect() as after:
            assert after.scalar(sa.text("PRAGMA cache_size")) == -db.SMALL_CACHE_KIB
    engine.dispose()


def test_memory_is_given_back_where_the_library_can() -> None:
    memory.give_back()
