"""Workbooks: what a person saw in the cells is what is read; what only an attacker writes is refused."""

import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from review.errors import InvalidInput
from review.formats.tables import CellRow
from review.workbooks import Reading
from tests.workbooks import changed, in_sheet, workbook

ROWS = [["reference", "reason", "url"], ["A", "Why", "https://video.example/a"]]
BOOK = workbook(ROWS)


def read(path: Path, content: bytes) -> list[CellRow]:
    file = path / "book.xlsx"
    file.write_bytes(content)
    with closing(Reading(file)) as reading:
        return list(reading.rows())


def test_cells_are_read_as_a_person_saw_them(tmp_path: Path) -> None:
    moment = datetime(2019, 11, 21, 9, 30)  # noqa: DTZ001 - cells have no zone
    values = [123456789012345, 1.5, 0.1 + 0.2, True, date(2019, 11, 21), moment, "x_x0041_", 7, 0.125, 2**70]
    book = openpyxl.Workbook()
    book.active.append(values)
    book.active["H1"].number_format = "000000"
    book.active["I1"].number_format = "0.0%"
    written = io.BytesIO()
    book.save(written)
    (row,) = read(tmp_path, written.getvalue())
    assert row.cells[:9] == (
        "123456789012345", "1.5", "0.3", "TRUE", "2019-11-21", "2019-11-21 09:30:00", "xA", "000007", "12.5%",
    )  # fmt: skip


def test_numbers_of_rows_are_those_of_the_spreadsheet_and_blank_ones_are_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([*ROWS, [], ["", " ", None], ["B", "Why", "u"]]))
    assert [(row.number, row.cells[0]) for row in found] == [(1, "reference"), (2, "A"), (5, "B")]


def test_a_formula_is_its_stored_result_or_a_named_problem(tmp_path: Path) -> None:
    cells = b'<c r="A3"><f>1+1</f><v>2</v></c><c r="B3"><f>A1</f></c><c r="C3" t="e"><v>#REF!</v></c>'
    content = changed(BOOK, in_sheet(b"</sheetData>", b'<row r="3">' + cells + b"</row></sheetData>"))
    row = read(tmp_path, content)[-1]
    assert row.cells == ("2", "", "#REF!")
    assert [(index, problem.code) for index, problem in row.problems] == [
        (1, "formula_without_value"),
        (2, "cell_error"),
    ]


def test_the_first_sheet_that_is_shown_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet().append(["shown"])
    written = io.BytesIO()
    book.save(written)
    assert [row.cells for row in read(tmp_path, written.getvalue())] == [("shown",)]


def test_a_size_that_the_file_claims_is_not_believed(tmp_path: Path) -> None:
    content = changed(BOOK, in_sheet(b'<dimension ref="A1:C2"', b'<dimension ref="A1:XFD1048576"'))
    assert len(read(tmp_path, content)) == 2


def _zip(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return written.getvalue()


def _stated(content: bytes, size: int) -> bytes:
    """The archive with another unpacked size stated for its first part."""
    place = content.index(b"PK\x01\x02") + 24
    return content[:place] + struct.pack("<I", size) + content[place + 4 :]


def _doctype(declared: bytes, used: bytes = b"") -> Callable[[str, bytes], bytes]:
    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        head, xml = (
            (b'<?xml version="1.0"?>', part.split(b"?>", 1)[-1]) if part.startswith(b"<?xml") else (b"", part)
        )
        return head + declared + xml.replace(b"Why", used or b"Why")

    return change


def _utf16(name: str, part: bytes) -> bytes:
    if name != "xl/worksheets/sheet1.xml":
        return part
    return ('<!DOCTYPE a [<!ENTITY b "c">]>' + part.decode().split("?>")[-1]).encode("utf-16")


LAUGHS = b"<!DOCTYPE a [<!ENTITY l0 'lol'>" + b"".join(
    b"<!ENTITY l%d '%s'>" % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 10)
)
BOMBS: dict[str, tuple[bytes, str]] = {
    "no archive": (b"PK", "no XLSX workbook"),
    "nothing": (b"", "no XLSX workbook"),
    "cut off": (BOOK[: len(BOOK) // 2], "no XLSX workbook"),
    "old format": (b"\xd0\xcf\x11\xe0" + b"\0" * 4096, "no XLSX workbook"),
    "text": (b"reference,reason,url\n", "no XLSX workbook"),
    "other archive": (_zip(word__document=b"<a/>"), "no XLSX workbook; send"),
    "workbook in an archive": (_zip(book_xlsx=BOOK), "send the workbook itself"),
    "archive of archives": (_zip(a_zip=_zip(b_zip=_zip(c=b"0" * 10**6))), "send the workbook itself"),
    "names twice": (changed(BOOK, added={"xl/worksheets/sheet1.xml": b"<worksheet/>"}), "same name"),
    "names twice in capitals": (
        changed(BOOK, added={"XL/Worksheets/SHEET1.xml": b"<worksheet/>"}),
        "same name",
    ),
    "names twice with other slashes": (changed(BOOK, added={"xl\\workbook.xml": b"<a/>"}), "same name"),
    "name leads up": (changed(BOOK, added={"../../etc/passwd": b"x"}), "lead elsewhere"),
    "name leads to the root": (changed(BOOK, added={"/etc/passwd": b"x"}), "lead elsewhere"),
    "too many parts": (changed(BOOK, added={f"p{number}": b"" for number in range(2001)}), "more parts"),
    "entities within each other": (changed(BOOK, _doctype(LAUGHS + b"]>", b"&l9;")), "entities"),
    "one long entity, often": (
        changed(BOOK, _doctype(b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 100_000 + b'">]>', b"&x;" * 10_000)),
        "entities",
    ),
    "file of the server": (
        changed(BOOK, _doctype(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', b"&x;")),
        "entities",
    ),
    "address of the network": (
        changed(BOOK, _doctype(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">')),
        "entities",
    ),
    "behind a long comment": (
        changed(BOOK, _doctype(b"<!--" + b"x" * 3_000_000 + b"--><!DOCTYPE a [<!ENTITY b 'c'>]>")),
        "entities",
    ),
    "in another encoding": (changed(BOOK, _utf16), "entities"),
    "unpacked size beyond all limits": (_stated(BOOK, 600 * 1024 * 1024), "too large unpacked"),
    "blanks, packed to nothing": (
        changed(BOOK, in_sheet(b"<sheetData>", b" " * 34_000_000 + b"<sheetData>")),
        "too large unpacked",
    ),
    "unpacked size that is not so": (_stated(BOOK, 5), "damaged"),
    "row beyond the last": (
        changed(BOOK, in_sheet(b'<row r="2"', b'<row r="1048577"')),
        "beyond the last",
    ),
    "row of ten million": (changed(BOOK, in_sheet(b'<row r="2"', b'<row r="10000000"')), "beyond the last"),
    "16384 columns": (changed(BOOK, in_sheet(b'r="C2"', b'r="XFD2"')), "1000 columns"),
    "million columns": (changed(BOOK, in_sheet(b'r="C2"', b'r="BDWGN2"')), "damaged"),
    "row without end": (
        changed(BOOK, in_sheet(b"</sheetData>", b"<c/>" * 1_000_000)),
        "damaged",
    ),
    "text that is not there": (
        changed(
            BOOK,
            in_sheet(
                b't="inlineStr"><is><t>https://video.example/a</t></is></c>', b't="s"><v>99999999</v></c>'
            ),
        ),
        "damaged",
    ),
    "depth": (changed(BOOK, in_sheet(b"<sheetData>", b"<a>" * 200_000 + b"<sheetData>")), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_no_spreadsheet_program_writes_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    content, said = BOMBS[name]
    with pytest.raises(InvalidInput, match=said):
        read(tmp_path, content)
