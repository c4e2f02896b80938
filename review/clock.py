"""The one place that asks what time it is; everything else is given the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_behind: ContextVar[timedelta] = ContextVar("behind")


def now() -> datetime:
    """The current time, aware, in UTC, with microseconds."""
    return datetime.now(UTC) - _behind.get(timedelta())


@contextmanager
def set_back(by: timedelta) -> Iterator[None]:
    """Let the clock of this thread be ``by`` behind: for the history of the demonstration, nothing else."""
    token = _behind.set(by)
    try:
        yield
    finally:
        _behind.reset(token)


@contextmanager
def earlier(by: timedelta) -> Iterator[None]:
    """Let the clock of this thread be ``by`` further behind than it is: for the demonstration too."""
    with set_back(_behind.get(timedelta()) + by):
        yield


def rfc3339(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with six decimals and ``Z`` (RFC 3339, section 5.6)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
