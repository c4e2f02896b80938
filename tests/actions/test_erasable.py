"""That the retention is over is a ground only where it is over for every case of the record."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions.erasures import execute_erasures, request_erasures
from review.domain.erasures import Ground, NotErasable
from review.domain.holds import RecordHeld, RecordKind
from review.models import Erasure, Item
from tests.complaints import Complained
from tests.conftest import Desk
from tests.erasures import CHECKED, WHY, Decided, decided_record, hold, split_record

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
