"""The rows of a file that need fixing: on the page with each error in its cell, and as a table to correct."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from review.domain.categories import CATEGORIES, KEYWORDS
from review.domain.uploaded_files import harmless, rest_of
from review.errors import FieldError, NotFound
from review.file_jobs import KeptBadRow, read_bad_row
from review.formats.columns import ADDED, COLUMNS, column_of, normal_name
from review.web.problem_words import problem_words
from review.web.texts import Language, gettext, language

SHOWN = 50
LONGEST_CELL = 120
MARK = "\ufeff"
"""Tells spreadsheet programs that the letters are UTF-8."""
ALWAYS = ("reference", "url")
_LISTS = {"category": sorted(CATEGORIES), "keyword": sorted(KEYWORDS)}


@dataclass(frozen=True)
class ShownCell:
    """One cell as it stands in the file, and what is wrong with it."""

    text: str
    errors: tuple[str, ...]


@dataclass(frozen=True)
class ShownRow:
    """One row: its number, its cells by column, and what is wrong with the row as a whole."""

    number: int
    cells: dict[str, ShownCell]
    errors: tuple[str, ...]


@dataclass(frozen=True)
class ShownRows:
    """Some rows, the columns that they show, and where the next ones begin; None at the end."""

    rows: tuple[ShownRow, ...]
    columns: tuple[str, ...]
    next: int | None


def shown_rows(path: Path, columns: Sequence[str | None], *, begin: int) -> ShownRows:
    """The rows from that place of the working file on; raises `NotFound` where no row begins there."""
    kept: list[KeptBadRow] = []
    with path.open("rb") as file:
        if begin:
            file.seek(begin - 1)
            if file.read(1) != b"\n":
                raise NotFound()
        while len(kept) < SHOWN and (line := file.readline()):
            kept.append(read_bad_row(line))
        place = file.tell()
        following = place if file.read(1) else None
    blamed = {column_of(error.pointer) for bad in kept for error in bad.errors}
    shown = tuple(name for name in COLUMNS if name in blamed or (name in ALWAYS and name in columns))
    return ShownRows(tuple(_shown(bad, columns, shown) for bad in kept), shown, following)


def _shown(bad: KeptBadRow, columns: Sequence[str | None], shown: Sequence[str]) -> ShownRow:
    cells = {}
    for name in shown:
        text = _cell(bad, columns, name)
        errors = tuple(_words(error, text) for error in bad.errors if column_of(error.pointer) == name)
        cells[name] = ShownCell(text[:LONGEST_CELL], errors)
    whole = tuple(_words(error, "") for error in bad.errors if column_of(error.pointer) is None)
    return ShownRow(bad.row.number, cells, whole)


def _cell(bad: KeptBadRow, columns: Sequence[str | None], name: str) -> str:
    if name in columns:
        index = list(columns).index(name)
        return bad.row.cells[index] if index < len(bad.row.cells) else ""
    if name == "reference":
        return bad.reference or ""
    items = (bad.row.members or {}).get("items")
    first = items[0] if name == "url" and isinstance(items, list) and items else None
    url = first.get("url") if isinstance(first, dict) else None
    return url if isinstance(url, str) else ""


def _words(error: FieldError, text: str, own: Language | None = None) -> str:
    """The remedy, with the name that was likely meant where it is one of a list."""
    detail = problem_words(error.detail, own=own)
    listed = _LISTS.get(column_of(error.pointer) or "")
    near = get_close_matches(text.strip().upper(), listed, n=1, cutoff=0.6) if listed else []
    if error.code != "not_in_list" or not near:
        return detail
    return f"{detail} {gettext('Did you mean %(name)s?', name=near[0])}"


def corrections(path: Path, names: Sequence[str] | None, columns: Sequence[str | None]) -> Iterator[str]:
    """All rows that need fixing as CSV: the columns of the file, the number of the row, and its errors.

    No cell can be taken for a formula. Where other rows of a reference are good, the reference is that of
    the rest, because the other name is taken. Lines without columns come as they stand.
    """
    return _corrections(path, names, columns, language())  # the pieces are made when the request is over


def _corrections(
    path: Path, names: Sequence[str] | None, columns: Sequence[str | None], own: Language
) -> Iterator[str]:
    headings = tuple(names or ("content",))
    kept = [index for index, name in enumerate(headings) if normal_name(name) not in ADDED]
    place = list(columns).index("reference") if "reference" in columns else None
    yield MARK + _written([*(headings[index] for index in kept), *ADDED])
    with path.open("rb") as file:
        for line in file:
            bad = read_bad_row(line)
            cells = list(bad.row.cells) if names else [bad.row.body.decode("utf-8", "replace")]
            cells += [""] * (len(headings) - len(cells))
            if bad.rest and place is not None and cells[place].strip():
                cells[place] = rest_of(cells[place].strip())
            said = " ".join(
                f"{column_of(error.pointer) or ''}: {_words(error, '', own)}".lstrip(": ")
                for error in bad.errors
            )
            yield _written([*(cells[index] for index in kept), str(bad.row.number), said])


def _written(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return line.getvalue()
