"""Odd files on the pages: refused with the reason and nothing stored, or stored row by row exactly."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from review.file_jobs import read_bad_row
from review.models import BatchLine, Referral, UploadedFile
from review.models.file_store import BAD, folder_of, part_path
from tests.conftest import Desk
from tests.corpus.file_cases import CASES, READY, FileCase
from tests.factories import make_sender
from tests.files import PAGES, Officer, work


def test_there_are_enough_cases_and_each_has_its_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 110


@pytest.mark.parametrize("part", range(8))
def test_odd_files_are_refused_or_taken_row_by_row(desk: Desk, part: int) -> None:
    failures = [f"{case.name}: {problem}" for case in CASES[part::8] for problem in _wrong(desk, case)]
    assert not failures, "\n".join(failures)


def _wrong(desk: Desk, case: FileCase) -> Iterator[str]:
    officer = Officer(desk, sender_id=make_sender())
    before = _referrals(desk)
    answer = officer.bring(case.content, name=case.file_name)
    if case.said:
        if answer.status_code != 422 or case.said not in answer.text:
            yield f"{answer.status_code}, not refused by the form"
        return
    if answer.status_code != 303:
        yield f"{answer.status_code}: {answer.text[-500:]}"
        return
    work(desk.app)
    page, file_id = answer.location, answer.location.rsplit("/", 1)[-1]
    shown = officer.get(page)
    if shown.status_code != 200:
        yield f"the page is {shown.status_code}"
        return
    if any("\u202e" in text for text in (shown.text, officer.get(PAGES).text)):
        yield "a sign that hides is drawn as it is"
    file = _row(desk, file_id)
    state = "refused" if case.problem else "unmapped" if case.asks else "checked"
    if file.state != state:
        yield f"{file.state} ({file.problem}), not {state}"
        return
    if case.problem:
        if case.problem not in (file.problem or ""):
            yield f"{file.problem}"
        if _referrals(desk) != before or folder_of(desk.settings.data_dir, file_id).exists():
            yield "something was stored"
        return
    if case.asks:
        return
    yield from _rows_wrong(desk, officer, case, page)


def _rows_wrong(desk: Desk, officer: Officer, case: FileCase, page: str) -> Iterator[str]:
    file_id = page.rsplit("/", 1)[-1]
    with part_path(desk.settings.data_dir, file_id, BAD).open("rb") as kept:
        bad = {row.row.number: row.errors[0].code for row in map(read_bad_row, kept)}
    wanted = {number: code for number, code in case.rows.items() if code != READY}
    if bad != wanted:
        yield f"bad rows {bad}, not {wanted}"
    ready = sorted(set(case.rows) - set(wanted))
    if ready:
        officer.post(f"{page}/send")
        work(desk.app)
    if bad and officer.get(f"{page}/corrections.csv").status_code != 200:
        yield "the rows to correct cannot be had"
    file = _row(desk, file_id)
    lines = desk.session.execute(
        sa.select(BatchLine.line, BatchLine.result).where(BatchLine.batch_id == file.batch_id)
    ).all()
    desk.session.rollback()
    if sorted(tuple(line) for line in lines) != [(number, "received") for number in ready]:
        yield f"lines {lines}, not {ready}"
    for reference, reason in case.stored.items():
        found = desk.session.scalars(
            sa.select(Referral.reason).where(
                Referral.sender_id == file.sender_id, Referral.reference == reference
            )
        ).all()
        if list(found) != [reason]:
            yield f"stored {found}, not {reason!r}"


def _row(desk: Desk, file_id: str) -> UploadedFile:
    desk.session.rollback()
    return desk.session.scalars(sa.select(UploadedFile).where(UploadedFile.id == file_id)).one()


def _referrals(desk: Desk) -> int:
    desk.session.rollback()
    return desk.session.scalar(sa.select(sa.func.count()).select_from(Referral)) or 0
