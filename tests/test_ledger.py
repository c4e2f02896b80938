"""The ledger: events in the transaction of their change, positions without gaps, checkpoints in order."""

import threading

import pytest
import sqlalchemy as sa

from review import clock, db, ledger
from review.db import TransactionMisuse
from review.domain import merkle
from review.domain.commitments import parse_envelope
from review.domain.permissions import ANONYMOUS, OPERATOR
from review.errors import NotFound, TrailBroken
from review.models import Leaf, Opening, PendingEvent, StoredCheckpoint, TreeHead
from tests.conftest import Desk
from tests.factories import make_account
from tests.trails import record_events, record_one


def count(desk: Desk, table: type) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_an_event_needs_the_open_transaction_of_its_change(desk: Desk) -> None:
    with pytest.raises(TransactionMisuse):
        ledger.record(db.session(), "account.closed", "A-1", actor=OPERATOR, at=clock.now())
    with pytest.raises(TransactionMisuse):
        ledger.sequence_pending(db.session())
    with pytest.raises(TransactionMisuse):
        ledger.keep_checkpoint(db.session(), size=1, note="")


def test_an_event_goes_when_its_change_goes(desk: Desk) -> None:
    account = make_account().account_id or ""
    with pytest.raises(ZeroDivisionError), db.transaction() as writer:
        record_one(writer, account, number=0)
        raise ZeroDivisionError
    assert (count(desk, Opening), count(desk, PendingEvent)) == (0, 0)


def test_what_the_table_of_events_does_not_list_is_refused(desk: Desk) -> None:
    account = make_account().account_id or ""
    for name, actor, fields, meta in (
        ("account.closed", ANONYMOUS, {}, {}),
        ("account.closed", OPERATOR, {"email": "x"}, {}),
        ("account.closed", OPERATOR, {}, {"role": "lead"}),
    ):
        with pytest.raises(TrailBroken), db.transaction() as writer:
            ledger.record(writer, name, account, actor=actor, at=clock.now(), fields=fields, meta=meta)
    with pytest.raises(NotFound), db.transaction() as writer:
        ledger.record(writer, "account.closed", "A-gone", actor=OPERATOR, at=clock.now())
    assert count(desk, Opening) == 0


def test_a_chain_that_lacks_an_event_takes_no_further_one(desk: Desk) -> None:
    account = make_account().account_id or ""
    with db.transaction() as writer:
        writer.execute(sa.text("UPDATE accounts SET trail_version = 3"))
    with pytest.raises(TrailBroken), db.transaction() as writer:
        ledger.record(writer, "account.closed", account, actor=OPERATOR, at=clock.now())


def test_positions_have_no_gap_and_the_head_is_the_root_of_all_leaves(desk: Desk) -> None:
    record_events(3, 260, 40)
    leaves = desk.session.execute(sa.select(Leaf.position, Leaf.leaf_hash).order_by(Leaf.position)).all()
    assert [leaf.position for leaf in leaves] == list(range(303))
    assert ledger.head_of(desk.session) == ledger.Head(
        303, merkle.root_of([leaf.leaf_hash for leaf in leaves])
    )
    heads = desk.session.execute(sa.select(TreeHead.size, TreeHead.previous_size).order_by(TreeHead.size))
    assert [tuple(head) for head in heads] == [(3, 0), (263, 3), (303, 263)]
    assert count(desk, PendingEvent) == 0
    with db.transaction() as writer:
        assert ledger.sequence_pending(writer) is None


def test_a_waiting_event_that_was_changed_gets_no_position(desk: Desk) -> None:
    account = make_account().account_id or ""
    with db.transaction() as writer:
        eid = record_one(writer, account, number=1)
    trigger = "guard_openings_update" if desk.database == "sqlite" else "guard_openings_row ON openings"
    with db.transaction() as writer:
        writer.execute(sa.text(f"DROP TRIGGER {trigger}"))
        writer.execute(sa.update(Opening).where(Opening.eid == eid).values(salt=b"x" * 32))
    with pytest.raises(TrailBroken, match="was changed"), db.transaction() as writer:
        ledger.sequence_pending(writer)
    assert count(desk, Leaf) == 0


def test_two_sequencers_at_once_give_each_event_one_position(desk: Desk) -> None:
    account = make_account().account_id or ""
    for number in range(30):
        with db.transaction() as writer:
            record_one(writer, account, number=number)
    barrier = threading.Barrier(4)

    def sequence() -> None:
        with desk.app.app_context():
            barrier.wait()
            for _ in range(3):
                with db.transaction() as writer:
                    ledger.sequence_pending(writer)

    threads = [threading.Thread(target=sequence) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    positions = desk.session.scalars(sa.select(Leaf.position).order_by(Leaf.position)).all()
    assert list(positions) == list(range(30))


def test_checkpoints_are_kept_in_order_and_once(desk: Desk) -> None:
    with db.transaction() as writer:
        assert ledger.keep_checkpoint(writer, size=5, note="five")
        assert ledger.keep_checkpoint(writer, size=9, note="nine")
        assert not ledger.keep_checkpoint(writer, size=9, note="again")
        assert not ledger.keep_checkpoint(writer, size=7, note="late")
    rows = desk.session.execute(
        sa.select(StoredCheckpoint.size, StoredCheckpoint.previous_size).order_by(StoredCheckpoint.size)
    )
    assert [tuple(row) for row in rows] == [(5, 0), (9, 5)]


def test_many_events_of_a_kind_stand_in_their_chains_like_single_ones(desk: Desk) -> None:
    accounts = [make_account().account_id or "" for _number in range(3)]
    with db.transaction() as writer:
        first = record_one(writer, accounts[1], number=0)
        records = [ledger.Record(account) for account in accounts]
        ids = ledger.record_many(writer, "account.closed", records, actor=OPERATOR, at=clock.now())
        assert ledger.record_many(writer, "account.closed", [], actor=OPERATOR, at=clock.now()) == []
    assert len(set(ids)) == 3
    chains = {
        account: [
            (row.eid, row.object_version)
            for row in desk.session.scalars(
                sa.select(Opening).where(Opening.object_id == account).order_by(Opening.object_version)
            )
        ]
        for account in accounts
    }
    assert chains == {
        accounts[0]: [(ids[0], 1)],
        accounts[1]: [(first, 1), (ids[1], 2)],
        accounts[2]: [(ids[2], 1)],
    }
    envelope = desk.session.scalar(sa.select(Opening.envelope).where(Opening.eid == ids[1])) or b""
    assert parse_envelope(envelope)["prev"] == first


def test_many_events_are_refused_when_one_object_is_missing(desk: Desk) -> None:
    account = make_account().account_id or ""
    records = [ledger.Record(account), ledger.Record("A-0000-0000-0000")]
    with pytest.raises(NotFound), db.transaction() as writer:
        ledger.record_many(writer, "account.closed", records, actor=OPERATOR, at=clock.now())
    assert count(desk, Opening) == 0
