"""The one place that asks what time it is; everything else is given the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC, with microseconds."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with six decimals and ``Z`` (RFC 3339, section 5.6)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
