"""Checks an uploaded file, and sends one that was checked, in steps of bounded time and memory.

Each step ends where the loop may be stopped, and gives what it waits for, if anything. Checking begins anew
when it was broken off; sending goes on behind the last row that its batch has.
"""

import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from review import db, uploads
from review.actions import batches
from review.actions.batches import GoodLine, RefusedLine
from review.actions.intake import reference_conflict
from review.actions.uploaded_files import (
    FileCounts,
    ask_columns,
    finish_file,
    keep_check,
    note_progress,
    refuse_file,
)
from review.domain.file_rows import BadRow, FileRow, JudgedGroup, RowGroup, judge_group
from review.domain.permissions import SERVICE
from review.errors import AlreadyClosed, FieldError, InvalidInput, TooLarge
from review.formats.columns import Columns, known_columns, suggested_columns
from review.formats.grouping import Places, read_row, written_row
from review.formats.ndjson import StreamBroken
from review.models.file_store import BAD, ORIGINAL, READY, SAMPLES, drop_files, new_part, part_path
from review.queries.uploaded_files import OwnFile, is_waiting, sent_before
from review.sheets import FileKind, Sheet, open_sheet, reading_of
from review.uploads import Desk, lines_of
from review.workbooks import Reading

STEP_ROWS: Final = 1_000
Steps = Generator[Reading | None]
"""What ends each step: the child that is waited for, or nothing where there is more to do at once."""


@dataclass
class _Found:
    """What checking has found so far, in rows."""

    ready: int = 0
    bad: int = 0
    sent_before: int = 0
    pending: list[JudgedGroup] = field(default_factory=list)
    pending_rows: int = 0


def check_steps(file: OwnFile, desk: Desk, *, most_rows: int) -> Steps:
    """Read a file, ask for its columns or check all of its rows; the end says what was found."""
    path = part_path(desk.settings.data_dir, file.id, ORIGINAL)
    kind = FileKind(file.kind)
    try:
        with reading_of(path, kind) as reading:
            while reading is not None and not reading.wait(0):
                _check_still_waiting(file)
                yield reading
            with open_sheet(path, kind, reading=reading) as sheet:
                yield from _check_sheet(file, sheet, desk, most_rows=most_rows)
    except StreamBroken as broken:
        _refuse(file, f"{_sentence(broken)}; nothing was stored. Correct the file and send it again.", desk)
    except (InvalidInput, TooLarge) as error:
        _refuse(file, error.detail, desk)
    except FileNotFoundError:
        _refuse(file, "The file is not here any more; send it again.", desk)


def _check_still_waiting(file: OwnFile) -> None:
    """Raise `AlreadyClosed` for a file that was dropped, or that somebody else has checked."""
    reader = db.session()
    waits = is_waiting(reader, file.id)
    reader.rollback()
    if not waits:
        raise AlreadyClosed("This file has gone on meanwhile.")


def _check_sheet(file: OwnFile, sheet: Sheet, desk: Desk, *, most_rows: int) -> Steps:
    columns = _columns_of(file, sheet)
    if sheet.names:
        with new_part(desk.settings.data_dir, file.id, SAMPLES) as samples:
            samples.write(orjson.dumps(sheet.samples))
    if columns is None:
        suggested = suggested_columns(sheet.names)
        ask_columns(file.id, names=sheet.names, header=sheet.header, suggested=suggested, actor=SERVICE)
        return
    with tempfile.TemporaryFile() as working:
        places = Places(working, most=most_rows)
        for row in sheet.rows(columns):
            places.add(row)
            if places.count % STEP_ROWS == 0:
                note_progress(file.id, rows=0, done=places.count, actor=SERVICE)
                yield None
        if not places.count:
            raise InvalidInput("The file has no row below its headings.")
        found = _Found()
        yield from _check_groups(file, places, found, desk)
        counts = FileCounts(places.count, found.ready, found.bad, found.sent_before)
        keep_check(file.id, counts, names=sheet.names, header=sheet.header, columns=columns, actor=SERVICE)


def _sentence(broken: StreamBroken) -> str:
    return str(broken)[:1].upper() + str(broken)[1:]


def _refuse(file: OwnFile, problem: str, desk: Desk) -> None:
    refuse_file(file.id, problem, actor=SERVICE)
    drop_files(desk.settings.data_dir, file.id)


def _columns_of(file: OwnFile, sheet: Sheet) -> Columns | None:
    if not sheet.names:
        return ()
    return known_columns(sheet.names) if file.columns is None else tuple(file.columns)


def _check_groups(file: OwnFile, places: Places, found: _Found, desk: Desk) -> Steps:
    done = noted = 0
    folder = desk.settings.data_dir
    with new_part(folder, file.id, READY) as ready, new_part(folder, file.id, BAD) as bad:
        for group in places.groups():
            judged = judge_group(
                group, hosts=desk.hosts, transmitted_via=desk.transmitted_via, may_order=desk.may_order
            )
            found.pending.append(judged)
            found.pending_rows += len(group.rows)
            done += len(group.rows)
            if found.pending_rows >= STEP_ROWS:
                _settle(file, found, ready.write, bad.write)
            if done - noted >= STEP_ROWS:
                noted = done
                note_progress(file.id, rows=places.count, done=done, actor=SERVICE)
                yield None
        _settle(file, found, ready.write, bad.write)


def _settle(file: OwnFile, found: _Found, ready: Callable[[bytes], Any], bad: Callable[[bytes], Any]) -> None:
    """Compare with what the sender has sent before, write each group down, and count."""
    references = [judged.intake.reference for judged in found.pending if judged.intake is not None]
    reader = db.session()
    before = sent_before(reader, references, sender_id=file.sender_id)
    reader.rollback()
    for judged in found.pending:
        conflicting = _settle_good(judged, before, found, ready)
        rest = bool(judged.good) and not conflicting
        for each in (*judged.bad, *conflicting):
            found.bad += 1
            bad(_written_bad(each, rest=rest))
    found.pending.clear()
    found.pending_rows = 0


def _settle_good(
    judged: JudgedGroup,
    before: dict[str, tuple[str, str]],
    found: _Found,
    ready: Callable[[bytes], Any],
) -> tuple[BadRow, ...]:
    """Count the good rows, which may be known; those whose reference has other content are bad after all."""
    intake = judged.intake
    if intake is None:
        return ()
    if intake.reference not in before:
        found.ready += len(judged.good)
        ready(b"[" + b",".join(written_row(row) for row in judged.good) + b"]\n")
        return ()
    referral_id, digest = before[intake.reference]
    if digest == intake.content_digest:
        found.sent_before += len(judged.good)
        return ()
    conflict = reference_conflict(referral_id)
    error = FieldError("/reference", conflict.code, conflict.detail)
    return tuple(BadRow(row, intake.reference, (error,)) for row in judged.good)


@dataclass(frozen=True)
class KeptBadRow:
    """A row that needs fixing as it is kept; ``rest``: other rows of its reference are good."""

    row: FileRow
    reference: str | None
    errors: tuple[FieldError, ...]
    rest: bool


def read_samples(path: Path) -> list[list[str]]:
    """Some cells of each column behind that working file; none where it is not there."""
    try:
        found: list[list[str]] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    return found


def _written_bad(bad: BadRow, *, rest: bool) -> bytes:
    errors = [[error.pointer, error.code, error.detail] for error in bad.errors]
    return b'{"row":%b,"more":%b}\n' % (written_row(bad.row), orjson.dumps([bad.reference, errors, rest]))


def read_bad_row(line: bytes) -> KeptBadRow:
    """The row behind a line of the working file."""
    entry = orjson.loads(line)
    reference, errors, rest = entry["more"]
    row = read_row(orjson.dumps(entry["row"]))
    return KeptBadRow(row, reference, tuple(FieldError(*error) for error in errors), rest)


def send_steps(file: OwnFile, desk: Desk) -> Steps:
    """Take in what is ready, chunk by chunk, each in one commit; then close the batch and the file."""
    assert file.batch_id is not None
    try:
        if file.batch_completed_at is None:
            with part_path(desk.settings.data_dir, file.id, READY).open("rb") as ready:
                groups = (_group(line) for line in ready)
                waiting = (group for group in groups if group.number > (file.last_line or 0))
                for chunk in uploads.chunks(waiting, most=uploads.MOST_LINES):
                    lines = [line for group in chunk for line in _lines(group, desk)]
                    batches.receive_lines(
                        file.batch_id,
                        lines,
                        last_line=chunk[-1].number,
                        actor=desk.actor,
                        settings=desk.settings,
                    )
                    yield None
            batches.complete_batch(file.batch_id, body_sha256=file.sha256, actor=desk.actor)
    except FileNotFoundError:
        _refuse(file, "The file is not here any more; send it again.", desk)
        return
    finish_file(file.id, actor=SERVICE)
    drop_files(desk.settings.data_dir, file.id, ORIGINAL, READY, SAMPLES)


def _group(line: bytes) -> RowGroup:
    return RowGroup(tuple(read_row(orjson.dumps(row)) for row in orjson.loads(line)))


def _lines(group: RowGroup, desk: Desk) -> list[GoodLine | RefusedLine]:
    return lines_of(
        judge_group(group, hosts=desk.hosts, transmitted_via=desk.transmitted_via, may_order=desk.may_order)
    )
