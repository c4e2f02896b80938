"""No cell of a table that we write acts as a formula, whatever separates cells where it is opened."""

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.uploaded_files import as_written, harmless
from review.formats.export_tables import csv_lines

SIGNS = tuple("=+-@＝＋－＠")
cells = st.text(st.sampled_from("a;,\t\r\n\"' \u00a0=+-@＝＠"), max_size=12) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=20
)


def cells_of(table: bytes, separator: str) -> list[str]:
    text = table.decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


@given(cells)
def test_a_harmless_cell_comes_back_exactly_as_it_was(cell: str) -> None:
    assert as_written(harmless(cell)) == cell
    assert as_written(as_written(harmless(harmless(cell)))) == cell


@given(st.lists(cells, min_size=3, max_size=3), st.sampled_from(",;\t"))
def test_no_separator_makes_a_formula_of_a_part_of_a_cell(row: list[str], separator: str) -> None:
    names = ("a", "b", "c")
    table = b"".join(csv_lines(names, [dict(zip(names, row, strict=True))]))
    assert [cell for cell in cells_of(table, separator) if cell.lstrip().startswith(SIGNS)] == []


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("REF-1;=cmd|' /C calc'!A0;x", "REF-1;'=cmd|' /C calc'!A0;x"),
        ('a; "=1', "a;' \"=1"),
        ("a\t=1\n+2\r-3", "a\t'=1\n'+2\r'-3"),
        ("\n=1", "'\n'=1"),
        ("＝1", "'＝1"),
        ("well; known, = sign - and @mention", "well; known, = sign - and @mention"),
    ],
)
def test_an_apostrophe_stands_where_a_part_would_act(cell: str, written: str) -> None:
    assert harmless(cell) == written


def test_a_long_cell_of_blanks_and_separators_takes_no_time() -> None:
    began = time.perf_counter()
    for text in (";" * 1_000_000, " " * 1_000_000, "; '\"" * 250_000):
        assert as_written(harmless(text)) == text
    assert time.perf_counter() - began < 5
