"""Workbooks for tests: as a spreadsheet program writes them, and as only an attacker does."""

import io
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    """One sheet with these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def make_workbook(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """The same as a file."""
    path.write_bytes(workbook(rows))


def _same(_name: str, part: bytes) -> bytes:
    return part


def changed(
    content: bytes,
    change: Callable[[str, bytes], bytes] = _same,
    *,
    added: Mapping[str, bytes] | None = None,
) -> bytes:
    """The workbook with its parts changed and more of them added."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice is what some of them are about
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as taken:
            for part in source.infolist():
                taken.writestr(part.filename, change(part.filename, source.read(part)))
            for name, more in (added or {}).items():
                taken.writestr(name, more)
    return written.getvalue()


def in_sheet(before: bytes, after: bytes) -> Callable[[str, bytes], bytes]:
    """A change of the first sheet's XML."""

    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        assert before in part, part[:2000]
        return part.replace(before, after, 1)

    return change
