"""What somebody writes behind the program so that the quick look at rows would take it for right."""

from datetime import UTC
from typing import Any

import pytest
import sqlalchemy as sa

from review import ledger
from review.domain.events import EVENTS
from review.domain.merkle import Frontier
from review.domain.permissions import Actor
from review.models import Leaf, Opening, PendingEvent, TreeHead
from review.queries.stored_order import MOST_KEPT, MOST_PASSED, Row, StoredOrder
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor
from tests.queries.test_stored_rows import found, found_event_by_event, rows_of, undefended
from tests.trails import settle


@pytest.fixture
def sender(desk: Desk) -> Actor:
    """Who sent three referrals, all of them on the trail."""
    actor = sender_actor(make_sender())
    for number in range(3):
        receive(actor, f"https://video.example/{number}", reference=f"R{number}")
    settle(desk.settings.data_dir)
    return actor


def insert(connection: sa.Connection, name: str, **values: Any) -> None:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    connection.execute(sa.insert(table).values(rows_of(connection, name)[0] | values))


def forge(
    connection: sa.Connection, sender: Actor, monkeypatch: pytest.MonkeyPatch, *, item: str, **meta: str
) -> None:
    """A referral with its event, which waits for a position: this much needs no key."""
    monkeypatch.setattr(ledger, "_check_declared", lambda *_given, **_named: None)
    referral, stored = rows_of(connection, "referrals")[0], rows_of(connection, "items")[0]
    insert(connection, "referrals", id="R-forged", reference="forged", trail_version=1)
    if "\0" not in item:
        joined = referral["received_at"]
        insert(connection, "items", id=item, referral_id="R-forged", joined_at=joined, trail_version=0)
    fields = {
        "reference": "forged", "body_sha256": referral["body_sha256"], "key": referral["key_id"],
        "items": [{"id": item, "url": stored["url_as_sent"]}], "cases": {item: stored["case_id"]},
    }  # fmt: skip
    written = {name: referral[name] for name in ("intake_kind", "transmitted_via", "urgency")}
    opening, leaf = ledger._opened(
        EVENTS["referral.received"],
        ledger.Record("R-forged", fields, written | meta),
        ledger._Link(1, None),
        actor=ledger._named(sender),
        at=referral["received_at"].replace(tzinfo=UTC),
    )
    connection.execute(sa.insert(Opening).values(opening))
    connection.execute(sa.insert(PendingEvent).values(eid=opening["eid"], leaf_hash=leaf))


def test_an_item_whose_id_no_table_can_hold_is_a_finding(
    desk: Desk, sender: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with undefended() as connection:
        forge(connection, sender, monkeypatch, item="I-forged")
        assert found(desk, connection).intact, "the forgery itself is nothing that rows could tell"
        connection.rollback()
    with undefended() as connection:
        forge(connection, sender, monkeypatch, item="\0")
        finding = found(desk, connection)
        assert "its row is gone" in finding.sentence
        assert finding == found_event_by_event(desk, connection)


def test_a_clock_that_the_rows_do_not_keep_is_a_finding(
    desk: Desk, sender: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with undefended() as connection:
        forge(connection, sender, monkeypatch, item="I-forged", clock="2020-01-01T00:00:00.000000Z")
        finding = found(desk, connection)
        assert "received at stored differs" in finding.sentence
        assert finding == found_event_by_event(desk, connection)


def test_an_entry_that_stands_twice_is_a_finding(desk: Desk, sender: Actor) -> None:
    assert sender
    with undefended() as connection:
        connection.exec_driver_sql("ALTER TABLE leaves RENAME TO kept_leaves")
        connection.exec_driver_sql("CREATE TABLE leaves AS SELECT * FROM kept_leaves")
        leaves = connection.execute(sa.select(Leaf.eid, Leaf.leaf_hash).order_by(Leaf.position)).all()
        received = sa.select(Opening.eid).where(Opening.event_type == "referral.received")
        twice = next(leaf for leaf in leaves if leaf.eid in connection.scalars(received).all())
        size, frontier = len(leaves), Frontier()
        for leaf in (*leaves, twice):
            frontier.append(leaf.leaf_hash)
        connection.execute(sa.insert(Leaf).values(position=size, eid=twice.eid, leaf_hash=twice.leaf_hash))
        connection.execute(
            sa.insert(TreeHead).values(size=size + 1, previous_size=size, root=frontier.root())
        )
        insert(connection, "referrals", id="R-surplus", reference="surplus", trail_version=0)
        assert found(desk, connection).first_bad == size


class Looked:
    """Stands for the look-up by id, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def about(self, ids: list[str]) -> list[Row]:
        self.count += len(ids)
        return [(one,) for one in ids]


def test_rows_that_nobody_asks_for_take_nobodys_place() -> None:
    looked = Looked()
    count, at_once = 10 * MOST_KEPT, 500
    parts = ([(f"I{place}",) for place in range(start, start + 250)] for start in range(0, count, 250))
    order = StoredOrder(parts, looked, key=0, texts=[])  # type: ignore[arg-type]
    for start in range(MOST_KEPT, count, at_once):
        ids = [f"I{place}" for place in range(start, start + at_once)]
        assert order.of(ids) == {one: (one,) for one in ids}
    assert looked.count <= 2 * at_once, "after the rows that stood in the way, all came in their order"


def test_an_order_that_is_no_help_is_given_up_and_forgotten() -> None:
    looked = Looked()
    parts = ([(f"other {part} {place}",) for place in range(250)] for part in range(10_000))
    order = StoredOrder(parts, looked, key=0, texts=[])  # type: ignore[arg-type]
    for start in range(0, 2 * MOST_PASSED, 500):
        order.of([f"I{place}" for place in range(start, start + 500)])
    assert looked.count == 2 * MOST_PASSED
    assert len(order._passed) <= MOST_PASSED
    assert len(order._kept) <= MOST_KEPT + 250
