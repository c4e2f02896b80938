"""What is left of an erasure: nothing in the database's file, nothing in the file store, one line outside."""

import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db
from review.actions.erasures import replay_erasures
from review.actions.export_jobs import fetch_export, request_export, take_export
from review.cli.erasures import replay_missing
from review.domain.erasures import LOCK, read_mark
from review.domain.exports import ExportForm, Selection
from review.domain.holds import RecordKind
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.errors import AlreadyClosed, NotPermitted, SettingsError
from review.models import Erasure, Evidence, Export, Opening, Review
from review.models.erasure_journal import JournalEntry, keep_in_journal, read_journal
from review.models.evidence_files import evidence_path, keep_evidence, keep_preview, preview_path
from review.models.export_files import export_path
from review.workers import exporting
from review.workers.erasing import finish_due
from tests.conftest import Desk
from tests.erasures import TEXTS, decided_record, erase
from tests.factories import make_account
from tests.stored import contents
from tests.threads import together
from tests.trails import settle


def stored_bytes(desk: Desk) -> dict[Path, bytes]:
    """Every file of the desk, the database's and its log among them."""
    return {path: path.read_bytes() for path in desk.settings.data_dir.parent.rglob("*") if path.is_file()}


def found_in(desk: Desk) -> set[str]:
    """Which of the texts stand in some file or, on PostgreSQL, whose files are the server's, in some row."""
    kept = [*stored_bytes(desk).values()]
    if desk.database != "sqlite":
        kept += [repr(rows).encode() for rows in contents(desk).values()]
    return {name for name, text in TEXTS.items() for raw in kept if text.encode() in raw}


def test_nothing_of_what_was_erased_is_left_in_any_file(desk: Desk) -> None:
    record = decided_record()
    settle(desk.settings.data_dir)
    assert found_in(desk) >= {"rationale", "notes", "evidence", "contact"}
    erase(record, "rationale", "statement", "notes")
    erase(record, "reference", "contact", "reason", "url", "evidence", kind=RecordKind.REFERRAL)
    settle(desk.settings.data_dir)
    assert finish_due(desk.settings) == 2
    assert found_in(desk) == set()


def test_files_and_previews_go_and_the_journal_knows(desk: Desk) -> None:
    record = decided_record()
    digest = desk.session.scalars(sa.select(Evidence.sha256)).one()
    folder = desk.settings.data_dir
    keep_evidence(folder, digest, TEXTS["evidence"].encode())
    keep_preview(folder, digest, "small", b"small")
    erasure_id = erase(record, "evidence", kind=RecordKind.REFERRAL)
    assert evidence_path(folder, digest).exists()
    assert finish_due(desk.settings) == 1
    assert not evidence_path(folder, digest).exists()
    assert not preview_path(folder, digest, "small").exists()
    (entry,) = read_journal(desk.settings.erasure_journal)
    assert (entry.id, entry.object_id, entry.parts) == (
        erasure_id,
        record.referral_id,
        ("original", "evidence"),
    )
    assert (entry.requested_by, entry.approved_by) == (record.asker.id, record.second.id)
    assert desk.session.get_one(Erasure, erasure_id).finished_at is not None
    assert finish_due(desk.settings) == 0


def test_an_export_made_before_is_over_and_its_file_gone(desk: Desk) -> None:
    record, other = decided_record(), decided_record(number=1)
    chosen = (Selection(case_id=record.case_id), Selection(), Selection(case_id=other.case_id))
    legal = make_account(Role.LEGAL)
    made = [request_export(ExportForm.CSV, one, reason="For the court.", actor=legal) for one in chosen]
    while exporting.run_once(desk.app):
        pass
    erase(record, "rationale")
    for export_id in made[:2]:  # at once, before the loop has seen to the files
        with pytest.raises(AlreadyClosed):
            fetch_export(export_id, actor=legal)
    settle(desk.settings.data_dir)
    assert finish_due(desk.settings) == 1
    states = dict(desk.session.execute(sa.select(Export.id, Export.state)).all())
    assert [states[export_id] for export_id in made] == ["expired", "expired", "done"]
    left = [path.name.partition(".")[0] for path in (desk.settings.data_dir / "exports").iterdir()]
    assert left == made[2:]


def test_an_export_under_way_is_begun_anew_after_an_erasure(desk: Desk) -> None:
    record = decided_record()
    legal = make_account(Role.LEGAL)
    export_id = request_export(ExportForm.CSV, Selection(), reason="For the court.", actor=legal)
    assert exporting.run_once(desk.app)  # all rows are written, and the file is not whole yet
    erase(record, "rationale", "statement")
    settle(desk.settings.data_dir)
    assert finish_due(desk.settings) == 1
    assert list((desk.settings.data_dir / "exports").iterdir()) == []
    while exporting.run_once(desk.app):
        pass
    row = desk.session.execute(sa.select(Export.__table__).where(Export.id == export_id)).one()
    assert (row.state, row.tries) == ("done", 1)
    assert not found_in(desk) & {"rationale", "statement"}
    with export_path(desk.settings.data_dir, export_id, row.lease).open() as file:
        assert record.case_id in file.read()


def test_no_export_is_taken_up_while_an_erasure_is_carried_out(desk: Desk) -> None:
    """Its rows would be read as they were, and nobody would know that it has to begin anew."""
    decided_record()
    legal = make_account(Role.LEGAL)
    request_export(ExportForm.CSV, Selection(), reason="For the court.", actor=legal)
    order: list[str] = []
    erases = threading.Event()

    def carry_out() -> None:
        with db.transaction() as writer:
            db.wait_for_lock(writer, LOCK)
            erases.set()
            time.sleep(0.3)
            order.append("erased")

    def take() -> None:
        erases.wait(10)
        assert take_export(actor=SERVICE) is not None
        order.append("taken")

    assert together(desk.app, [carry_out, take]) == []
    assert order == ["erased", "taken"]


def entry(record_id: str, **changes: str) -> JournalEntry:
    given = {
        "id": "X-0000-0000-0001", "object_kind": "case", "object_id": record_id, "ground": "order",
        "requested_by": "one", "requested_at": "2026-11-01T10:00:00.000000Z", "approved_by": "two",
        "executed_at": "2026-11-02T10:00:00.000000Z",
    }  # fmt: skip
    return JournalEntry(**given | changes, parts=("rationale",))


def test_what_a_backup_brought_back_is_erased_again(desk: Desk) -> None:
    record = decided_record()
    lost = [entry(record.case_id), entry("C-0000-0000-0000", id="X-0000-0000-0002")]
    keep_in_journal(desk.settings.erasure_journal, lost)
    assert replay_missing(desk.settings) == 1
    assert read_mark(desk.session.scalars(sa.select(Review.rationale)).one())
    event = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "erasure.executed")).one()
    assert b'"replayed":true' in event.envelope
    row = desk.session.scalars(sa.select(Erasure)).one()
    assert (row.id, row.requested_by, row.ended_by, row.state) == (
        "X-0000-0000-0001",
        "one",
        "two",
        "executed",
    )
    assert replay_missing(desk.settings) == 0
    settle(desk.settings.data_dir)


def test_only_commands_and_loops_replay(desk: Desk) -> None:
    record = decided_record()
    with pytest.raises(NotPermitted):
        replay_erasures([entry(record.case_id)], actor=make_account())
    assert replay_erasures([entry(record.case_id)], actor=OPERATOR) == 1
    assert replay_erasures([entry(record.case_id)], actor=OPERATOR) == 0


def test_a_journal_that_is_damaged_is_named_and_a_torn_end_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "erasures"
    keep_in_journal(path, [entry("C-0000-0000-0000")])
    path.write_bytes(path.read_bytes() + b'{"id": "X-')
    assert len(read_journal(path)) == 1
    keep_in_journal(path, [entry("C-0000-0000-0000", id="X-0000-0000-0003")])
    assert [one.id for one in read_journal(path)] == ["X-0000-0000-0001", "X-0000-0000-0003"]
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(SettingsError, match="Line 1"):
        read_journal(path)
