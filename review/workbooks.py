"""Which rows has this workbook? Asked of a process of its own, so that nothing hostile is unpacked here."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def workbook_rows(path: Path) -> Iterator[Iterator[CellRow]]:
    """The rows of the first shown sheet, the heading among them; blank ones are left out.

    A row's bytes are its cells as one line of JSON. Raises `InvalidInput` that names why the workbook is
    refused, and `NotReady` where the reader could not do its work.
    """
    with tempfile.TemporaryFile() as taken:
        with path.open("rb") as given:
            code = _read(given, taken)
        taken.seek(0)
        if not taken.readline(len(READY)).startswith(READY) or -code in _FROM_OUTSIDE:
            raise NotReady(
                "The workbook could not be read just now; it is tried again.", retry_after_seconds=5
            )
        yield _rows(taken, code)


def _read(given: IO[bytes], taken: IO[bytes]) -> int:
    try:
        done = subprocess.run(
            _COMMAND,
            stdin=given,
            stdout=taken,
            stderr=subprocess.DEVNULL,
            env=_SURROUNDINGS,
            cwd="/",
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidInput(_SLOW) from None
    return done.returncode


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
