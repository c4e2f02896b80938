"""Which rows has this workbook? Asked of a process of its own, so that nothing hostile is unpacked here."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import orjson

import review
from review.errors import FieldError, InvalidInput, NotReady
from review.formats.tables import CellRow

WALL_SECONDS: Final = 300
READY: Final = b"ready\n"
LONGEST_ANSWER: Final = 16 * 1024 * 1024
_FROM_OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_FOLDER: Final = str(Path(review.__file__).parent.parent)
_COMMAND: Final = (sys.executable, "-s", "-P", "-m", "review.workbook_child")
# neither the settings nor the secrets of the desk; the child has looked for entities itself
_SURROUNDINGS: Final = {
    "PYTHONPATH": _FOLDER,
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENPYXL_LXML": "False",
    "OPENPYXL_DEFUSEDXML": "False",
    "OPENBLAS_NUM_THREADS": "1",
}
_SLOW: Final = "The workbook takes too long to read; send it in parts or as CSV."
_REASONS: Final = {
    "no_archive": "The file is no XLSX workbook, or it is damaged; save it again.",
    "no_workbook": "The file is an archive, but no XLSX workbook; send the workbook itself.",
    "no_sheet": "The workbook has no sheet that is shown.",
    "parts": "The workbook has more parts than a spreadsheet program writes; save it again.",
    "names_twice": "The workbook has two parts of the same name; save it again.",
    "names": "The workbook has parts whose names lead elsewhere; save it again.",
    "protected": "The workbook is protected by a password; save it without one.",
    "packing": "The workbook is packed in a way that no spreadsheet program uses; save it again.",
    "unpacked": "The workbook is too large unpacked; send it in parts or as CSV.",
    "entities": "The workbook declares entities, which no spreadsheet program does; save it again.",
    "memory": "The workbook needs too much memory to read; send it in parts or as CSV.",
    "output": "The workbook has too much text; send it in parts or as CSV.",
    "row_number": "The workbook has rows beyond the last one of a spreadsheet; save it again.",
    "rows": "The file has more than 100000 rows; send it in parts.",
    "columns": "A row has more than 1000 columns; send only those that we read.",
    "slow": _SLOW,
    "broken": "The workbook is damaged or cut off; save it again.",
}
_CELLS: Final = {
    "formula_without_value": "This cell holds a formula and no stored result; write the value itself.",
    "cell_error": "This cell shows an error of the spreadsheet; write the value itself.",
}
_ENDED: Final[dict[int, str]] = {signal.SIGXCPU: "slow", signal.SIGXFSZ: "output"}


class Reading:
    """A workbook that the child reads meanwhile; whoever began it closes it, which ends the child."""

    def __init__(self, path: Path) -> None:
        self._taken = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        with path.open("rb") as given:
            self._child = subprocess.Popen(
                _COMMAND,
                stdin=given,
                stdout=self._taken,
                stderr=subprocess.DEVNULL,
                env=_SURROUNDINGS,
                cwd="/",
            )
        self._until = time.monotonic() + WALL_SECONDS

    def wait(self, seconds: float | None = None) -> bool:
        """Wait so long at most for the child, or until its time is over; whether it has ended.

        Raises `InvalidInput` where its time is over.
        """
        left = self._until - time.monotonic()
        try:
            self._child.wait(max(0, left if seconds is None else min(seconds, left)))
        except subprocess.TimeoutExpired:
            if time.monotonic() >= self._until:
                raise InvalidInput(_SLOW) from None
            return False
        return True

    @property
    def ended(self) -> bool:
        """Whether the child has ended."""
        return self._child.poll() is not None

    def rows(self) -> Iterator[CellRow]:
        """The rows of the first shown sheet, the heading among them; blank ones are left out.

        Waits for the child. A row's bytes are its cells as one line of JSON. Raises `InvalidInput` that names
        why the workbook is refused, and `NotReady` where the reader could not do its work.
        """
        self.wait()
        self._taken.seek(0)
        code = self._child.returncode
        if not self._taken.readline(len(READY)).startswith(READY) or -code in _FROM_OUTSIDE:
            raise NotReady(
                "The workbook could not be read just now; it is tried again.", retry_after_seconds=5
            )
        return _rows(self._taken, code)

    def close(self) -> None:
        """End the child, if it still reads, and forget what it has read."""
        self._child.kill()
        self._child.wait()
        self._taken.close()


def _rows(taken: IO[bytes], code: int) -> Iterator[CellRow]:
    ended = False
    while line := taken.readline(LONGEST_ANSWER):
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if isinstance(entry, dict):
            if (reason := entry.get("refused")) is not None:
                raise InvalidInput(_REASONS.get(reason, _REASONS["broken"]))
            ended = True
            break
        yield _row(*entry)
    if not ended:
        reason = _ENDED.get(-code, "broken")
        raise InvalidInput(_REASONS[reason])


def _row(number: int, cells: list[str], problems: dict[str, str]) -> CellRow:
    found = tuple((int(index), FieldError("", reason, _CELLS[reason])) for index, reason in problems.items())
    return CellRow(number, orjson.dumps(cells) + b"\n", tuple(cells), found)
