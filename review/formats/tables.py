"""Which rows has this table? CSV with commas, semicolons or tabs, in UTF-8 or UTF-16, with its bytes kept."""

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO, Final

from review.errors import FieldError, InvalidInput
from review.formats.ndjson import LONGEST_LINE, StreamBroken

_DELIMITERS: Final = (",", ";", "\t")
_MARKS: Final = {
    codecs.BOM_UTF8: ("utf-8", "surrogateescape"),
    codecs.BOM_UTF16_LE: ("utf-16-le", "surrogatepass"),
    codecs.BOM_UTF16_BE: ("utf-16-be", "surrogatepass"),
}
_LOOKED_AT: Final = 4096
_PIECE: Final = 1024 * 1024
_LETTER: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEGUN: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")
"""A letter that may go on in the next piece."""
_ASCII: Final = bytes(range(128))
_ENOUGH: Final = 1_000
_DAMAGED: Final = 10
"""Bytes that are no UTF-8 for each letter that is: with more it is another code page, with fewer damage."""
NOT_TEXT: Final = FieldError(
    "", "not_text", "This row is not UTF-8 text without U+0000; save the table as UTF-8."
)


@dataclass(frozen=True, slots=True)
class CellRow:
    """One row of any table: its number as a spreadsheet shows it, its bytes, its cells as text.

    ``problems``: why the row, or one of its cells by index, cannot be read.
    """

    number: int
    body: bytes
    cells: tuple[str, ...]
    problems: tuple[tuple[int | None, FieldError], ...] = ()


class Table:
    """A CSV file (RFC 4180) with a header row; ``names`` are its headings, ``header`` their bytes.

    Lines end in LF, CR LF or CR, also mixed. Raises `InvalidInput` for what is no text, and closes
    ``stream`` with itself.
    """

    def __init__(self, stream: BinaryIO, on_progress: Callable[[int], None] = lambda _bytes: None) -> None:
        self._encoding, self._errors = _encoding_of(stream)
        self._text = TextIOWrapper(stream, self._encoding, errors=self._errors, newline="")
        self._on_progress = on_progress
        self._taken: list[str] = []
        self._number = 0
        csv.field_size_limit(LONGEST_LINE)
        first = self._line()
        if first.rstrip("\r\n").lower() in ("sep=,", "sep=;", "sep=\t"):
            first = self._line()  # what a spreadsheet never shows as a row
        delimiter = max(_DELIMITERS, key=first.count)
        self._reader = csv.reader(self._lines(first), delimiter=delimiter, strict=True)
        heading = self._next()
        self.names = heading.cells if heading else ()
        self.header = heading.body if heading else b""

    def _line(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE)
        except UnicodeDecodeError:
            raise StreamBroken(f"row {self._number or 1} is cut off in the middle of a letter") from None
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise StreamBroken(f"row {self._number or 1} is longer than {LONGEST_LINE // 1024 // 1024} MiB")
        return line

    def _lines(self, first: str) -> Iterator[str]:
        line = first
        while line:
            self._taken.append(line)
            yield line
            line = self._line()

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._encoding, self._errors)

    def _next(self) -> CellRow | None:
        self._number += 1
        self._taken.clear()
        try:
            cells = next(self._reader, None)
        except csv.Error:
            raise StreamBroken(
                f"row {self._number} has a quoted cell that does not end as it should"
            ) from None
        body = self._bytes("".join(self._taken))
        self._on_progress(len(body))
        if cells is None:
            return None
        if any("\0" in cell or not _is_text(cell) for cell in cells):
            shown = tuple(cell.encode("utf-8", "replace").decode().replace("\0", "\ufffd") for cell in cells)
            return CellRow(self._number, body, shown, ((None, NOT_TEXT),))
        return CellRow(self._number, body, tuple(cells))

    def rows(self) -> Iterator[CellRow]:
        """The rows below the header, blank ones left out; raises `StreamBroken` where a cell never ends."""
        while (row := self._next()) is not None:
            if any(cell.strip() for cell in row.cells):
                yield row

    def close(self) -> None:
        """Close the file behind it."""
        self._text.close()


def _encoding_of(stream: BinaryIO) -> tuple[str, str]:
    """What the mark at the beginning says, which is taken off; UTF-8 without one. Raises `InvalidInput`."""
    begin = stream.read(_LOOKED_AT)
    if begin.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InvalidInput("The file is UTF-32; save the table as UTF-8.")
    for mark, found in _MARKS.items():
        if begin.startswith(mark):
            stream.seek(len(mark))
            return found
    stream.seek(0)
    if begin[:4] == b"PK\x03\x04" or begin[:4] == b"\xd0\xcf\x11\xe0":
        raise InvalidInput(
            "The file is a workbook or an archive, not a CSV file; name it .xlsx or save it as CSV."
        )
    if begin[1:2] == b"\0" or begin[:1] == b"\0":
        raise InvalidInput(
            "The file is no UTF-8 text, perhaps UTF-16 without a mark; save the table as UTF-8."
        )
    _check_letters(stream)
    stream.seek(0)
    return "utf-8", "surrogateescape"


def _check_letters(stream: BinaryIO) -> None:
    """Raise `InvalidInput` for another code page, which would be told of each row otherwise."""
    letters = strays = 0
    for piece in _pieces(stream):
        if letters + strays >= _ENOUGH:
            break
        if piece.isascii():
            continue
        rest, found = _LETTER.subn(b"", piece)
        letters += found
        strays += len(rest.translate(None, _ASCII))
    if strays > _DAMAGED * letters:
        raise InvalidInput(
            "The file is not UTF-8 or UTF-16, so its letters cannot be read; save it as CSV UTF-8 or as XLSX "
            "and send that."
        )


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The file piece by piece, none of which ends within a letter."""
    begun = b""
    while read := stream.read(_PIECE):
        piece = begun + read
        found = _BEGUN.search(piece[-3:])
        begun = found[0] if found else b""
        yield piece[: len(piece) - len(begun)]
    yield begun


def _is_text(cell: str) -> bool:
    return cell.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in cell)
