"""Which rows has this file, whatever its kind? CSV, XLSX, NDJSON and X-ARF give the same stream of rows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from review.domain.file_rows import FileRow
from review.domain.uploaded_files import as_written
from review.errors import FieldError, InvalidInput, NotStrictJson
from review.formats.columns import ADDED, Columns, check_columns, check_header, members_of, normal_name
from review.formats.ndjson import LONGEST_LINE, Line, Unpacked, read_lines
from review.formats.strict_json import parse_object
from review.formats.tables import CellRow, Table
from review.formats.xarf import is_report, members_of_report
from review.workbooks import Reading

LONGEST_DOCUMENT: Final = 16 * 1024 * 1024
"""Bytes of a file that is one JSON document, as of a single referral."""


class FileKind(StrEnum):
    """How a file is read; the first two have columns."""

    TABLE = "table"
    WORKBOOK = "workbook"
    LINES = "lines"
    PACKED_LINES = "packed_lines"
    DOCUMENT = "document"


_ENDINGS: Final = {
    ".csv": FileKind.TABLE,
    ".tsv": FileKind.TABLE,
    ".txt": FileKind.TABLE,
    ".xlsx": FileKind.WORKBOOK,
    ".ndjson": FileKind.LINES,
    ".jsonl": FileKind.LINES,
    ".ndjson.gz": FileKind.PACKED_LINES,
    ".jsonl.gz": FileKind.PACKED_LINES,
    ".json": FileKind.DOCUMENT,
}
ENDINGS: Final = tuple(_ENDINGS)
WITH_COLUMNS: Final = frozenset({FileKind.TABLE, FileKind.WORKBOOK})


@dataclass(frozen=True)
class Sheet:
    """A file that is open: its headings and their bytes (none where it has no columns), and its rows."""

    names: tuple[str, ...]
    header: bytes | None
    rows: Callable[[Columns], Iterator[FileRow]]


def kind_of(name: str) -> FileKind:
    """How a file of this name is read; raises `InvalidInput` that says which names can be."""
    lowered = name.lower()
    for ending in sorted(_ENDINGS, key=len, reverse=True):
        if lowered.endswith(ending):
            return _ENDINGS[ending]
    raise InvalidInput(f"The name must end in one of: {', '.join(ENDINGS)}.")


@contextmanager
def reading_of(path: Path, kind: FileKind) -> Iterator[Reading | None]:
    """Begin to read what a child reads, so that other work goes on meanwhile; None for other kinds."""
    if kind is not FileKind.WORKBOOK:
        yield None
        return
    with closing(Reading(path)) as reading:
        yield reading


@contextmanager
def open_sheet(
    path: Path,
    kind: FileKind,
    on_progress: Callable[[int], None] = lambda _bytes: None,
    reading: Reading | None = None,
) -> Iterator[Sheet]:
    """Open a file to read its rows once; ``on_progress`` hears of bytes that were read.

    ``reading``: what `reading_of` has begun.

    Raises `InvalidInput` for what cannot be read as its kind, `StreamBroken` (also from the rows) where it
    breaks off, and `NotReady` where the reader of workbooks could not do its work.
    """
    with ExitStack() as opened:
        if kind is FileKind.WORKBOOK:
            rows = (reading or opened.enter_context(closing(Reading(path)))).rows()
            on_progress(path.stat().st_size)
            yield _with_columns(next(rows, None), rows)
            return
        stream = opened.enter_context(path.open("rb"))
        if kind is FileKind.TABLE:
            table = Table(stream, on_progress)
            opened.callback(table.close)
            check_header(table.names)
            yield Sheet(table.names, table.header, lambda columns: _rows(table.rows(), table.names, columns))
            return
        yield Sheet((), None, lambda _columns: _json_rows(stream, kind, on_progress))


def _with_columns(first: CellRow | None, rows: Iterator[CellRow]) -> Sheet:
    names = () if first is None else first.cells
    check_header(names)
    assert first is not None
    return Sheet(names, first.body, lambda columns: _rows(rows, names, columns))


def _rows(rows: Iterator[CellRow], names: tuple[str, ...], columns: Columns) -> Iterator[FileRow]:
    check_columns(names, columns)
    corrected = set(ADDED) <= {normal_name(name) for name in names}
    for row in rows:
        cells = tuple(map(as_written, row.cells)) if corrected else row.cells
        problems = tuple(_placed(index, problem, columns) for index, problem in row.problems)
        readable = not any(index is None for index, _problem in row.problems)
        members = members_of(columns, cells) if readable else None
        yield FileRow(row.number, row.body, members, cells, tuple(found for found in problems if found))


def _placed(index: int | None, problem: FieldError, columns: Columns) -> FieldError | None:
    """The problem of a cell at the member that its column is; none for a column that is left out."""
    if index is None:
        return problem
    column = columns[index] if index < len(columns) else ""
    return None if column is None else FieldError(pointer_of(column), problem.code, problem.detail)


def pointer_of(column: str) -> str:
    """Where the member of a column stands in a referral of one item; blank for no column."""
    if column.startswith("contact_"):
        return f"/contact/{column.removeprefix('contact_')}"
    if column in ("url", "content_type", "language", "published_at", "sha256", "description"):
        return f"/items/0/{column}"
    return f"/{column}" if column else ""


def _json_rows(stream: BinaryIO, kind: FileKind, on_progress: Callable[[int], None]) -> Iterator[FileRow]:
    if kind is FileKind.DOCUMENT:
        whole = stream.read(LONGEST_DOCUMENT + 1)
        if len(whole) <= LONGEST_DOCUMENT and (row := _document(whole)) is not None:
            on_progress(len(whole))
            yield row
            return
        stream.seek(0)

    def read(size: int) -> bytes:
        piece = stream.read(size)
        on_progress(len(piece))
        return piece

    unpacked = Unpacked(read).read if kind is FileKind.PACKED_LINES else read
    for line in read_lines(unpacked):
        yield _line(line)


def _document(whole: bytes) -> FileRow | None:
    """A file that is one JSON object; None for anything else, which is read line by line."""
    try:
        parse_object(whole)
    except NotStrictJson:
        return None
    return _line(Line(1, whole))


def _line(line: Line) -> FileRow:
    if line.body is None:
        detail = f"This line is longer than {LONGEST_LINE // 1024 // 1024} MiB; send it as a single referral."
        return FileRow(line.number, b"", None, (), (FieldError("", "line_too_long", detail),), True)
    try:
        return FileRow(line.number, line.body, members_of_line(line.body), whole=True)
    except NotStrictJson as error:
        problem = FieldError("", error.code, error.detail)
    except ValueError as error:
        problem = FieldError("/xarf_version", "not_in_list", str(error))
    return FileRow(line.number, line.body, None, (), (problem,), True)


def members_of_line(body: bytes) -> dict[str, object]:
    """The members of a referral that is ours or an X-ARF report.

    Raises `NotStrictJson`, or ``ValueError`` for an X-ARF report of another version than 4.
    """
    members = parse_object(body)
    return members_of_report(members) if is_report(members) else members
