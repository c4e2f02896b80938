"""That the retention is over is a ground only where it is over for every case of the record."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.erasures import execute_erasures, request_erasures
from review.actions.holds import release_hold
from review.actions.trail import verify_trail
from review.domain.erasures import Ground, NotErasable
from review.domain.holds import RecordHeld, RecordKind
from review.domain.permissions import OPERATOR
from review.models import CaseTerm, Delivery, Draft, Erasure, Item
from review.webhooks import Outcome
from tests.complaints import Complained
from tests.conftest import Desk
from tests.endpoints import lease
from tests.endpoints import record as delivered
from tests.erasures import CHECKED, WHY, Decided, decided_record, erase, hold, split_record
from tests.platforms import tell_platform
from tests.trails import settle

PARTS = {RecordKind.CASE: "notes", RecordKind.REFERRAL: "url"}


def ask_as_over(record: Decided, kind: RecordKind = RecordKind.REFERRAL) -> list[str]:
    about = record.case_id if kind is RecordKind.CASE else record.referral_id
    return request_erasures(
        kind, [about], [PARTS[kind]], ground=Ground.RETENTION, reason=WHY, actor=record.asker
    )


def addresses(desk: Desk) -> set[str]:
    return set(desk.session.scalars(sa.select(Item.canonical_url)))


def test_a_referral_stays_as_long_as_one_of_its_cases_does(desk: Desk) -> None:
    record, later = split_record()
    before = addresses(desk)
    with pytest.raises(NotErasable, match=f"{record.referral_id} stays: case {later} is kept until"):
        ask_as_over(record)
    assert desk.session.scalar(sa.select(Erasure.id)) is None
    ask_as_over(record, RecordKind.CASE)  # what is of the old case alone can go
    with time_machine.travel(clock.now() + timedelta(days=400), tick=True):
        execute_erasures(ask_as_over(record), CHECKED, actor=record.second)
    assert not before & addresses(desk)


@pytest.mark.parametrize("kind", PARTS)
def test_what_ended_lately_is_not_over(desk: Desk, kind: RecordKind) -> None:
    record = decided_record()
    with pytest.raises(NotErasable, match=f"case {record.case_id} is kept until"):
        ask_as_over(record, kind)


def test_it_is_looked_at_anew_before_anything_goes(desk: Desk) -> None:
    record, later = split_record()
    before = addresses(desk)
    with time_machine.travel(clock.now() + timedelta(days=400), tick=True):
        asked = ask_as_over(record)
    with pytest.raises(NotErasable, match=f"case {later} is kept until"):
        execute_erasures(asked, CHECKED, actor=record.second)
    assert addresses(desk) == before
    assert desk.session.scalars(sa.select(Erasure.state)).one() == "waiting"


def test_a_hold_on_another_referral_of_a_case_keeps_it_too(desk: Desk) -> None:
    case = Complained(desk)
    first, other = (Decided(case.case_id, case.referrals[n], case.items[n], case.senders[n]) for n in (0, 1))
    with time_machine.travel(clock.now() + timedelta(days=400), tick=True):
        asked = ask_as_over(first)
        hold(other, RecordKind.REFERRAL)
        with pytest.raises(RecordHeld, match=f"case {case.case_id} is under a legal hold"):
            execute_erasures(asked, CHECKED, actor=first.second)


def told(desk: Desk) -> list[tuple[str, bytes]]:
    """What the platform is told of cases."""
    found = sa.select(Delivery.topic, Delivery.body).where(Delivery.topic == "restriction.requested")
    return [(row.topic, row.body) for row in desk.session.execute(found)]


def shared_case(desk: Desk) -> list[Decided]:
    """The two referrals of a case of which the platform was told, with a draft and a word of it."""
    tell_platform(desk, "https://platform.example/told")
    case = Complained(desk, accepted=True)
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=False):
        for one in lease():
            delivered(one, Outcome(200, None, 5))
    with db.transaction() as writer:
        writer.execute(sa.insert(CaseTerm), {"term": 7, "case_id": case.case_id})
        typed: dict[str, Any] = {
            "case_id": case.case_id,
            "account_id": case.moderator.account_id,
            "fields": {},
        }
        writer.execute(sa.insert(Draft), typed | {"saved_at": clock.now()})
    return [Decided(case.case_id, case.referrals[n], case.items[n], case.senders[n]) for n in (0, 1)]


def kept(desk: Desk) -> tuple[int, int]:
    """How many drafts and words of cases are there."""
    session = desk.session
    return len(session.scalars(sa.select(Draft)).all()), len(session.scalars(sa.select(CaseTerm)).all())


def test_what_a_case_shares_goes_with_its_last_referral_alone(desk: Desk) -> None:
    first, other = shared_case(desk)
    before = told(desk)
    assert len(before) == 1
    assert kept(desk) == (1, 1)
    hold_id = hold(other, RecordKind.REFERRAL)
    erase(first, "reason", kind=RecordKind.REFERRAL)
    assert told(desk) == before
    assert kept(desk) == (1, 1)
    release_hold(hold_id, "The proceedings are over.", actor=other.second)
    erase(other, "reason", kind=RecordKind.REFERRAL)
    assert b"erased" in told(desk)[0][1]
    assert kept(desk) == (0, 0)
    settle(desk.settings.data_dir)
    finding = verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding
    assert finding.intact, finding.sentence


def test_a_hold_that_came_after_an_erasure_keeps_what_was_shared(desk: Desk) -> None:
    first, other = shared_case(desk)
    before = told(desk)
    erase(other, "reason", kind=RecordKind.REFERRAL)
    hold(other, RecordKind.REFERRAL)
    erase(first, "reason", kind=RecordKind.REFERRAL)
    assert told(desk) == before
    assert kept(desk) == (1, 1)


def test_a_hold_on_a_shared_case_refuses_each_of_its_referrals(desk: Desk) -> None:
    first, other = shared_case(desk)
    hold(first)
    for one in (first, other):
        with pytest.raises(RecordHeld):
            erase(one, "reason", kind=RecordKind.REFERRAL)
