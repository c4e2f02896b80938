"""Counting attempts: the same limit whoever serves, kept without the name, gone with its window."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from review.actions import attempts
from review.errors import TooManyRequests
from review.models import Opening, RateCount
from tests.conftest import Desk
from tests.threads import together

START = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)


def attempt(name: str = "jane@desk.example", at: datetime = START, most: int = 3) -> str:
    attempts.count_attempt("email", name, at=at, most=most, window_seconds=300)
    return "passed"


def test_the_attempt_after_the_last_allowed_is_told_when_to_come_back(desk: Desk) -> None:
    for _ in range(3):
        attempt(at=START + timedelta(seconds=100))
    with pytest.raises(TooManyRequests, match="T10:05:00Z") as refused:
        attempt(at=START + timedelta(seconds=100))
    assert refused.value.retry_after_seconds == 201
    attempt("other@desk.example")
    attempt(at=START + timedelta(seconds=300))
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Opening)) == 0


def test_many_at_once_are_all_counted(desk: Desk) -> None:
    results = together(desk.app, [attempt] * 8)
    assert results.count("passed") == 3
    assert sum(isinstance(result, TooManyRequests) for result in results) == 5


def test_no_name_is_kept_and_old_windows_go(desk: Desk) -> None:
    attempt("lone \ud800 surrogate")
    attempt(at=START + timedelta(seconds=900))
    rows = desk.session.execute(sa.select(RateCount.name, RateCount.window_start)).all()
    if desk.database == "sqlite":
        assert rows == []
        return
    assert [row.window_start for row in rows] == [int(START.timestamp()) + 900]
    assert "jane" not in rows[0].name


def test_memory_stays_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    if desk.database != "sqlite":
        return
    monkeypatch.setattr(attempts, "MOST_REMEMBERED", 50)
    monkeypatch.setattr(attempts, "_counts", {})
    for number in range(200):
        attempt(f"person{number}@desk.example")
    assert len(attempts._counts) <= 50
    attempt(at=START + timedelta(seconds=300))
    assert len(attempts._counts) == 1


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_one_household_is_one_caller(address: str, group: str) -> None:
    assert attempts.address_group(address) == group
