"""The process that reads a workbook (XLSX) on standard input; its rows are lines of JSON on standard output.

Each file gets a process of its own, which gives up memory, time, files and other processes before it reads a
byte, as `review.media_child` does. This is the only module that imports readers of workbooks; nothing imports
it. A line is ``[number, cells, {index of a cell: code}]``, the last one ``{"rows": n}`` or
``{"refused": code}``.
"""

import codecs
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import repeat
from typing import IO, Any, Final
from xml.parsers import expat

import openpyxl
from openpyxl.utils.escape import unescape

READY: Final = b"ready\n"
MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_SECONDS: Final = 150
OUTPUT_BYTES: Final = 320 * 1024 * 1024
UNPACKED_BYTES: Final = 512 * 1024 * 1024
USUAL_BYTES: Final = 32 * 1024 * 1024
MOST_RATIO: Final = 100
"""Beyond the usual size so much of a workbook may be packing; a sheet of words is packed to a tenth or so."""
MOST_PARTS: Final = 2_000
MOST_ROWS: Final = 100_001
MOST_ROW_NUMBER: Final = 1_048_576
"""The last row that a spreadsheet has."""
MOST_CELLS: Final = 1_000
"""Cells of one row that are passed on; a table of ours has far fewer."""
_LIMITS: Final = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: OUTPUT_BYTES,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_NOFILE: 0,  # those that are open stay open
}
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ZEROS: Final = re.compile("0{2,40}")
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE: Final = 1024 * 1024


class Refused(Exception):
    """The workbook is not read; the text is the code of the reason."""


def main() -> None:
    """Read what stands on standard input."""
    codecs.lookup("cp437")  # what names in archives are written in; nothing can be imported later
    codecs.lookup("utf-16")
    _warm_up()
    for limit, most in _LIMITS.items():
        hard = most + 1 if limit == resource.RLIMIT_CPU else most
        resource.setrlimit(limit, (most, hard))
    output = sys.stdout.buffer
    output.write(READY)
    output.flush()
    try:
        end: dict[str, Any] = {"rows": _copy_rows(sys.stdin.buffer, output)}
    except Refused as reason:
        end = {"refused": str(reason)}
    except MemoryError:
        end = {"refused": "memory"}
    except Exception:  # whatever a reader raises about a stranger's bytes means the same
        end = {"refused": "broken"}
    output.write(json.dumps(end).encode() + b"\n")
    output.flush()


def _warm_up() -> None:
    """Let the library import what it imports at need."""
    written = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["a", 1, date(2019, 11, 21), "=1"])
    book.save(written)
    written.seek(0)
    _copy_rows(written, io.BytesIO())


def _copy_rows(source: IO[bytes], output: IO[bytes]) -> int:
    formulas = _check_archive(source)
    values = openpyxl.load_workbook(source, read_only=True, data_only=True, keep_links=False)
    written = openpyxl.load_workbook(source, read_only=True, keep_links=False) if formulas else None
    rows = 0
    for number, cells, asked in _rows(values, written):
        if number > MOST_ROW_NUMBER:
            raise Refused("row_number")
        texts, problems = _read_cells(cells, asked)
        if not problems and not any(text.strip() for text in texts):
            continue
        rows += 1
        if rows > MOST_ROWS:
            raise Refused("rows")
        output.write(json.dumps([number, texts, problems]).encode() + b"\n")
    return rows


def _check_archive(source: IO[bytes]) -> bool:
    """Refuse what no spreadsheet program writes; whether any sheet has formulas."""
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        raise Refused("no_archive") from None
    with archive:
        parts = archive.infolist()
        names = [part.filename.lower().replace("\\", "/") for part in parts]
        if len(parts) > MOST_PARTS:
            raise Refused("parts")
        if len(set(names)) < len(names):
            raise Refused("names_twice")
        if any(name.startswith("/") or ".." in name.split("/") or "\0" in name for name in names):
            raise Refused("names")
        if any(part.flag_bits & 0x41 for part in parts):
            raise Refused("protected")
        if any(part.compress_type not in _METHODS for part in parts):
            raise Refused("packing")
        unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
        if unpacked > UNPACKED_BYTES or (unpacked > USUAL_BYTES and unpacked > packed * MOST_RATIO):
            raise Refused("unpacked")
        if "xl/workbook.xml" not in names or "[content_types].xml" not in names:
            raise Refused("no_workbook")
        sheets = [part for part in parts if part.filename.lower().startswith("xl/worksheets/")]
        _check_prologs(archive, parts)
        return any(_has_formula(archive, part) for part in sheets)


def _check_prologs(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """No part may declare a document type: no spreadsheet program does, and all entities begin there.

    Read by the parser that reads it afterwards, up to the first element, so that neither an encoding nor a
    long comment hides one. (The guarded parsers of other libraries are several times as slow.)
    """
    for part in parts:
        prolog = _Prolog()
        with archive.open(part) as opened:
            while not prolog.ended and (piece := opened.read(_PIECE)):
                prolog.read(piece)


class _Prolog:
    """What stands before the first element; ``ended`` there, or where it is no XML at all."""

    def __init__(self) -> None:
        self.ended = False
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._declared
        self._parser.StartElementHandler = self._begun

    def read(self, piece: bytes) -> None:
        """Go on; raises `Refused` for a document type."""
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError:
            self.ended = True

    def _declared(self, *_details: Any) -> None:
        raise Refused("entities")

    def _begun(self, *_details: Any) -> None:
        self.ended = True
        self._parser.StartDoctypeDeclHandler = None
        self._parser.StartElementHandler = None


def _has_formula(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as opened:
        kept = b""
        while piece := opened.read(_PIECE):
            if _FORMULA.search(kept + piece):
                return True
            kept = piece[-64:]
    return False


def _rows(values: Any, written: Any) -> Iterator[tuple[int, Any, Any]]:
    """The rows of the first sheet that is shown, with the same rows as formulas where there are any."""
    sheet = next((one for one in values.worksheets if one.sheet_state == "visible"), None)
    if sheet is None:
        raise Refused("no_sheet")
    sheet.reset_dimensions()  # what the file says of its own size need not be so
    asked: Any = repeat(())
    if written is not None:
        twin = written[sheet.title]
        twin.reset_dimensions()
        asked = twin.iter_rows()
    yield from ((number, *pair) for number, pair in enumerate(zip(sheet.iter_rows(), asked, strict=False), 1))


def _read_cells(cells: Any, asked: Any) -> tuple[list[str], dict[int, str]]:
    if len(cells) > MOST_CELLS and any(cell.value is not None for cell in cells[MOST_CELLS:]):
        raise Refused("columns")
    texts, problems = [], {}
    for index, cell in enumerate(cells[:MOST_CELLS]):
        formula = index < len(asked) and asked[index].data_type == "f"
        if cell.value is None and formula:
            problems[index] = "formula_without_value"
        elif cell.value is not None and cell.data_type == "e":
            problems[index] = "cell_error"
        texts.append(shown(cell))
    while texts and not texts[-1] and len(texts) - 1 not in problems:
        texts.pop()
    return texts, problems


def shown(cell: Any) -> str:
    """The text that a person saw in the cell, as far as it can be told without drawing it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape(value) if "_x" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    return _number(value, cell.number_format or "")


def _number(value: Any, pattern: str) -> str:
    if pattern.endswith("%"):
        return f"{value * 100:.15g}%"
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, int):
        text = str(value)
    return text.zfill(len(pattern)) if _ZEROS.fullmatch(pattern) else text


if __name__ == "__main__":
    main()
