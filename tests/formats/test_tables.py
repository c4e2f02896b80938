"""Tables: the same rows however cells are separated and letters written, with their bytes kept."""

import io

import pytest

from review.errors import InvalidInput
from review.formats.ndjson import LONGEST_LINE, StreamBroken
from review.formats.tables import CellRow, Table

HEADER = b"reference,reason,url\n"
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with mark": ("utf-8", b"\xef\xbb\xbf"),
    "utf-16 le": ("utf-16-le", b"\xff\xfe"),
    "utf-16 be": ("utf-16-be", b"\xfe\xff"),
}


def rows(content: bytes) -> list[CellRow]:
    return list(Table(io.BytesIO(content)).rows())


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_cells_and_bytes_are_the_same_in_every_spelling(encoding: str, delimiter: str, end: str) -> None:
    codec, mark = ENCODINGS[encoding]
    header = "Reference,Url,Reason".replace(",", delimiter) + end
    row = f'R-é{delimiter}https://video.example/a{delimiter}"Two\nlines; and, commas\t"{end}'
    table = Table(io.BytesIO(mark + (header + end + row).encode(codec)))
    assert table.names == ("Reference", "Url", "Reason")
    assert table.header == header.encode(codec)
    (found,) = table.rows()
    assert found.number == 3
    assert found.body == row.encode(codec)
    assert found.cells == ("R-é", "https://video.example/a", "Two\nlines; and, commas\t")


def test_mixed_line_ends_give_the_numbers_of_the_spreadsheet() -> None:
    found = rows(b"reference,reason,url\r\na,b,c\rd,e,f\n\r\n\n\rg,h,i")
    assert [(row.number, row.cells[0]) for row in found] == [(2, "a"), (3, "d"), (7, "g")]


def test_the_line_that_names_the_separator_is_no_row() -> None:
    table = Table(io.BytesIO(b"sep=;\r\nreference;reason\r\nA, B;c\r\n"))
    assert table.names == ("reference", "reason")
    assert [(row.number, row.cells) for row in table.rows()] == [(2, ("A, B", "c"))]


def test_rows_that_are_no_text_are_named_and_kept() -> None:
    broken, zero, good = rows(HEADER + b"R,\xff\xfe,https://x/\nR,a\x00b,https://x/\nR,\xc3\xa9,https://x/\n")
    assert broken.body == b"R,\xff\xfe,https://x/\n"
    assert [problem.code for row in (broken, zero) for _index, problem in row.problems] == ["not_text"] * 2
    assert (good.cells[1], good.problems) == ("é", ())
    (alone,) = rows(b"\xff\xfe" + "reference,reason\nR,".encode("utf-16-le") + b"\x00\xd8\n\x00")
    assert [problem.code for _index, problem in alone.problems] == ["not_text"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "workbook or an archive"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "workbook or an archive"),
        ("reference,reason\n".encode("utf-16-le"), "without a mark"),
        ("reference,reason\n".encode("utf-16-be"), "without a mark"),
        ("reference,reason\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_what_is_no_table_is_named(content: bytes, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        Table(io.BytesIO(content))


@pytest.mark.parametrize(
    ("code_page", "words"),
    [("cp1252", "Glorifie l’attaque à Liège"), ("cp1251", "Из «США»"), ("cp1256", "سبب")],
)
def test_another_code_page_is_told_of_the_file(code_page: str, words: str) -> None:
    content = HEADER + b"R,because,https://x/\n" * 60_000 + f"R,{words},https://x/\n".encode(code_page) * 9
    with pytest.raises(InvalidInput, match="not UTF-8 or UTF-16"):
        Table(io.BytesIO(content))


@pytest.mark.parametrize("letter", ["é", "€", "😀"])
@pytest.mark.parametrize("before", [1, 2, 3])
def test_one_letter_across_two_pieces_is_no_other_code_page(letter: str, before: int) -> None:
    begin = HEADER + b"R,"
    content = begin + b"x" * (1024 * 1024 - len(begin) - before) + f"{letter},https://x/\n".encode()
    assert Table(io.BytesIO(content)).names


@pytest.mark.parametrize(
    "cell",
    [
        b'"never ends' + b"x" * LONGEST_LINE,
        b'"a"b',
        b'"' + b"\n" * (LONGEST_LINE + 1),
        b"x" * (LONGEST_LINE + 1),
    ],
)
def test_a_cell_that_does_not_end_stops_the_table(cell: bytes) -> None:
    with pytest.raises(StreamBroken, match="row 3"):
        rows(HEADER + b"R,because,https://x/\n" + cell + b",b,c\n")


def test_half_a_letter_at_the_end_stops_the_table() -> None:
    with pytest.raises(StreamBroken, match="middle of a letter"):
        rows(b"\xff\xfe" + "reference,reason\nR,a".encode("utf-16-le") + b"a")
