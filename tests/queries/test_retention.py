"""What is due for review is found, whatever else is held, asked for or kept beside it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from review import clock
from review.actions.withdrawals import withdraw_referral
from review.domain.holds import RecordKind
from review.queries import retention
from review.queries.kept_records import referrals_in
from review.queries.retention import DueCase, due_cases
from tests.conftest import Desk
from tests.erasures import ask, decided_record, erase, hold, split_record
from tests.factories import make_sender, receive, sender_actor

DAYS = {"referral": 365, "notice": 365, "removal_order": 365}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE_ROWS", 2)


def due(desk: Desk, *, now: datetime | None = None, **days: int) -> list[DueCase]:
    later = now or clock.now() + timedelta(days=400)
    return list(due_cases(desk.session, now=later, days=DAYS | days))


def test_held_cases_take_no_place_of_others(desk: Desk) -> None:
    sender = make_sender()
    held = [decided_record(sender_id=sender, number=number) for number in (1, 2, 3)]
    hold(held[0], RecordKind.SENDER)
    other = decided_record(number=4)
    found = [(one.id, one.held) for one in due(desk)]
    assert found == [(other.case_id, False), (held[0].case_id, True), (held[1].case_id, True)]


def test_what_is_asked_for_or_erased_takes_no_place_either(desk: Desk) -> None:
    asked, gone, case_alone, other = (decided_record(number=number) for number in (1, 2, 3, 4))
    ask(asked, "notes")
    ask(asked, "url", kind=RecordKind.REFERRAL)
    erase(gone, "notes")
    ask(gone, "url", kind=RecordKind.REFERRAL)
    ask(case_alone, "notes")
    found = [(one.id, one.asked) for one in due(desk)]
    assert found == [(case_alone.case_id, True), (other.case_id, False)]


def test_a_case_of_which_only_kept_referrals_are_left_takes_no_place(desk: Desk) -> None:
    record, later = split_record()
    (found,) = due(desk, now=clock.now())
    assert [(one.referral_id, one.case_id, one.held) for one in found.kept] == [
        (record.referral_id, later, False)
    ]
    assert found.kept[0].until is not None
    erase(record, "notes")
    assert due(desk, now=clock.now()) == []
    assert {one.id for one in due(desk)} == {record.case_id, later}


def test_withdrawn_cases_of_a_kind_kept_longer_hide_none_of_another(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    notice: dict[str, Any] = {
        "intake_kind": "notice",
        "good_faith": True,
        "contact": {"name": "A person", "email": "person@unit.example"},
    }
    with time_machine.travel(clock.now() - timedelta(days=400), tick=True):
        for number in range(4):
            members: dict[str, Any] = notice if number < 3 else {}
            url = f"https://video.example/watch/withdrawn-{number}"
            withdraw_referral(receive(actor, url, **members).referral_id, actor=actor)
    (found,) = due(desk, now=clock.now(), notice=900)
    assert (found.intake_kind, found.state) == ("referral", "withdrawn")


def test_each_referral_is_found_or_kept_for_a_reason(desk: Desk) -> None:
    record, later = split_record()
    plain = decided_record()
    now = clock.now() + timedelta(days=300)
    cases = [record.case_id, plain.case_id]
    free, kept = referrals_in(desk.session, cases, now=now, days=DAYS | {"notice": 1})
    assert free == []
    assert {one.referral_id for one in kept} == {record.referral_id, plain.referral_id}
    hold(plain)
    free, kept = referrals_in(desk.session, cases, now=now + timedelta(days=100), days=DAYS)
    assert free == [record.referral_id]
    assert [(one.case_id, one.held) for one in kept] == [(plain.case_id, True)]
    ask(record, "url", kind=RecordKind.REFERRAL)
    assert referrals_in(desk.session, [later], now=now + timedelta(days=100), days=DAYS) == ([], [])
