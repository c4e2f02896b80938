"""Which rows has this file, whatever its kind? CSV, XLSX, NDJSON and X-ARF give the same stream of rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final

from review.domain.file_rows import FileRow
from review.domain.uploaded_files import as_written
from review.errors import FieldError, InvalidInput, NotStrictJson
from review.formats.columns import (
    ADDED,
    CONTENT,
    Columns,
    check_columns,
    check_header,
    members_of,
    normal_name,
)
from review.formats.ndjson import LONGEST_LINE, Line, Unpacked, read_lines
from review.formats.places import at_line
from review.formats.strict_json import parse_object
from review.formats.tables import CellRow, Table
from review.formats.xarf import is_report, members_of_report
from review.workbooks import Reading

LONGEST_DOCUMENT: Final = 16 * 1024 * 1024
"""Bytes of a file that is one JSON document, as of a single referral."""
SAMPLED_ROWS: Final = 20
MOST_SAMPLES: Final = 3
LONGEST_SAMPLE: Final = 60
"""Characters of a cell that are shown to say what its column is."""


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


@dataclass(frozen=True)
class Sheet:
    """A file that is open: its headings and their bytes (none where it has no columns), and its rows.

    A table of lines that needed fixing has no columns either: its rows are the lines. ``samples`` are of
    each column the first cells that say something, each once and cut.
    """

    names: tuple[str, ...]
    header: bytes | None
    rows: Callable[[Columns], Iterator[FileRow]]
    samples: tuple[tuple[str, ...], ...] = ()


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
            first = next(rows, None)
            yield _with_columns(first.cells if first else (), first.body if first else b"", rows)
            return
        stream = opened.enter_context(path.open("rb"))
        if kind is FileKind.TABLE:
            table = Table(stream, on_progress)
            opened.callback(table.close)
            yield _with_columns(table.names, table.header, table.rows())
            return
        yield Sheet((), None, lambda _columns: _json_rows(stream, kind, on_progress))


def _with_columns(names: tuple[str, ...], header: bytes, rows: Iterator[CellRow]) -> Sheet:
    check_header(names)
    place = _place_of_lines(names)
    if place is not None:
        return Sheet((), None, lambda _columns: _lines_in(rows, place))
    first = list(islice(rows, SAMPLED_ROWS))
    return Sheet(
        names, header, lambda columns: _rows(chain(first, rows), names, columns), _samples(first, names)
    )


def _samples(rows: Sequence[CellRow], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    found: list[dict[str, None]] = [{} for _name in names]
    for row in rows:
        for said, cell in zip(found, row.cells, strict=False):
            text = " ".join(cell.split())
            if text and len(said) < MOST_SAMPLES:
                said[text if len(text) <= LONGEST_SAMPLE else f"{text[: LONGEST_SAMPLE - 1]}…"] = None
    return tuple(map(tuple, found))


def _place_of_lines(names: tuple[str, ...]) -> int | None:
    """Where the lines stand in a table that was made of bad ones, known by its headings alone."""
    normal = [normal_name(name) for name in names]
    return normal.index(CONTENT) if [name for name in normal if name not in ADDED] == [CONTENT] else None


def _lines_in(rows: Iterator[CellRow], place: int) -> Iterator[FileRow]:
    """The line in each row, under the row's number in the table that was corrected."""
    for row in rows:
        problems = tuple(problem for index, problem in row.problems if index in (None, place))
        if problems:
            yield FileRow(row.number, row.body, None, (), problems, True)
            continue
        cell = as_written(row.cells[place]) if place < len(row.cells) else ""
        body = cell.encode("utf-8")
        yield _line(Line(row.number, body if len(body) <= LONGEST_LINE else None))


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
        yield _line(line, of_file=True)


def _document(whole: bytes) -> FileRow | None:
    """A file that is one JSON object; None for anything else, which is read line by line."""
    try:
        parse_object(whole)
    except NotStrictJson:
        return None
    return _line(Line(1, whole))


def _line(line: Line, *, of_file: bool = False) -> FileRow:
    """The row that a line is; ``of_file``: its number is that of a line of the file."""
    if line.body is None:
        detail = f"This line is longer than {LONGEST_LINE // 1024 // 1024} MiB; send it as a single referral."
        return FileRow(line.number, b"", None, (), (FieldError("", "line_too_long", detail),), True)
    try:
        return FileRow(line.number, line.body, members_of_line(line.body), whole=True)
    except NotStrictJson as error:
        detail = at_line(error.detail, line.number) if of_file else error.detail
        problem = FieldError("", error.code, detail)
    except ValueError as error:
        problem = FieldError("/xarf_version", "not_in_list", str(error))
    return FileRow(line.number, line.body, None, (), (problem,), True)


def members_of_line(body: bytes) -> dict[str, object]:
    """The members of a referral that is ours or an X-ARF report.

    Raises `NotStrictJson`, or ``ValueError`` for an X-ARF report of another version than 4.
    """
    members = parse_object(body)
    return members_of_report(members) if is_report(members) else members
