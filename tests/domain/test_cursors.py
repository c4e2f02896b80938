"""Cursors: sealed, for one sender, and only what we wrote ourselves is read back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from review.domain.cursors import Cursor, read_cursor, write_cursor
from review.errors import InvalidInput

KEY = bytes(range(32))
SENDER = "S-7K3M-9QXD-2FWT"
CURSOR = Cursor(7, "R-7K3M-9QXD-2FWT")


def _written(cursor: Cursor = CURSOR) -> str:
    return write_cursor(cursor, key=KEY, sender_id=SENDER)


def test_a_cursor_comes_back_as_it_was_written() -> None:
    for position in (0, 1, 10**9, 2**63 - 1):
        cursor = Cursor(position, CURSOR.id)
        written = _written(cursor)
        assert written.isascii()
        assert "=" not in written
        assert read_cursor(written, key=KEY, sender_id=SENDER) == cursor


def test_a_cursor_shows_neither_position_nor_id() -> None:
    assert _written() != _written()
    assert len({len(_written(Cursor(position, CURSOR.id))) for position in (0, 10**9, 2**63 - 1)}) == 1
    plain = urlsafe_b64decode(_written() + "==")
    assert CURSOR.id.encode() not in plain
    assert (7).to_bytes(8, "big") not in plain


@pytest.mark.parametrize("text", ["", "a", "abcde", "MSBS", "%%%%", "é" * 70, "A" * 70, "A" * 200])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor") as refusal:
        read_cursor(text, key=KEY, sender_id=SENDER)
    assert refusal.value.errors[0].code == "cursor_not_valid"


def test_a_changed_cursor_is_refused() -> None:
    written = _written()
    sealed = bytearray(urlsafe_b64decode(written + "=="))
    changed = [written + "=", written + "\n", written[:-1], written + "A"]
    last = "AQgw".index(written[-1]) if written[-1] in "AQgw" else 0
    changed.append(written[:-1] + "BRhx"[last])
    for place in range(len(sealed)):
        sealed[place] ^= 1
        changed.append(urlsafe_b64encode(sealed).decode().rstrip("="))
        sealed[place] ^= 1
    for text in changed:
        with pytest.raises(InvalidInput):
            read_cursor(text, key=KEY, sender_id=SENDER)


def test_a_cursor_opens_for_its_sender_and_under_its_key_only() -> None:
    for key, sender_id in ((KEY, "S-0000-0000-0000"), (KEY, ""), (bytes(32), SENDER)):
        with pytest.raises(InvalidInput):
            read_cursor(_written(), key=key, sender_id=sender_id)
