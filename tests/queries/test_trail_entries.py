"""The entries are the same in whatever order their contents lie in the database."""

import random
from collections.abc import Collection
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.queries import stored_order, trail_rows
from review.queries.trail_entries import Entry, entry_parts
from review.queries.trail_rows import Asked
from tests.conftest import Desk
from tests.queries.test_trail_tampering import Tampering, build, found, undefended


def read(connection: sa.Connection) -> list[Entry]:
    with (
        Session(bind=connection, join_transaction_mode="create_savepoint") as reader,
        entry_parts(reader) as parts,
    ):
        return [Entry._make(row) for part in parts for row in part]


def lay_anew(tampering: Tampering, openings: list[dict[str, Any]]) -> None:
    """Store the contents again, in this order."""
    tampering.connection.execute(sa.delete(tampering.tables["openings"]))
    tampering.connection.execute(sa.insert(tampering.tables["openings"]), openings)


@pytest.mark.parametrize(
    ("name", "most"), [("MOST_KEPT", 1), ("MOST_KEPT", 40), ("MOST_KEPT", 10_000), ("MOST_TEXT", 1_000)]
)
def test_each_leaf_has_its_content_in_any_order(
    desk: Desk, name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vkey, note = build(desk)
    monkeypatch.setattr(stored_order, name, most)
    monkeypatch.setattr(trail_rows, "AT_ONCE", 20)
    about, looked_up = Asked.about, list[str]()

    def watched(asked: Asked, ids: Collection[str]) -> list[tuple[Any, ...]]:
        looked_up.extend(ids)
        return about(asked, ids)

    monkeypatch.setattr(Asked, "about", watched)
    with undefended(seed=1) as tampering:
        entries = read(tampering.connection)
        assert [entry.position for entry in entries] == list(range(274))
        assert all(entry.opening_eid == entry.eid for entry in entries)
        openings = tampering.rows("openings")
        for order in (openings[::-1], random.Random(7).sample(openings, len(openings))):
            lay_anew(tampering, order)
            looked_up.clear()
            assert read(tampering.connection) == entries
            assert bool(looked_up) is (most < 10_000), "what does not fit is looked up"
            assert found(tampering.connection, vkey, note).intact


@pytest.mark.parametrize("most_kept", [1, 10_000])
def test_a_leaf_without_content_has_none_and_one_met_twice_has_it_twice(
    desk: Desk, most_kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(desk)
    monkeypatch.setattr(stored_order, "MOST_KEPT", most_kept)
    monkeypatch.setattr(trail_rows, "AT_ONCE", 20)
    with undefended(seed=1) as tampering:
        before, leaves = read(tampering.connection), tampering.rows("leaves")
        tampering.delete("openings", {"eid": leaves[5]["eid"]})
        tampering.connection.exec_driver_sql("ALTER TABLE leaves RENAME TO kept_leaves")
        tampering.connection.exec_driver_sql("CREATE TABLE leaves AS SELECT * FROM kept_leaves")
        tampering.update("leaves", leaves[250], eid=leaves[3]["eid"])
        after = read(tampering.connection)
    assert after[5][:3] == before[5][:3]
    assert set(after[5][3:]) == {None}
    assert after[250].eid == after[3].eid
    assert after[250][3:] == after[3][3:] == before[3][3:]
    assert [*after[:5], *after[6:250], *after[251:]] == [*before[:5], *before[6:250], *before[251:]]
