"""What is left of an erasure: nothing in the database's file, nothing in the file store, one line outside."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from review.actions.erasures import replay_erasures
from review.cli.erasures import replay_missing
from review.domain.erasures import read_mark
from review.domain.holds import RecordKind
from review.domain.permissions import OPERATOR
from review.errors import NotPermitted, SettingsError
from review.models import Erasure, Evidence, Opening, Review
from review.models.erasure_journal import JournalEntry, keep_in_journal, read_journal
from review.models.evidence_files import evidence_path, keep_evidence, keep_preview, preview_path
from review.workers.erasing import finish_due
from tests.conftest import Desk
from tests.erasures import TEXTS, decided_record, erase
from tests.factories import make_account
from tests.stored import contents
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
