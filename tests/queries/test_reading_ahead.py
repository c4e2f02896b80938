"""Rows that are fetched ahead are those of the reader's snapshot, in step with whatever else it asks."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import chain, zip_longest
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from review import db
from review.errors import DatabaseBusy
from review.models import Leaf, Opening
from review.queries import reading_ahead as ahead_module
from review.queries.reading_ahead import Ahead, ahead_of, reading_ahead
from review.queries.trail_rows import Asked, among, raw
from review.sessions import DeskSession
from tests.conftest import Desk
from tests.queries.test_trail_tampering import build

LEAVES = sa.select(*raw(Leaf.position, Leaf.eid)).order_by(Leaf.position)
OPENINGS = sa.select(*raw(Opening.eid, Opening.event_type)).order_by(Opening.eid)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite reads within the process."""
Parts = list[list[tuple[Any, ...]]]


@pytest.fixture
def reader(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskSession]:
    """A snapshot of a desk with 274 entries, of which 20 are fetched together."""
    build(desk)
    monkeypatch.setattr(ahead_module, "AT_ONCE", 20)
    session = db.session()
    db.begin_snapshot(session)
    yield session
    session.close()


def _running(reader: DeskSession) -> Ahead:
    found = ahead_of(reader)
    assert found is not None
    return found


def test_two_passes_and_what_is_looked_up_between_them_are_of_one_moment(reader: DeskSession) -> None:
    plain = [list(map(tuple, reader.execute(statement).all())) for statement in (LEAVES, OPENINGS)]
    by_id = Asked(reader, OPENINGS.where(among(reader, Opening.eid)))
    with reading_ahead(reader), ExitStack() as opened:
        passes = [opened.enter_context(Asked(reader, one).parts()) for one in (LEAVES, OPENINGS)]
        read: tuple[Parts, Parts] = ([], [])
        for leaves, openings in zip_longest(*passes, fillvalue=[]):
            if not read[0]:
                with db.extension.engine.begin() as other:
                    _add_entry(other)
            read[0].append(leaves)
            read[1].append(openings)
            ids = [eid for _position, eid in leaves]
            assert {row[0] for row in by_id.about(ids)} == set(ids)
    assert ahead_of(reader) is None
    assert [list(chain.from_iterable(parts)) for parts in read] == plain
    reader.close()
    assert reader.scalar(sa.select(sa.func.count()).select_from(Leaf)) == len(plain[0]) + 1


def _add_entry(connection: sa.Connection) -> None:
    position, eid, leaf_hash = connection.execute(
        sa.select(Leaf.position, Leaf.eid, Leaf.leaf_hash).order_by(Leaf.position.desc()).limit(1)
    ).one()
    openings = Opening.metadata.tables["openings"]
    row = connection.execute(sa.select(openings).where(openings.c.eid == eid)).mappings().one()
    connection.execute(sa.insert(openings), [dict(row) | {"eid": "f" * 32, "object_version": None}])
    connection.execute(sa.insert(Leaf).values(position=position + 1, eid="f" * 32, leaf_hash=leaf_hash))


@ON_POSTGRESQL
def test_a_pass_that_is_given_up_gives_its_connection_back(reader: DeskSession) -> None:
    pool: Any = db.extension.engine.pool
    before = pool.checkedout()
    for _again in range(3):
        with reading_ahead(reader), Asked(reader, LEAVES).parts() as parts:
            _running(reader)
            assert len(next(parts)) == 20
            assert pool.checkedout() == before + 1
        assert ahead_of(reader) is None
        assert pool.checkedout() == before
    with db.extension.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Leaf)) == 274


@ON_POSTGRESQL
def test_a_row_that_cannot_be_read_is_an_error_where_its_turn_comes(reader: DeskSession) -> None:
    failing = sa.select(100 / (Leaf.position - 50)).order_by(Leaf.position)
    with pytest.raises(DBAPIError, match="division by zero"), reading_ahead(reader):
        _running(reader)
        with Asked(reader, failing).parts() as parts, Asked(reader, LEAVES).parts() as others:
            for part in parts:
                assert len(part) == len(next(others)) == 20
    assert reader.scalar(sa.select(1)) == 1
    with reading_ahead(reader), Asked(reader, LEAVES).parts() as parts:
        assert sum(map(len, parts)) == 274


@ON_POSTGRESQL
def test_rows_that_nobody_wants_any_more_fail_without_harm(reader: DeskSession) -> None:
    pool: Any = db.extension.engine.pool
    failing = sa.select(100 / (Leaf.position - 30)).order_by(Leaf.position)
    with reading_ahead(reader), Asked(reader, failing).parts() as parts:
        assert len(next(parts)) == 20
    with reading_ahead(reader), Asked(reader, LEAVES).parts() as parts:
        next(parts)
        _end_from_outside(_running(reader))
    assert pool.checkedout() == 1, "the reader's own"
    assert reader.scalar(sa.select(1)) == 1


def _end_from_outside(running: Any) -> None:
    with closing(db.extension.engine.connect()) as other:
        other.scalar(sa.select(sa.func.pg_terminate_backend(running._driver.info.backend_pid, 10_000)))


@ON_POSTGRESQL
def test_without_a_second_connection_rows_come_over_the_readers(
    reader: DeskSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(_engine: sa.Engine) -> None:
        raise PoolTimeout("QueuePool limit reached")

    monkeypatch.setattr(sa.Engine, "connect", exhausted)
    with reading_ahead(reader), Asked(reader, LEAVES).parts() as parts:
        assert ahead_of(reader) is None
        assert sum(map(len, parts)) == 274


def test_who_joined_a_transaction_reads_what_is_not_committed(desk: Desk) -> None:
    build(desk)
    with db.extension.engine.connect() as connection, connection.begin() as begun:
        _add_entry(connection)
        with (
            Session(bind=connection, join_transaction_mode="create_savepoint") as joined,
            reading_ahead(joined),
            Asked(joined, LEAVES).parts() as parts,
        ):
            assert sum(map(len, parts)) == 275
        begun.rollback()


@ON_POSTGRESQL
def test_a_connection_that_dies_meanwhile_is_a_busy_database(reader: DeskSession) -> None:
    with pytest.raises(DBAPIError) as raised, reading_ahead(reader):
        running: Any = _running(reader)
        with Asked(reader, LEAVES).parts() as parts:
            next(parts)
            _end_from_outside(running)
            for _part in parts:
                pass
    assert isinstance(db.translate(raised.value), DatabaseBusy)
    with reading_ahead(reader), Asked(reader, LEAVES).parts() as parts:
        assert sum(map(len, parts)) == 274
