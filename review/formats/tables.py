"""Which referrals has this table? Rows of CSV as members of a referral, one row one referral of one item."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, BinaryIO, Final, TextIO

from review.errors import InvalidInput
from review.formats.ndjson import LONGEST_LINE, StreamBroken

REQUIRED: Final = ("reference", "reason", "url")
REFERRAL_COLUMNS: Final = (
    "reference",
    "intake_kind",
    "reason",
    "category",
    "keyword",
    "issuing_authority",
    "issuing_country",
    "legal_basis",
    "requested_action",
    "urgency",
    "detected_at",
    "earlier_received_at",
    "good_faith",
)
ITEM_COLUMNS: Final = ("url", "content_type", "language", "published_at", "sha256", "description")
CONTACT_COLUMNS: Final = ("contact_name", "contact_email")
COLUMNS: Final = REFERRAL_COLUMNS + ITEM_COLUMNS + CONTACT_COLUMNS
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet shows it, its bytes, and the members of its referral.

    ``members`` is ``None`` where the bytes are not UTF-8 text or hold U+0000.
    """

    number: int
    body: bytes
    members: dict[str, Any] | None


def as_text(stream: BinaryIO) -> TextIOWrapper:
    """The text of a table; bytes that are not UTF-8 stay recognisable, and closing it closes ``stream``."""
    return TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")


class Table:
    """A CSV file (RFC 4180; comma, semicolon or tab; UTF-8 with or without mark) with a header row.

    ``text`` comes from `as_text`, ``header`` is its line as it stands. Raises `InvalidInput` that names what
    is wrong with the header.
    """

    def __init__(self, text: TextIO, on_progress: Callable[[int], None]) -> None:
        self._text = text
        self._on_progress = on_progress
        self._taken: list[str] = []
        first = self._text.readline(LONGEST_LINE)
        self.header = _encoded(first)
        delimiter = max(_DELIMITERS, key=first.count)
        self._columns = _columns(next(csv.reader([first], delimiter=delimiter), []))
        self._reader = csv.reader(self._physical_lines(), delimiter=delimiter, strict=True)

    def _physical_lines(self) -> Iterator[str]:
        while line := self._text.readline(LONGEST_LINE):
            self._taken.append(line)
            yield line

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank ones left out; raises `StreamBroken` where a cell never ends."""
        number = 1
        csv.field_size_limit(LONGEST_LINE)
        while True:
            number += 1
            self._taken.clear()
            try:
                cells = next(self._reader, None)
            except csv.Error:
                raise StreamBroken(f"row {number} has a quoted cell that does not end as it should") from None
            body = _encoded("".join(self._taken))
            self._on_progress(len(body))
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield Row(number, body, _members(self._columns, cells))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _columns(header: list[str]) -> tuple[str, ...]:
    columns = tuple(name.strip().lower() for name in header)
    unknown = [name for name in columns if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise InvalidInput(f"The first row must name the columns; these are missing: {', '.join(missing)}.")
    if unknown:
        shown = ", ".join(name for name in unknown if name.isprintable())[:200]
        raise InvalidInput(f"These columns are not known: {shown}. Known are: {', '.join(COLUMNS)}.")
    if len(set(columns)) < len(columns):
        raise InvalidInput("The first row names a column twice.")
    return columns


def _members(columns: tuple[str, ...], cells: list[str]) -> dict[str, Any] | None:
    """A referral's members; blank cells are absent, and cells beyond the header an unknown member."""
    if any("\0" in cell or not _is_text(cell) for cell in cells):
        return None
    filled = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    members: dict[str, Any] = {name: filled[name] for name in REFERRAL_COLUMNS if name in filled}
    if "good_faith" in members:
        members["good_faith"] = _TRUTH.get(members["good_faith"].lower(), members["good_faith"])
    contact = {name: filled[f"contact_{name}"] for name in ("name", "email") if f"contact_{name}" in filled}
    if contact:
        members["contact"] = contact
    item = {name: filled[name] for name in ITEM_COLUMNS if name in filled}
    members["items"] = [{"url": "", **item}]
    if any(cell.strip() for cell in cells[len(columns) :]):
        members["cells_beyond_the_header"] = True
    return members


def _is_text(cell: str) -> bool:
    return cell.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in cell)
