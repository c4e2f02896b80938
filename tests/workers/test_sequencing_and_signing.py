"""The loops of the trail say whether they found work."""

from review import db
from review.actions import trail
from review.workers import sequencing, signing
from tests.conftest import Desk
from tests.factories import make_account
from tests.trails import record_one


def test_both_loops_work_once_and_then_find_nothing(desk: Desk) -> None:
    trail.create_signing_key(desk.settings.data_dir, origin="")
    assert (sequencing.run_once(desk.app), signing.run_once(desk.app)) == (False, False)
    account = make_account().account_id or ""
    with db.transaction() as writer:
        record_one(writer, account, number=0)
    assert (sequencing.run_once(desk.app), signing.run_once(desk.app)) == (True, True)
    assert (sequencing.run_once(desk.app), signing.run_once(desk.app)) == (False, False)
