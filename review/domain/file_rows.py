"""Which referrals are in the rows of a file? Rows of one reference are one; each bad row is named."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review.domain.locations import Hosts
from review.domain.referrals import Intake, read_locations, read_referral
from review.errors import FieldError, InvalidReferral, KindNotEnabled

MOST_GROUP_ROWS: Final = 1_000
"""Rows of one referral: as many as it may have items."""
MOST_GROUP_BYTES: Final = 4 * 1024 * 1024
"""Bytes of all rows of one referral."""
MOST_ROW_ERRORS: Final = 20
"""Broken rules kept of one row."""
_PARTS: Final = frozenset({"items", "contact", "reference"})


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: its number as a spreadsheet shows it, its bytes, and the members of a referral.

    ``cells`` are the texts as they stand, none where the file has no columns. ``members`` is None where the
    row could not be read; ``problems`` say why. ``whole``: it is a whole referral and joins no other row.
    """

    number: int
    body: bytes
    members: dict[str, Any] | None
    cells: tuple[str, ...] = ()
    problems: tuple[FieldError, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows of one reference, in the order of the file; its number is that of the first one."""

    rows: tuple[FileRow, ...]

    @property
    def number(self) -> int:
        """The number of the first row."""
        return self.rows[0].number

    @property
    def length(self) -> int:
        """Bytes of all rows."""
        return sum(len(row.body) for row in self.rows)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no part of a referral, and why; ``reference`` where it has one."""

    row: FileRow
    reference: str | None
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class JudgedGroup:
    """The referral that the good rows of a group make, if any, and the bad rows.

    ``members`` and ``body`` are what the referral was read from: those of the good rows alone.
    """

    good: tuple[FileRow, ...]
    bad: tuple[BadRow, ...]
    intake: Intake | None = None
    members: Mapping[str, Any] | None = None

    @property
    def body(self) -> bytes:
        """The bytes of the good rows, one after the other."""
        return b"".join(row.body for row in self.good)


def reference_of(members: Mapping[str, Any] | None) -> str | None:
    """The reference as far as it can be shown and stored beside an error."""
    written = None if members is None else members.get("reference")
    return written if isinstance(written, str) and len(written) <= 200 else None


def judge_group(
    group: RowGroup, *, hosts: Hosts, transmitted_via: str, may_order: bool = False
) -> JudgedGroup:
    """Read the rows as one referral; those that break a rule are left out, and the others stand.

    The first row that fills a member of the referral (not of the item) says it for all: another that says
    something else is bad. A rule that the referral itself breaks makes all rows bad. Each bad row is told
    everything that is wrong with what it says itself.
    """
    if group.rows[0].whole:
        return _judge_whole(group.rows[0], hosts=hosts, transmitted_via=transmitted_via, may_order=may_order)

    def read(members: Mapping[str, Any]) -> tuple[Intake | None, tuple[FieldError, ...]]:
        return _read(members, hosts=hosts, transmitted_via=transmitted_via, may_order=may_order)

    bad: dict[int, tuple[FieldError, ...]] = {}
    left = [row for row in group.rows if not row.problems and row.members is not None]
    bad |= {row.number: row.problems for row in group.rows if row.problems or row.members is None}
    if len(group.rows) > MOST_GROUP_ROWS or group.length > MOST_GROUP_BYTES:
        bad = dict.fromkeys((row.number for row in group.rows), (_too_many(),))
        left = []
    header, spoken = _header_of(left)
    bad |= {row.number: errors for row in left if (errors := _differing(row, spoken))}
    left = [row for row in left if row.number not in bad]
    if len(group.rows) <= MOST_GROUP_ROWS:
        for row in group.rows:
            if row.number in bad and row.members is not None:
                bad[row.number] += _also_wrong(row, bad[row.number], header, spoken, read)
    while left:
        members = header | {"items": [_item_of(row) for row in left]}
        intake, errors = read(members)
        found = _by_row(errors, left, spoken)
        if not found:
            assert intake is not None
            return _judged(group, left, bad, intake=intake, members=members)
        bad |= found
        left = [row for row in left if row.number not in bad]
    return _judged(group, (), bad)


def _judge_whole(row: FileRow, *, hosts: Hosts, transmitted_via: str, may_order: bool = False) -> JudgedGroup:
    """A row that is a referral of its own keeps the rules of a single one: refused items stay in it."""
    errors = row.problems
    if row.members is not None and not errors:
        try:
            intake = read_referral(
                row.members, hosts=hosts, transmitted_via=transmitted_via, may_order=may_order
            )
            return JudgedGroup((row,), (), intake, row.members)
        except KindNotEnabled as error:
            errors = (FieldError("/intake_kind", error.code, error.detail),)
        except InvalidReferral as error:
            errors = error.errors
    return JudgedGroup((), (BadRow(row, reference_of(row.members), errors[:MOST_ROW_ERRORS]),))


def _too_many() -> FieldError:
    detail = (
        f"One reference has at most {MOST_GROUP_ROWS} rows and {MOST_GROUP_BYTES // 1024 // 1024} MiB; "
        "give the other rows another reference."
    )
    return FieldError("/reference", "too_many", detail)


def _judged(
    group: RowGroup,
    good: Sequence[FileRow],
    bad: Mapping[int, tuple[FieldError, ...]],
    *,
    intake: Intake | None = None,
    members: Mapping[str, Any] | None = None,
) -> JudgedGroup:
    named = tuple(
        BadRow(row, reference_of(row.members), bad[row.number][:MOST_ROW_ERRORS])
        for row in group.rows
        if row.number in bad
    )
    return JudgedGroup(tuple(good), named, intake, members)


def _spoken_by(row: FileRow) -> Iterator[tuple[str, Any]]:
    """The members of the referral that this row fills, by pointer."""
    assert row.members is not None
    for name, value in row.members.items():
        if name not in _PARTS:
            yield f"/{name}", value
    for name, value in row.members.get("contact", {}).items():
        yield f"/contact/{name}", value


def _header_of(rows: Sequence[FileRow]) -> tuple[dict[str, Any], dict[str, FileRow]]:
    """The members of the referral, and by pointer the row that said each first."""
    header: dict[str, Any] = {}
    spoken: dict[str, FileRow] = {}
    for row in rows:
        assert row.members is not None
        header.setdefault("reference", row.members["reference"])
        spoken.setdefault("/reference", row)
        for pointer, value in _spoken_by(row):
            if pointer in spoken:
                continue
            spoken[pointer] = row
            if pointer.startswith("/contact/"):
                header.setdefault("contact", {})[pointer.removeprefix("/contact/")] = value
            else:
                header[pointer.removeprefix("/")] = value
    return header, spoken


def _differing(row: FileRow, spoken: Mapping[str, FileRow]) -> tuple[FieldError, ...]:
    errors = []
    for pointer, value in _spoken_by(row):
        first = spoken.get(pointer, row)
        if value != dict(_spoken_by(first))[pointer]:
            detail = (
                f"Row {first.number} has the same reference and says something else here; "
                "write the same, leave this blank, or use another reference."
            )
            errors.append(FieldError(pointer, "row_differs", detail))
    return tuple(errors)


def _also_wrong(
    row: FileRow,
    known: Sequence[FieldError],
    header: Mapping[str, Any],
    spoken: Mapping[str, FileRow],
    read: Callable[[Mapping[str, Any]], tuple[Intake | None, tuple[FieldError, ...]]],
) -> tuple[FieldError, ...]:
    """What else is wrong with the cells that a row fills which is left out already, for what is ``known``."""
    own, _spoken = _header_of([row])
    _intake, errors = read(dict(header) | own | {"items": [_item_of(row)]})
    says = {pointer for pointer, _value in _spoken_by(row)}
    found = {error.pointer: error for error in known}
    for error in (*_differing(row, spoken), *errors):
        if error.pointer in says or error.pointer.startswith("/items/0/"):
            found.setdefault(error.pointer, error)
    return tuple(found.values())[len({error.pointer for error in known}) :]


def _item_of(row: FileRow) -> dict[str, Any]:
    assert row.members is not None
    item: dict[str, Any] = row.members["items"][0]
    return item


def _read(
    members: Mapping[str, Any], *, hosts: Hosts, transmitted_via: str, may_order: bool
) -> tuple[Intake | None, tuple[FieldError, ...]]:
    try:
        intake = read_referral(members, hosts=hosts, transmitted_via=transmitted_via, may_order=may_order)
    except KindNotEnabled as error:
        return None, (FieldError("/intake_kind", error.code, error.detail),)
    except InvalidReferral as error:
        return None, (*error.errors, *_untold_locations(members, error.errors, hosts=hosts))
    refused = tuple(error for item in intake.refused for error in item.errors)
    return intake, refused


def _untold_locations(
    members: Mapping[str, Any], told: Sequence[FieldError], *, hosts: Hosts
) -> Iterator[FieldError]:
    """Bad locations of a referral that is refused for something else, which does not tell them.

    One that repeats an item that will be left out is none, so repeats are told where all rows stop.
    """
    known = {error.pointer for error in told}
    stops = not all(map(_is_of_item, told))
    _located, refused = read_locations(members.get("items"), hosts=hosts)
    for error in refused.values():
        if error.pointer not in known and (stops or error.code != "repeated_location"):
            yield error


def _is_of_item(error: FieldError) -> bool:
    parts = error.pointer.split("/")
    return parts[1:2] == ["items"] and len(parts) > 2 and parts[2].isdigit()


def _by_row(
    errors: Sequence[FieldError], rows: Sequence[FileRow], spoken: Mapping[str, FileRow]
) -> dict[int, tuple[FieldError, ...]]:
    """The errors by row number. One of an item is its row's; one of the referral stops all of them."""
    found: dict[int, list[FieldError]] = {}
    stopping: list[FieldError] = []
    for error in errors:
        if _is_of_item(error):
            row = rows[int(error.pointer.split("/")[2])]
            found.setdefault(row.number, []).append(_of_row(error))
        else:
            stopping.append(error)
    if stopping:
        first = rows[0]
        for error in stopping:
            saying = [row for row in rows if error.pointer in dict(_spoken_by(row))]
            for row in saying or [spoken.get(error.pointer, first)]:
                found.setdefault(row.number, []).append(error)
        named = min(spoken.get(error.pointer, first).number for error in stopping)
        detail = f"Row {named} has the same reference and needs fixing."
        for row in rows:
            found.setdefault(row.number, [FieldError("", "row_of_bad_referral", detail)])
    return {number: tuple(listed) for number, listed in found.items()}


def _of_row(error: FieldError) -> FieldError:
    """The error as in a referral of this row alone."""
    pointer = "/".join(["", "items", "0", *error.pointer.split("/")[3:]])
    detail = error.detail
    if error.code == "repeated_location":
        detail = "Another row of the same reference names this location before; leave one of them out."
    return FieldError(pointer, error.code, detail)
