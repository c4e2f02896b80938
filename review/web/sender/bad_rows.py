"""The rows of a file that need fixing: on the page with each error in its cell, and as a table to correct."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from review.domain.categories import CATEGORIES, KEYWORDS
from review.domain.uploaded_files import harmless, rest_of
from review.errors import FieldError, NotFound
from review.file_jobs import KeptBadRow, read_bad_row
from review.formats.columns import ADDED, COLUMNS, CONTENT, column_of, normal_name
from review.formats.places import members_written, name_of, place_of, value_at
from review.sheets import pointer_of
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
    """What stands at one place of the file, and what is wrong with it; no ``text`` where nobody knows."""

    text: str | None
    errors: tuple[str, ...]


@dataclass(frozen=True)
class ShownRow:
    """One row: its number, its cells by column (several where items differ), and the row as a whole."""

    number: int
    cells: dict[str, tuple[ShownCell, ...]]
    whole: ShownCell


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
    shown = tuple(
        name for name in COLUMNS if name in blamed or (name in ALWAYS and (name in columns or not columns))
    )
    return ShownRows(tuple(_shown(bad, columns, shown) for bad in kept), shown, following)


def _shown(bad: KeptBadRow, columns: Sequence[str | None], shown: Sequence[str]) -> ShownRow:
    if bad.row.whole:
        return _shown_line(bad, shown)
    cells: dict[str, tuple[ShownCell, ...]] = {}
    for name in shown:
        text = _cell(bad, columns, name)
        errors = tuple(_words(error, text) for error in bad.errors if column_of(error.pointer) == name)
        cells[name] = (ShownCell(text[:LONGEST_CELL], errors),)
    whole = tuple(_words(error, "") for error in bad.errors if column_of(error.pointer) is None)
    return ShownRow(bad.row.number, cells, ShownCell(None, whole))


def _cell(bad: KeptBadRow, columns: Sequence[str | None], name: str) -> str:
    if name in columns:
        index = list(columns).index(name)
        return bad.row.cells[index] if index < len(bad.row.cells) else ""
    return (bad.reference or "") if name == "reference" else ""


def _shown_line(bad: KeptBadRow, shown: Sequence[str]) -> ShownRow:
    """A line with the values and names of its members as it has them; of one that is no JSON, the text."""
    members = members_written(bad.row.body)
    if members is None:
        told = tuple(_words(error, "") for error in bad.errors)
        begun = _line_of(bad).strip()[:LONGEST_CELL] or None
        return ShownRow(bad.row.number, dict.fromkeys(shown, (ShownCell(None, ()),)), ShownCell(begun, told))
    cells = {}
    for name in shown:
        blamed = [error for error in bad.errors if column_of(error.pointer) == name]
        cells[name] = _at_places(members, pointer_of(name), blamed)
    whole = [error for error in bad.errors if column_of(error.pointer) is None]
    return ShownRow(bad.row.number, cells, ShownCell(None, tuple(_named(one, members) for one in whole)))


def _at_places(members: Mapping[str, Any], usual: str, errors: Sequence[FieldError]) -> tuple[ShownCell, ...]:
    """What stands at each place that an error blames, or at the usual one where there is none."""
    by_place: dict[str, list[FieldError]] = {} if errors else {place_of(usual, members): []}
    for error in errors:
        by_place.setdefault(place_of(error.pointer, members), []).append(error)
    cells = []
    for place, here in by_place.items():
        text = value_at(place, members)
        cells.append(ShownCell(text[:LONGEST_CELL], tuple(_named(error, members, text) for error in here)))
    return tuple(cells)


def _named(error: FieldError, members: Mapping[str, Any], text: str = "", own: Language | None = None) -> str:
    """What is wrong, behind the name that the file has for the member."""
    name = name_of(place_of(error.pointer, members))
    words = _words(error, text, own)
    return f"{name}: {words}" if name else words


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
    headings = tuple(names or (CONTENT,))
    kept = [index for index, name in enumerate(headings) if normal_name(name) not in ADDED]
    named = {column: headings[index].strip() for index, column in enumerate(columns) if column}
    place = list(columns).index("reference") if "reference" in columns else None
    yield MARK + _written([*(headings[index] for index in kept), *ADDED])
    with path.open("rb") as file:
        for line in file:
            bad = read_bad_row(line)
            cells = list(bad.row.cells) if names else [_line_of(bad)]
            cells += [""] * (len(headings) - len(cells))
            if bad.rest and place is not None and cells[place].strip():
                cells[place] = rest_of(cells[place].strip())
            said = " ".join(_told(bad, error, named, own) for error in bad.errors)
            yield _written([*(cells[index] for index in kept), str(bad.row.number), said])


def _told(bad: KeptBadRow, error: FieldError, headings: Mapping[str, str], own: Language) -> str:
    """What is wrong, behind the heading or the member that it is about, as the file names it."""
    members = members_written(bad.row.body) if bad.row.whole else None
    if members is not None:
        return _named(error, members, own=own)
    column = column_of(error.pointer) or ""
    return f"{headings.get(column, column)}: {_words(error, '', own)}".lstrip(": ")


def _line_of(bad: KeptBadRow) -> str:
    """A line without columns as it stands, without what ends it."""
    return bad.row.body.decode("utf-8", "replace").strip("\r\n")


def _written(cells: Sequence[str]) -> str:
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in cells])
    return line.getvalue()
