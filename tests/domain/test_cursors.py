"""Cursors come back as they were written, only to their own sender, and tell nothing on the way."""

import pytest

from review.domain.cursors import Cursor, read_cursor, write_cursor
from review.errors import InvalidInput

KEY = bytes(range(32))
ID = "R-7K3M-9QXD-2FWT"
GOOD = write_cursor(Cursor(1, ID), key=KEY, sender_id="S-1")


def test_a_cursor_comes_back_as_it_was_written() -> None:
    for position in (0, 1, 10**9, 2**63 - 1):
        cursor = Cursor(position, ID)
        written = write_cursor(cursor, key=KEY, sender_id="S-1")
        assert written.isascii()
        assert "=" not in written
        assert read_cursor(written, key=KEY, sender_id="S-1") == cursor


def test_a_cursor_tells_nothing_of_its_position() -> None:
    again = write_cursor(Cursor(1, ID), key=KEY, sender_id="S-1")
    assert again != GOOD
    assert {len(GOOD), len(again), len(write_cursor(Cursor(2**62, ID), key=KEY, sender_id="S-1"))} == {70}


@pytest.mark.parametrize("text", ["", "a", "MSBS", "%%%%", "é" * 8, "A" * 70, "A" * 200])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor") as refusal:
        read_cursor(text, key=KEY, sender_id="S-1")
    assert refusal.value.errors[0].code == "cursor_not_valid"


def test_a_changed_cursor_is_refused() -> None:
    other = "B" if GOOD[0] == "A" else "A"
    for text in (GOOD + "=", GOOD + "\n", GOOD[:-1], other + GOOD[1:], GOOD[::-1]):
        with pytest.raises(InvalidInput, match="cursor"):
            read_cursor(text, key=KEY, sender_id="S-1")


@pytest.mark.parametrize(("key", "sender_id"), [(KEY, "S-2"), (bytes(32), "S-1")])
def test_another_sender_or_desk_cannot_open_it(key: bytes, sender_id: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        read_cursor(GOOD, key=key, sender_id=sender_id)
