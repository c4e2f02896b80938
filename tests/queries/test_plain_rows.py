"""What is compared beside the pass over the entries: the same verdict however little of it is kept."""

import random

import pytest
import sqlalchemy as sa

from review.queries import plain_cases, plain_rows, stored_order, trail_links, trail_rows
from review.queries.plain_rows import PlainRows
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.queries.test_stored_rows import (
    COLUMNS,
    found,
    found_event_by_event,
    other,
    rows_of,
    undefended,
    where,
)
from tests.trails import settle

BESIDE = ("referrals", "items", "reviews", "decisions", "answers", "cases")
CHANGES = 60


@pytest.fixture(params=["all at once", "one at a time"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "one at a time":
        for module in (plain_cases, plain_rows):
            monkeypatch.setattr(module, "SET", 1)
        for module in (plain_cases, stored_order, trail_links):
            monkeypatch.setattr(module, "MOST_KEPT", 1)
        monkeypatch.setattr(trail_rows, "AT_ONCE", 1)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a difference was seen beside the pass, for each verification."""
    given: list[bool] = []
    differ = PlainRows.differ

    def watched(rows: PlainRows) -> bool:
        given.append(differ(rows))
        return given[-1]

    monkeypatch.setattr(PlainRows, "differ", watched)
    return given


@pytest.mark.usefixtures("kept")
def test_an_intact_desk_is_settled_in_whatever_order_its_rows_lie(desk: Desk, answers: list[bool]) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    dice = random.Random(7)
    with undefended() as connection:
        assert found(desk, connection).intact
        for name in ("referrals", "items"):
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            rows = rows_of(connection, name)
            connection.execute(sa.delete(table))
            connection.execute(sa.insert(table), dice.sample(rows, len(rows)))
        assert found(desk, connection).intact
    assert answers == [False, False]


@pytest.mark.usefixtures("kept")
def test_a_change_is_seen_however_little_is_kept(desk: Desk) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    dice = random.Random(2026)
    with undefended() as connection:
        for number in range(CHANGES):
            name = BESIDE[number % len(BESIDE)]
            rows = rows_of(connection, name)
            row, column = dice.choice(rows), dice.choice(COLUMNS[name])
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            changed = sa.update(table).where(*where(table, row))
            point = connection.begin_nested()
            try:
                connection.execute(changed.values({column: other(dice, column, row[column], rows)}))
            except sa.exc.IntegrityError:  # the database itself refused it
                point.rollback()
                continue
            finding = found(desk, connection)
            assert finding == found_event_by_event(desk, connection), (name, column, row)
            point.rollback()


@pytest.mark.usefixtures("kept")
def test_an_item_that_no_event_tells_of_is_counted(desk: Desk, answers: list[bool]) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    with undefended() as connection:
        row = rows_of(connection, "items")[0]
        table = sa.Table("items", sa.MetaData(), autoload_with=connection)
        connection.execute(
            sa.insert(table).values(row | {"id": "I-surplus", "position": 99, "trail_version": 0})
        )
        assert not found(desk, connection).intact
    assert answers == [True]
