"""Days that people type: one spelling, and the moment at which they are over."""

from datetime import UTC, date, datetime

import pytest

from review.domain.days import end_of, read_day
from review.errors import InvalidInput


def test_a_day_is_read_from_its_iso_form_or_a_blank() -> None:
    assert read_day(" 2026-11-30 ", field="expires") == date(2026, 11, 30)
    assert read_day(" ", field="expires") is None


@pytest.mark.parametrize("text", ["30.11.2026", "2026-02-30", "tomorrow", "2026-11-30T10:00"])
def test_anything_else_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_day(text, field="expires")
    assert caught.value.errors[0].pointer == "expires"


def test_a_day_is_over_at_the_midnight_after_it() -> None:
    assert end_of(date(2026, 12, 31)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert end_of(date.max) == datetime.max.replace(tzinfo=UTC)
