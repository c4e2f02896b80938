"""Tables: rows as referrals, whatever separates the cells, with the row's bytes kept as they stand."""

import io
from typing import Any

import pytest

from review.errors import InvalidInput
from review.formats.ndjson import LONGEST_LINE, StreamBroken
from review.formats.tables import Row, Table, as_text

HEADER = b"reference,reason,url\n"


def rows(content: bytes) -> list[Row]:
    return list(Table(as_text(io.BytesIO(content)), lambda _bytes: None).rows())


def members(content: bytes) -> list[dict[str, Any] | None]:
    return [row.members for row in rows(content)]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_row_is_a_referral_of_one_item(delimiter: bytes, mark: bytes, end: bytes) -> None:
    columns = b"Reference, url ,reason,language,contact_email,good_faith,issuing_country".replace(
        b",", delimiter
    )
    row = b'R-1|https://video.example/a|"Two\nlines; and, commas"|ar|desk@example.org|Yes|'.replace(
        b"|", delimiter
    )
    (found,) = rows(mark + columns + end + end + row + end)
    assert found.number == 3
    assert found.body == row + end
    assert found.members == {
        "reference": "R-1",
        "reason": "Two\nlines; and, commas",
        "good_faith": True,
        "contact": {"email": "desk@example.org"},
        "items": [{"url": "https://video.example/a", "language": "ar"}],
    }


def test_cells_beyond_the_header_and_missing_cells_are_seen() -> None:
    first, second, third = members(HEADER + b"R,because,https://x/,more\nR,because\nR,because,https://x/,,\n")
    assert first is not None
    assert first["cells_beyond_the_header"] is True
    assert second == {"reference": "R", "reason": "because", "items": [{"url": ""}]}
    assert third == {"reference": "R", "reason": "because", "items": [{"url": "https://x/"}]}


def test_rows_that_are_no_text_are_marked_and_kept() -> None:
    broken, zero, good = rows(HEADER + b"R,\xff\xfe,https://x/\nR,a\x00b,https://x/\nR,\xc3\xa9,https://x/\n")
    assert (broken.members, broken.body) == (None, b"R,\xff\xfe,https://x/\n")
    assert zero.members is None
    assert good.members is not None
    assert good.members["reason"] == "é"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (b"", "missing"),
        (b"reference,reason\nx,y\n", "url"),
        (b"reference,reason,url,surname\n", "surname"),
        (b"reference,reason,url,url\n", "twice"),
    ],
)
def test_a_header_that_is_wrong_is_named(header: bytes, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        rows(header)


@pytest.mark.parametrize(
    "cell", [b'"never ends' + b"x" * LONGEST_LINE, b'"a"b', b'"' + b"\n" * (LONGEST_LINE + 1)]
)
def test_a_cell_that_does_not_end_stops_the_table(cell: bytes) -> None:
    with pytest.raises(StreamBroken, match="row 3"):
        rows(HEADER + b"R,because,https://x/\n" + cell + b",b,c\n")
