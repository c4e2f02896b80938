"""Exports as jobs: on the trail before they start, worked on by one, fetched on the record, gone in time."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import export_jobs as jobs
from review.domain.exports import KEPT_DAYS, MOST_WAITING, WHOLE, ExportForm, ExportState, Selection
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import AlreadyClosed, AlreadyExists, ClaimLost, InvalidInput, NotFound, NotPermitted
from review.models import Case, Export, Opening
from review.models.export_files import export_path
from review.queries.exports import COLUMNS, export_of
from review.workers import exporting
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.threads import together
from tests.trails import decide_all, settle

WHY = "Asked for by the court of Example."


def _legal() -> Actor:
    return make_account(Role.LEGAL)


def _cases(desk: Desk, count: int = 2) -> list[str]:
    actor = sender_actor(make_sender())
    for number in range(count):
        receive(actor, f"https://video.example/{number}", reference=f"=R-{number}")
    return list(desk.session.scalars(sa.select(Case.id).order_by(Case.opened_at, Case.id)))


def _work(desk: Desk) -> None:
    while exporting.run_once(desk.app):
        pass


def _told(desk: Desk, event_type: str) -> list[str]:
    wanted = sa.select(Opening.object_id).where(Opening.event_type == event_type)
    return sorted(desk.session.scalars(wanted))


def _row(desk: Desk, export_id: str) -> Any:
    return desk.session.execute(sa.select(Export.__table__).where(Export.id == export_id)).one()


def _file(desk: Desk, export_id: str) -> Path:
    return export_path(desk.settings.data_dir, export_id, _row(desk, export_id).lease)


def _files(desk: Desk) -> list[str]:
    folder = desk.settings.data_dir / "exports"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _ask(form: ExportForm, actor: Actor, **chosen: Any) -> str:
    return jobs.request_export(form, Selection(**chosen), reason=WHY, actor=actor)


def test_each_case_has_its_event_before_anything_is_written(desk: Desk) -> None:
    cases, legal = _cases(desk), _legal()
    export_id = _ask(ExportForm.CSV, legal)
    assert _told(desk, "export.made") == sorted(cases)
    assert _row(desk, export_id).state == ExportState.WAITING
    assert _files(desk) == []


def test_the_digest_is_on_the_trail_before_anybody_may_fetch_the_file(desk: Desk) -> None:
    _cases(desk)
    legal = _legal()
    export_id = _ask(ExportForm.JSONL, legal)
    with pytest.raises(AlreadyClosed):
        jobs.fetch_export(export_id, actor=legal)
    assert _told(desk, "export.fetched") == []
    _work(desk)
    row = _row(desk, export_id)
    assert (row.state, row.done, row.rows) == (ExportState.DONE, 2, 2)
    assert _told(desk, "export.finished") == ["trail"]
    assert jobs.fetch_export(export_id, actor=legal) == row.sha256
    assert _told(desk, "export.fetched") == ["trail"]


@pytest.mark.parametrize("form", [ExportForm.CSV, ExportForm.JSONL])
def test_tables_hold_one_row_an_item_and_no_formula(desk: Desk, form: ExportForm) -> None:
    cases = _cases(desk)
    decide_all(outcome="accepted")
    export_id = _ask(form, _legal())
    _work(desk)
    text = _file(desk, export_id).read_bytes().decode("utf-8-sig")
    if form is ExportForm.JSONL:
        rows = [json.loads(line) for line in text.splitlines()]
        assert [row["case_id"] for row in rows] == cases
        assert {row["outcome"] for row in rows} == {"accepted"}
        assert rows[0]["sender_reference"] == "=R-0"
        assert rows[0]["clauses"]
        return
    lines = text.split("\r\n")
    assert lines[0] == ",".join(f'"{name}"' for name in COLUMNS)
    assert len(lines) == len(cases) + 2
    assert '"\'=R-0"' in lines[1]


def test_a_bundle_and_a_pdf_are_made_whole(desk: Desk) -> None:
    _cases(desk)
    settle(desk.settings.data_dir)
    made = [_ask(form, _legal()) for form in (ExportForm.BUNDLE, ExportForm.PDF)]
    _work(desk)
    bundle, pdf = (_file(desk, export_id).read_bytes() for export_id in made)
    assert json.loads(bundle.split(b"\n")[0])["format"] == "referral-review/bundle/v1"
    assert pdf.startswith(b"%PDF-")
    assert [_row(desk, export_id).length for export_id in made] == [len(bundle), len(pdf)]


def test_a_selection_leaves_what_it_says(desk: Desk) -> None:
    first, _second = _cases(desk)
    legal = _legal()
    assert _row(desk, _ask(ExportForm.CSV, legal, case_id=first)).case_ids == [first]
    decide_all()
    _cases(desk, 3)
    assert _row(desk, _ask(ExportForm.CSV, legal, state="decided")).cases == 2
    tomorrow = (clock.now() + timedelta(days=1)).date()
    with pytest.raises(InvalidInput, match="No case"):
        _ask(ExportForm.CSV, legal, since=tomorrow)


def test_who_may_not_is_refused_and_a_reason_is_needed(desk: Desk) -> None:
    _cases(desk)
    for role in (Role.MODERATOR, Role.LEAD, Role.ADMIN):
        with pytest.raises(NotPermitted):
            _ask(ExportForm.CSV, make_account(role))
    with pytest.raises(InvalidInput, match="Say in"):
        jobs.request_export(ExportForm.CSV, Selection(), reason=" no ", actor=_legal())
    assert _told(desk, "export.made") == []
    with pytest.raises(NotPermitted):
        jobs.take_export(actor=_legal())
    with pytest.raises(NotFound):
        jobs.cancel_export("O-0000-0000-0000", actor=_legal())
    with pytest.raises(NotFound):
        jobs.fetch_export("O-0000-0000-0000", actor=_legal())


@pytest.mark.parametrize("reason", ["For the court.\x00", "For the \x1b[2J court.", "x" * 501])
def test_a_reason_that_cannot_be_kept_is_refused_at_its_field(desk: Desk, reason: str) -> None:
    _cases(desk, 1)
    with pytest.raises(InvalidInput) as refusal:
        jobs.request_export(ExportForm.CSV, Selection(), reason=reason, actor=_legal())
    assert [problem.pointer for problem in refusal.value.errors] == ["reason"]
    assert _told(desk, "export.made") == []


@pytest.mark.parametrize("form", list(ExportForm))
def test_more_cases_than_a_form_holds_are_refused_before_they_are_on_the_trail(
    desk: Desk, form: ExportForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.domain.exports.MOST_WHOLE", 1)
    monkeypatch.setattr("review.domain.exports.MOST_CASES", 2)
    _cases(desk, 2)
    legal = _legal()
    if form in WHOLE:
        with pytest.raises(InvalidInput, match="at most 1 cases; choose fewer, or a table") as refusal:
            _ask(form, legal)
        assert [problem.pointer for problem in refusal.value.errors] == ["form"]
        assert _told(desk, "export.made") == []
        return
    _ask(form, legal)
    _cases(desk, 3)
    with pytest.raises(InvalidInput, match="export them in parts"):
        _ask(form, legal)


def test_nobody_fills_the_queue(desk: Desk) -> None:
    _cases(desk, 1)
    legal = _legal()
    for _number in range(MOST_WAITING):
        _ask(ExportForm.CSV, legal)
    with pytest.raises(AlreadyExists):
        _ask(ExportForm.CSV, legal)


def test_nobody_fills_the_queue_by_asking_many_times_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cases(desk, 1)
    legal = _legal()
    monkeypatch.setattr(jobs, "MOST_WAITING", 2)
    answers = together(desk.app, [lambda: _ask(ExportForm.CSV, legal)] * 6)
    assert sum(isinstance(answer, AlreadyExists) for answer in answers) == 4
    assert sum(isinstance(answer, str) for answer in answers) == 2


def test_cancelled_while_it_is_made_it_leaves_no_file(desk: Desk) -> None:
    _cases(desk)
    legal = _legal()
    export_id = _ask(ExportForm.CSV, legal)
    assert exporting.run_once(desk.app)  # the first step is written
    jobs.cancel_export(export_id, actor=legal)
    _work(desk)
    assert _row(desk, export_id).state == ExportState.CANCELLED
    assert _files(desk) == []
    with pytest.raises(AlreadyClosed):
        jobs.cancel_export(export_id, actor=legal)


def test_what_a_dead_worker_had_is_begun_anew_and_given_up_after_three(desk: Desk) -> None:
    _cases(desk)
    export_id = _ask(ExportForm.CSV, _legal())
    first = jobs.take_export(actor=SERVICE)
    assert first is not None
    assert jobs.take_export(actor=SERVICE) is None
    over = clock.now() + timedelta(seconds=jobs.LEASE_SECONDS + 1)
    with time_machine.travel(over, tick=False):
        second = jobs.take_export(actor=SERVICE)
        assert second is not None
        with pytest.raises(ClaimLost):
            jobs.renew_export(first, done=1, actor=SERVICE)
        with pytest.raises(ClaimLost):
            jobs.finish_export(first, rows=1, length=1, sha256="0" * 64, differing=(), actor=SERVICE)
    for tries in (2, 3):
        with time_machine.travel(over + timedelta(hours=tries), tick=False):
            taken = jobs.take_export(actor=SERVICE)
            assert (taken is None) == (tries == 3)
    row = _row(desk, export_id)
    assert (row.state, row.failure) == (ExportState.FAILED, jobs.DIED)
    assert _told(desk, "export.finished") == []


def _killed(desk: Desk) -> str:
    """What is on the disk of the export under way when its worker is killed."""
    work = exporting._under_way.pop(id(desk.app))
    path = export_path(desk.settings.data_dir, work.job.id, work.job.lease)
    content = path.read_bytes()
    exporting._close(work)
    path.write_bytes(content)
    return path.name


@pytest.mark.parametrize("steps", [1, 2])
def test_what_a_killed_worker_left_goes_once_it_is_cancelled(desk: Desk, steps: int) -> None:
    """One of them is written in part, the other one to its end, of which no row tells yet."""
    _cases(desk)
    legal = _legal()
    export_id = _ask(ExportForm.CSV, legal)
    assert exporting.run_once(desk.app)
    if steps == 2:
        next(exporting._under_way[id(desk.app)].steps)
    left = _killed(desk)
    _work(desk)
    assert _files(desk) == [left]  # its lease may live still
    jobs.cancel_export(export_id, actor=legal)
    _work(desk)
    assert _files(desk) == []


def test_what_killed_workers_left_goes_after_the_third(desk: Desk) -> None:
    _cases(desk)
    export_id, now = _ask(ExportForm.CSV, _legal()), clock.now()
    for hours in range(3):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            assert exporting.run_once(desk.app)
            assert _killed(desk) in _files(desk)
    with time_machine.travel(now + timedelta(hours=3), tick=False):
        _work(desk)
    assert (_row(desk, export_id).state, _files(desk)) == (ExportState.FAILED, [])


def test_two_workers_leave_each_other_what_they_write(desk: Desk) -> None:
    """The first one was silent for too long: whatever it does then, the file of the second one stays."""
    _cases(desk)
    export_id = _ask(ExportForm.CSV, _legal())
    assert exporting.run_once(desk.app)
    slow = exporting._under_way.pop(id(desk.app))
    with time_machine.travel(clock.now() + timedelta(seconds=jobs.LEASE_SECONDS + 1), tick=False):
        assert exporting.run_once(desk.app)
        quick = exporting._under_way[id(desk.app)]
        _work(desk)
        assert _files(desk) == [f"{export_id}.{quick.job.lease}"]
        exporting._under_way[id(desk.app)] = slow
        _work(desk)
        row = _row(desk, export_id)
        assert sha256(_file(desk, export_id).read_bytes()).hexdigest() == row.sha256
        assert (row.state, _files(desk)) == (ExportState.DONE, [f"{export_id}.{quick.job.lease}"])


@pytest.fixture
def going_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """PDF and bundle take until this is set."""
    held = threading.Event()

    def slowly(*_given: object) -> list[bytes]:
        assert held.wait(30)
        return [b"{}\n"]

    monkeypatch.setattr("review.export_jobs.WAITS_SECONDS", 0.01)
    monkeypatch.setattr("review.export_jobs.bundle_lines", slowly)
    monkeypatch.setattr("review.export_jobs.pages", lambda *given: slowly(*given)[0])
    yield held
    held.set()
    for thread in threading.enumerate():
        if thread.name.startswith("export"):
            thread.join(30)


@pytest.mark.parametrize("form", sorted(WHOLE))
def test_what_takes_longer_than_a_lease_keeps_it(
    desk: Desk, form: ExportForm, going_on: threading.Event
) -> None:
    _cases(desk)
    export_id, now = _ask(form, _legal()), clock.now()
    for number in range(4):
        with time_machine.travel(now + timedelta(seconds=50 * number), tick=False):
            assert exporting.run_once(desk.app)
            assert jobs.take_export(actor=SERVICE) is None
    going_on.set()
    _work(desk)
    row = _row(desk, export_id)
    assert (row.state, row.tries, row.done, row.length) == (ExportState.DONE, 1, 2, 3)


@pytest.mark.parametrize("form", sorted(WHOLE))
def test_what_takes_long_is_cancelled_without_waiting_for_it(
    desk: Desk, form: ExportForm, going_on: threading.Event
) -> None:
    _cases(desk)
    legal = _legal()
    export_id = _ask(form, legal)
    assert exporting.run_once(desk.app)
    jobs.cancel_export(export_id, actor=legal)
    _work(desk)
    assert not going_on.is_set()
    assert (_row(desk, export_id).state, _files(desk)) == (ExportState.CANCELLED, [])


def test_a_worker_that_is_asked_to_stop_gives_it_back(desk: Desk) -> None:
    _cases(desk)
    export_id = _ask(ExportForm.CSV, _legal())
    assert exporting.run_once(desk.app)
    exporting.finish(desk.app)
    assert _row(desk, export_id).tries == 0
    _work(desk)
    assert _row(desk, export_id).state == ExportState.DONE


def test_the_file_is_deleted_when_its_time_is_over(desk: Desk) -> None:
    _cases(desk)
    legal = _legal()
    export_id = _ask(ExportForm.CSV, legal)
    _work(desk)
    assert _file(desk, export_id).exists()
    with time_machine.travel(clock.now() + timedelta(days=KEPT_DAYS, seconds=1), tick=False):
        with pytest.raises(AlreadyClosed):
            jobs.fetch_export(export_id, actor=legal)
        _work(desk)
    assert _files(desk) == []
    found = export_of(desk.session, export_id)
    assert found is not None
    assert (found.state, found.sha256 is not None) == (ExportState.EXPIRED, True)
    _work(desk)  # again is no matter
