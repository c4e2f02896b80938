"""Counting the trail: each entry once, whoever counts, and the same again from the start."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.actions import numbers
from review.actions.numbers import count_entries, recount
from review.actions.trail import sequence_events
from review.actions.withdrawals import withdraw_item, withdraw_referral
from review.domain.permissions import ANONYMOUS, OPERATOR, SERVICE, Role
from review.errors import NotPermitted
from review.models import Answer, Base, DayCount, Decision, Item, Opening, Referral
from review.queries.counted_entries import progress_of, sums_between
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.threads import together


def _sequence() -> None:
    while sequence_events() is not None:
        pass


def _counts(desk: Desk) -> dict[tuple[date, str, str], int]:
    rows = desk.session.execute(sa.select(DayCount.day, DayCount.measure, DayCount.word, DayCount.count))
    return {(day, measure, word): count for day, measure, word, count in rows}


def _total(counts: dict[tuple[date, str, str], int], measure: str) -> int:
    return sum(count for (_day, of, _word), count in counts.items() if of == measure)


def _rows(desk: Desk, table: type[Base], *wanted: sa.ColumnElement[bool]) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table).where(*wanted)) or 0


def _count_all(desk: Desk) -> None:
    while count_entries(actor=SERVICE):
        pass


def test_the_counts_are_what_the_rows_say(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "BATCH", 7)
    lived_in_desk()
    _sequence()
    _count_all(desk)
    counts = _counts(desk)
    assert _total(counts, "received") == _rows(desk, Item)
    assert _total(counts, "withdrawn") == _rows(desk, Item, Item.status == "withdrawn")
    answered = desk.session.scalar(sa.select(sa.func.count(sa.distinct(Answer.item_id))))
    assert _total(counts, "accepted") + _total(counts, "declined") == answered  # as they were first answered
    assert {word for _day, of, word in counts if of == "accepted"} == {"iru"}
    decided = _rows(desk, Decision, Decision.supersedes_id.is_(None))
    assert _total(counts, "within_target") + _total(counts, "over_target") == decided
    assert sum(_total(counts, of) for of in {of for _day, of, _word in counts if "took_" in of}) == decided
    notices = desk.session.scalar(
        sa.select(sa.func.count()).select_from(Item).join(Referral).where(Referral.intake_kind == "notice")
    )
    assert sum(count for (_d, of, word), count in counts.items() if (of, word) == ("received", "notice")) == (
        notices
    )


def test_counting_leaves_no_event_and_writes_nothing_when_nothing_is_new(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1")
    assert count_entries(actor=SERVICE) == 0  # it waits for its position
    _sequence()
    events = _rows(desk, Opening)
    assert count_entries(actor=SERVICE) == events
    assert _rows(desk, Opening) == events
    monkeypatch.setattr(db, "transaction", lambda: pytest.fail("nothing is new"))
    assert count_entries(actor=SERVICE) == 0


def test_an_item_withdrawn_alone_and_then_with_its_referral_counts_once(desk: Desk) -> None:
    sender_id = make_sender()
    sender = sender_actor(sender_id)
    received = receive(sender, *(f"https://video.example/{number}" for number in range(4)))
    first = desk.session.scalar(sa.select(Item.id).order_by(Item.position).limit(1)) or ""
    withdraw_item(first, actor=make_account(Role.SENDER, sender_id=sender_id))
    withdraw_referral(received.referral_id, actor=make_account(Role.SENDER, sender_id=sender_id))
    _sequence()
    _count_all(desk)
    assert _total(_counts(desk), "withdrawn") == 4


def test_counters_at_once_count_each_entry_once(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    for number in range(6):
        receive(sender, f"https://video.example/{number}/a", f"https://video.example/{number}/b")
    _sequence()
    done = together(desk.app, [lambda: count_entries(actor=SERVICE)] * 4)
    assert [found for found in done if isinstance(found, Exception)] == []
    _count_all(desk)
    assert _total(_counts(desk), "received") == 12
    assert progress_of(desk.session).waiting == 0


def test_who_read_before_another_counted_adds_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(sender_actor(make_sender()), "https://video.example/1", "https://video.example/2")
    _sequence()

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(numbers, "sums_between", sums_between)
        assert count_entries(actor=SERVICE) == 1
        return sums_between(*arguments)

    monkeypatch.setattr(numbers, "sums_between", overtaken)
    assert count_entries(actor=SERVICE) == 0
    assert _total(_counts(desk), "received") == 2


def test_counting_anew_gives_the_same_and_leaves_no_event(desk: Desk) -> None:
    lived_in_desk()
    _sequence()
    _count_all(desk)
    before, events = _counts(desk), _rows(desk, Opening)
    assert before
    result = desk.app.test_cli_runner().invoke(args=["numbers", "recount"])
    assert result.exit_code == 0
    assert _counts(desk) == {}
    _count_all(desk)
    assert _counts(desk) == before
    assert _rows(desk, Opening) == events


def test_only_the_loop_counts_and_only_a_command_counts_anew(desk: Desk) -> None:
    people = [make_account(role) for role in (Role.MODERATOR, Role.LEAD, Role.LEGAL, Role.ADMIN)]
    for actor in (OPERATOR, ANONYMOUS, *people):
        with pytest.raises(NotPermitted):
            count_entries(actor=actor)
    for actor in (SERVICE, ANONYMOUS, *people):
        with pytest.raises(NotPermitted):
            recount(actor=actor)
