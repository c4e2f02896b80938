"""Exported rows as bytes: CSV that no spreadsheet program runs, and JSON Lines; each row as it comes."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from review.domain.canonical import canonical_json
from review.domain.uploaded_files import harmless


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a mark at its start; a cell that would act as a formula gets an apostrophe.

    Sentences stand in one cell, one behind the other.
    """
    yield b"\xef\xbb\xbf" + _csv_line(columns)
    for row in rows:
        yield _csv_line([harmless(_words(row[name])) for name in columns])


def json_lines(rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """One object a line, canonical JSON (RFC 8785); what is absent has no member."""
    for row in rows:
        yield canonical_json({name: value for name, value in row.items() if value != ""}) + b"\n"


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _csv_line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
