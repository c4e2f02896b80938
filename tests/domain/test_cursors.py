"""Cursors: only what we wrote ourselves is read back."""

import pytest

from review.domain.cursors import Cursor, read_cursor, write_cursor
from review.errors import InvalidInput


def test_a_cursor_comes_back_as_it_was_written() -> None:
    for position in (0, 1, 10**9, 2**63 - 1):
        cursor = Cursor(position, "R-7K3M-9QXD-2FWT")
        written = write_cursor(cursor)
        assert written.isascii()
        assert "=" not in written
        assert read_cursor(written) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "abcde",
        "MSBS",
        "%%%%",
        "é" * 8,
        "A" * 200,
        write_cursor(Cursor(1, "R-7K3M-9QXD-2FWT")) + "=",
        write_cursor(Cursor(1, "R-7K3M-9QXD-2FWT")) + "\n",
        write_cursor(Cursor(2**63, "R-7K3M-9QXD-2FWT")),
        write_cursor(Cursor(1, "R-7K3M")),
    ],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor") as refusal:
        read_cursor(text)
    assert refusal.value.errors[0].code == "cursor_not_valid"
