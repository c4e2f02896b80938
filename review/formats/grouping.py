"""Which rows belong together? Those of one reference, wherever they stand, in memory that the rows bound.

All rows go to a working file once; what is kept in memory is half of each reference's digest and the
places of its rows, some 20 MiB for 100 000 of them. Then the groups are read back, in the order of their
first rows.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO, Final

import orjson

from review.domain.file_rows import FileRow, RowGroup
from review.errors import FieldError, TooLarge

MOST_ROWS: Final = 100_000
MOST_ROW_BYTES: Final = 256 * 1024 * 1024
"""Bytes of all rows together, unpacked."""


def grouped(
    rows: Iterable[FileRow], working_file: BinaryIO, *, most: int = MOST_ROWS
) -> tuple[int, Iterator[RowGroup]]:
    """How many rows there are, and then their groups; a row that could not be read is a group of its own.

    ``working_file`` can be written and read. Raises `TooLarge` for more rows or bytes than a file may have.
    """
    places = Places(working_file, most=most)
    for row in rows:
        places.add(row)
    return places.count, places.groups()


class Places:
    """Where the rows of each reference lie in the working file."""

    def __init__(self, working_file: BinaryIO, *, most: int = MOST_ROWS) -> None:
        self._file = working_file
        self._most = most
        self._places: dict[bytes, list[int]] = {}
        self._length = 0
        self.count = 0

    def add(self, row: FileRow) -> None:
        """Write one more row; raises `TooLarge`."""
        self.count += 1
        self._length += len(row.body)
        if self.count > self._most:
            raise TooLarge(f"The file has more than {self._most} rows; send it in parts.")
        if self._length > MOST_ROW_BYTES:
            raise TooLarge(
                f"The rows have more than {MOST_ROW_BYTES // 1024 // 1024} MiB; send the file in parts."
            )
        alone = row.whole or row.members is None
        name = f"row {row.number}" if alone else f"of {row.members['reference']}"  # type: ignore[index]
        digest = sha256(name.encode("utf-8", "surrogatepass")).digest()[:16]
        self._places.setdefault(digest, []).append(self._file.tell())
        self._file.write(written_row(row) + b"\n")

    def groups(self) -> Iterator[RowGroup]:
        """The groups in the order of their first rows."""
        for found in self._places.values():
            yield RowGroup(tuple(self._rows(found)))

    def _rows(self, places: list[int]) -> Iterator[FileRow]:
        for place in places:
            self._file.seek(place)
            yield read_row(self._file.readline())


def written_row(row: FileRow) -> bytes:
    """One line of JSON with all of a row."""
    problems = [[error.pointer, error.code, error.detail] for error in row.problems]
    return orjson.dumps(
        [row.number, row.body.decode("latin-1"), row.members, list(row.cells), problems, row.whole]
    )


def read_row(line: bytes) -> FileRow:
    """The row behind a line of `written_row`."""
    number, body, members, cells, problems, whole = orjson.loads(line)
    errors = tuple(FieldError(*problem) for problem in problems)
    return FileRow(number, body.encode("latin-1"), members, tuple(cells), errors, whole)
