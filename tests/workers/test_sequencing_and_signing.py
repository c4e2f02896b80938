"""The loops of the trail do all that waits in one turn, and ask for another only after a full batch."""

import pytest

from review import db, ledger
from review.actions import trail
from review.queries import checkpoints
from review.workers import sequencing, signing
from tests.conftest import Desk
from tests.factories import make_account
from tests.trails import record_one


def test_both_loops_do_everything_in_one_turn(desk: Desk) -> None:
    trail.create_signing_key(desk.settings.data_dir, origin="")
    assert (sequencing.run_once(desk.app), signing.run_once(desk.app)) == (False, False)
    assert checkpoints.newest_checkpoint(desk.session) is None
    account = make_account().account_id or ""
    with db.transaction() as writer:
        record_one(writer, account, number=0)
    assert (sequencing.run_once(desk.app), signing.run_once(desk.app)) == (False, False)
    desk.session.rollback()
    newest = checkpoints.newest_checkpoint(desk.session)
    assert newest is not None
    assert newest.size == ledger.head_of(desk.session).size > 0


def test_a_full_batch_asks_for_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "BATCH", 2)
    monkeypatch.setattr(sequencing, "BATCH", 2)
    account = make_account().account_id or ""
    with db.transaction() as writer:
        for number in range(3):
            record_one(writer, account, number=number)
    size, turns = 0, []
    for _turn in range(3):
        turns.append(sequencing.run_once(desk.app))
        desk.session.rollback()
        assert ledger.head_of(desk.session).size <= size + 2
        size = ledger.head_of(desk.session).size
    assert turns[0]
    assert not turns[-1]
