"""An object's events stand in the log in the order in which they happened, whatever the clocks say."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from review import clock, db, ledger
from review.domain.permissions import OPERATOR, Role
from review.domain.trail_check import Link, problem_of_link
from review.models import Leaf, Opening
from tests.conftest import Desk
from tests.factories import make_account


def test_an_event_is_never_dated_before_the_one_it_follows(desk: Desk) -> None:
    account_id = str(make_account(Role.LEGAL).account_id)
    now = clock.now()
    for behind in (0, 30, 10):
        with db.transaction() as writer:
            at = now - timedelta(seconds=behind)
            ledger.record(writer, "account.reset_issued", account_id, actor=OPERATOR, at=at)
    with db.transaction() as writer:
        ledger.sequence_pending(writer)
    rows = desk.session.execute(
        sa.select(Leaf.position, Opening.object_version)
        .join(Opening, Opening.eid == Leaf.eid)
        .order_by(Leaf.position)
    ).all()
    assert [version for _position, version in rows] == [1, 2, 3]


@pytest.mark.parametrize(("first", "second", "fine"), [(3, 4, True), (4, 3, False), (None, 3, False)])
def test_verify_sees_a_chain_that_runs_backwards(first: int | None, second: int, fine: bool) -> None:
    before = Link("case", "C-1", 1, "a", None, first)
    problem = problem_of_link(Link("case", "C-1", 2, "b", "a", second), before)
    assert (problem is None) is fine
