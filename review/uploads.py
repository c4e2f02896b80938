"""Takes a stream of many referrals through the actions of a batch, chunk by chunk, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from review.actions import batches
from review.actions.batches import GoodLine, RefusedLine
from review.actions.intake import prepare_arrival
from review.config import Settings
from review.domain.file_rows import MOST_ROW_ERRORS, JudgedGroup, RowGroup, judge_group
from review.domain.locations import Hosts
from review.domain.permissions import Actor
from review.domain.referrals import read_referral
from review.domain.senders import MOST_BATCH_LINES
from review.errors import (
    BadRequest,
    EmptyBatch,
    FieldError,
    InvalidReferral,
    KindNotEnabled,
    NotStrictJson,
    TooLarge,
)
from review.formats.ndjson import LONGEST_LINE, Line, StreamBroken, read_lines
from review.formats.places import at_line, members_written, place_of
from review.formats.strict_json import parse_object
from review.sheets import members_of_line

Entry = TypeVar("Entry", Line, RowGroup, Line | RowGroup)

CHUNK_LINES: Final = 2_000
"""Lines a commit: fewer commits write the same pages less often, and moderators wait for one at most."""
CHUNK_BYTES: Final = 4 * 1024 * 1024
"""A chunk ends before its lines have more bytes than this, so that memory stays bounded."""
MOST_LINES: Final = MOST_BATCH_LINES
MOST_BYTES: Final = 512 * 1024 * 1024
"""Bytes of all lines, unpacked."""


@dataclass(frozen=True)
class Desk:
    """Where the referrals go: who sends them, how they came, and the settings that decide about them.

    ``most_lines`` is the sender's own limit, None where it has none; ``may_order``: removal orders too;
    ``reports``: lines may be X-ARF reports.
    """

    actor: Actor
    settings: Settings
    hosts: Hosts
    transmitted_via: str = "api"
    header: bytes | None = None
    most_lines: int | None = None
    may_order: bool = False
    reports: bool = False
    on_progress: Callable[[int], None] = lambda _bytes: None


class _Counted:
    """Reads on, counting and hashing the bytes."""

    def __init__(self, read: Callable[[int], bytes], on_progress: Callable[[int], None]) -> None:
        self._read = read
        self._on_progress = on_progress
        self.bytes = 0
        self.digest = sha256()

    def read(self, size: int) -> bytes:
        """The next piece; raises `_TooMuch` once there were more than `MOST_BYTES`."""
        piece = self._read(size)
        self.bytes += len(piece)
        if self.bytes > MOST_BYTES:
            raise _TooMuch(f"Send at most {MOST_BYTES // 1024 // 1024} MiB in a batch, unpacked")
        self.digest.update(piece)
        self._on_progress(len(piece))
        return piece


class _TooMuch(Exception):
    """A limit of the whole batch is reached."""


def receive_stream(read: Callable[[int], bytes], desk: Desk) -> str:
    """Store what ``read(size)`` gives as referrals, one a line; returns the id of the completed batch.

    Nothing is stored for a stream without lines (`EmptyBatch`). Whole chunks stay stored when the stream
    breaks (`BadRequest`) or passes a limit (`TooLarge`, the batch completed so far); both name the batch
    and the last line stored, and the same stream sent again is safe.
    """
    counted = _Counted(read, desk.on_progress)
    return receive_lines(read_lines(counted.read), desk, digest=counted.digest.hexdigest)


def receive_lines(lines: Iterable[Line | RowGroup], desk: Desk, *, digest: Callable[[], str]) -> str:
    """The same for lines or rows that were read already; ``digest`` is asked at the end."""
    batch_id, stored = None, 0
    try:
        for chunk in chunks(lines, most=min(desk.most_lines or MOST_LINES, MOST_LINES)):
            read = [found for each in chunk for found in _read(each, desk)]
            if batch_id is None:
                batch_id = batches.open_batch(
                    transmitted_via=desk.transmitted_via, header=desk.header, actor=desk.actor
                )
            batches.receive_lines(
                batch_id, read, last_line=chunk[-1].number, actor=desk.actor, settings=desk.settings
            )
            stored = chunk[-1].number
    except StreamBroken as broken:
        raise BadRequest(
            f"{str(broken).capitalize()}; {_stored_so_far(batch_id, stored)}",
            values=_values(batch_id, stored),
        ) from None
    except _TooMuch as limit:
        if batch_id is not None:
            batches.complete_batch(batch_id, body_sha256=digest(), actor=desk.actor)
        raise TooLarge(
            f"{limit}; {_stored_so_far(batch_id, stored)}", values=_values(batch_id, stored)
        ) from None
    if batch_id is None:
        raise EmptyBatch("The body has no line; send one referral a line.")
    batches.complete_batch(batch_id, body_sha256=digest(), actor=desk.actor)
    return batch_id


def _stored_so_far(batch_id: str | None, stored: int) -> str:
    if batch_id is None:
        return "nothing was stored; send it again."
    return f"batch {batch_id} is stored up to line {stored}; send what follows, or all of it again."


def _values(batch_id: str | None, stored: int) -> dict[str, str]:
    return {} if batch_id is None else {"batch": batch_id, "last_line": str(stored)}


def chunks(lines: Iterable[Entry], *, most: int) -> Iterator[list[Entry]]:
    """Lines in chunks; what comes after the last whole chunk counts only when the stream ended well.

    A limit of the batch ends it behind the last line that is within, and is raised after that chunk.
    """
    chunk: list[Entry] = []
    size = count = total = 0
    try:
        for line in lines:
            length, rows = _size_of(line)
            if total + rows > most:
                raise _TooMuch(f"Send at most {most} lines in a batch")
            if chunk and (count + rows > CHUNK_LINES or size + length > CHUNK_BYTES):
                yield chunk
                chunk, size, count = [], 0, 0
            chunk.append(line)
            size, count, total = size + length, count + rows, total + rows
    except _TooMuch:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _size_of(line: Line | RowGroup) -> tuple[int, int]:
    """Bytes and rows."""
    if isinstance(line, RowGroup):
        return line.length, len(line.rows)
    return len(line.body or b""), 1


def _read(line: Line | RowGroup, desk: Desk) -> list[GoodLine | RefusedLine]:
    if isinstance(line, Line):
        return [_read_line(line, desk)]
    return lines_of(
        judge_group(line, hosts=desk.hosts, transmitted_via=desk.transmitted_via, may_order=desk.may_order)
    )


def lines_of(judged: JudgedGroup) -> list[GoodLine | RefusedLine]:
    """What a group of rows gives to a batch: its referral with all good rows, and each bad row."""
    found: list[GoodLine | RefusedLine] = [
        RefusedLine(
            bad.row.number,
            bad.reference,
            _as_written(bad.errors, bad.row.body) if bad.row.whole else bad.errors,
        )
        for bad in judged.bad
    ]
    if judged.intake is None:
        return found
    numbers = [row.number for row in judged.good]
    try:
        arrival = prepare_arrival(judged.intake, body=judged.body)
    except InvalidReferral as error:
        refused = (RefusedLine(number, judged.intake.reference, error.errors) for number in numbers)
        return [*found, *refused]
    return [*found, GoodLine(numbers[0], arrival, tuple(numbers[1:]))]


def _read_line(line: Line, desk: Desk) -> GoodLine | RefusedLine:
    if line.body is None:
        detail = f"This line is longer than {LONGEST_LINE // 1024 // 1024} MiB; send it as a single referral."
        return RefusedLine(line.number, None, (FieldError("", "line_too_long", detail),))
    reference = None
    try:
        members = members_of_line(line.body) if desk.reports else parse_object(line.body)
        written = members.get("reference")
        if isinstance(written, str) and len(written) <= 200:
            reference = written
        intake = read_referral(
            members, hosts=desk.hosts, transmitted_via=desk.transmitted_via, may_order=desk.may_order
        )
        return GoodLine(line.number, prepare_arrival(intake, body=line.body))
    except NotStrictJson as error:
        errors: tuple[FieldError, ...] = (FieldError("", error.code, at_line(error.detail, line.number)),)
    except KindNotEnabled as error:
        errors = (FieldError("/intake_kind", error.code, error.detail),)
    except InvalidReferral as error:
        errors = error.errors[:MOST_ROW_ERRORS]
    except ValueError as error:
        errors = (FieldError("/xarf_version", "not_in_list", str(error)),)
    return RefusedLine(line.number, reference, _as_written(errors, line.body) if desk.reports else errors)


def _as_written(errors: tuple[FieldError, ...], body: bytes) -> tuple[FieldError, ...]:
    """The problems at the members that the line itself has, which an X-ARF report names otherwise."""
    members = members_written(body)
    if members is None:
        return errors
    return tuple(FieldError(place_of(one.pointer, members), one.code, one.detail) for one in errors)
