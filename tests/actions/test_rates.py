"""Rate limits: exact over all threads and processes, cheap, bounded, and in nobody's way by mistake."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from review.actions import rates
from review.errors import DatabaseBusy, TooManyRequests
from review.models import Opening, RateCount
from tests.conftest import Desk
from tests.threads import together

START = datetime(2026, 11, 23, 10, 0, 20, tzinfo=UTC)


def ask(name: str = "K-1", *, at: datetime = START, most: int = 100) -> str:
    rates.count_request("key", name, at=at, most=most)
    return "passed"


def another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process holds in memory, as another one would not know it."""
    monkeypatch.setattr(rates, "_leases", {})


def test_the_request_past_the_limit_is_told_when_to_come_back(desk: Desk) -> None:
    for _ in range(100):
        ask()
    with pytest.raises(TooManyRequests) as refused:
        ask()
    assert refused.value.retry_after_seconds == 40
    assert ask("K-2") == "passed"
    assert ask(at=START + timedelta(seconds=40)) == "passed"
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Opening)) == 0


def test_no_limit_counts_nothing(desk: Desk) -> None:
    for _ in range(10):
        assert ask(most=0) == "passed"
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(RateCount)) == 0


def test_many_threads_get_exactly_the_limit(desk: Desk) -> None:
    def several() -> int:
        passed = 0
        for _ in range(30):
            try:
                passed += bool(ask(most=60))
            except TooManyRequests:
                continue
        return passed

    results = together(desk.app, [several] * 8)
    assert sum(result for result in results if isinstance(result, int)) == 60


def test_several_processes_share_one_limit_and_write_seldom(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if desk.database == "sqlite":
        return
    writes: list[int] = []
    take = rates._take_block

    def counted(place: str, window: int, *, block: int, most: int) -> int:
        writes.append(block)
        return take(place, window, block=block, most=most)

    monkeypatch.setattr(rates, "_take_block", counted)
    passed = 0
    for _process in range(3):
        another_process(monkeypatch)
        for _ in range(500):
            try:
                passed += bool(ask(most=1000))
            except TooManyRequests:
                break
    assert passed == 1000
    assert len(writes) <= rates.LEASES + 3
    another_process(monkeypatch)
    with pytest.raises(TooManyRequests):
        ask(most=1000)


def test_old_windows_and_names_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("jane@desk.example")
    another_process(monkeypatch)
    ask("other", at=START + timedelta(minutes=5))
    rows = desk.session.execute(sa.select(RateCount.name, RateCount.window_start)).all()
    assert len(rows) == (0 if desk.database == "sqlite" else 1)
    assert all("other" not in row.name and "jane" not in row.name for row in rows)


def test_memory_stays_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    if desk.database != "sqlite":
        return
    monkeypatch.setattr(rates, "MOST_REMEMBERED", 50)
    another_process(monkeypatch)
    for number in range(200):
        ask(f"address {number}")
    assert len(rates._leases) == 50
    ask(at=START + timedelta(minutes=1))
    assert len(rates._leases) == 1


def test_a_counter_that_cannot_be_written_refuses_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_arguments: object, **_options: object) -> int:
        raise DatabaseBusy("busy")

    monkeypatch.setattr(rates, "_take_block", busy)
    for _ in range(20):
        assert ask() == "passed"
