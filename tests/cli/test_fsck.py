"""`flask trail fsck`: everything stored is derived anew, and each break is named by table, row and entry."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from review import db
from review.formats import key_files
from review.models import Evidence, Leaf, UploadedFile, schema
from review.models.evidence_files import evidence_path, keep_evidence
from review.models.file_store import ORIGINAL, part_path
from tests.conftest import Desk
from tests.factories import make_key, make_sender, referral_body
from tests.files import Officer, good_rows, table
from tests.trails import settle


def fsck(desk: Desk) -> Result:
    """Run it."""
    return desk.app.test_cli_runner().invoke(args=["trail", "fsck"])


def told(desk: Desk) -> dict[str, Any]:
    """What it tells as JSON."""
    printed = desk.app.test_cli_runner().invoke(args=["trail", "fsck", "--json"]).output
    found: dict[str, Any] = json.loads(printed)
    return found


def refer_with_evidence(desk: Desk) -> str:
    """A referral with a piece of evidence; its digest."""
    piece = {
        "name": "page.txt",
        "media_type": "text/plain",
        "content": base64.b64encode(b"as it was seen").decode(),
    }
    item = {"url": "https://video.example/1", "content_type": "video", "evidence": [piece]}
    answer = desk.client().post(
        "/api/v1/referrals",
        data=referral_body("ref-1", items=[item]),
        headers={"Authorization": f"Bearer {make_key(make_sender())}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    settle(desk.settings.data_dir)
    return str(desk.session.scalar(sa.select(Evidence.sha256)))


def without_guards(desk: Desk, statement: str) -> None:
    """Change a row as the owner of the database could."""
    with db.transaction() as writer:
        if desk.database == "sqlite":
            for name in schema.expected_triggers("sqlite"):
                writer.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}"))
        else:
            for table in schema.GUARDED:
                writer.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        writer.execute(sa.text(statement))


def test_a_sound_desk_exits_0_and_writes_nothing(desk: Desk) -> None:
    refer_with_evidence(desk)
    entries = desk.session.scalar(sa.select(sa.func.count()).select_from(Leaf))
    result = fsck(desk)
    assert result.exit_code == 0, result.output
    assert "1 pieces of evidence are those of their digests" in result.output
    assert told(desk) | {"entries": entries, "breaks": [], "remarks": [], "intact": True} == told(desk)
    with db.transaction() as writer:
        assert writer.scalar(sa.text("SELECT count(*) FROM pending_events")) == 0


def _flip(desk: Desk, digest: str) -> None:
    path = evidence_path(desk.settings.data_dir, digest)
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def _lose(desk: Desk, digest: str) -> None:
    evidence_path(desk.settings.data_dir, digest).unlink()


@pytest.mark.parametrize("damage", [_flip, _lose])
def test_evidence_that_is_not_that_of_its_digest_is_named(
    desk: Desk, damage: Callable[[Desk, str], None]
) -> None:
    digest = refer_with_evidence(desk)
    evidence_id = desk.session.scalar(sa.select(Evidence.id))
    damage(desk, digest)
    result = fsck(desk)
    assert result.exit_code == 1
    assert f"BROKEN [evidence {evidence_id}]" in result.output


def test_a_changed_opening_is_named_by_table_row_and_entry(desk: Desk) -> None:
    refer_with_evidence(desk)
    eid = desk.session.scalar(sa.select(Leaf.eid).where(Leaf.position == 0))
    without_guards(desk, f"UPDATE openings SET event_type = 'case.decided' WHERE eid = '{eid}'")
    found = told(desk)
    assert [(one["table"], one["row"], one["entry"]) for one in found["breaks"]] == [("openings", eid, 0)]
    assert found["entries"] == 0


def test_an_ordinary_row_that_says_something_else_is_named(desk: Desk) -> None:
    refer_with_evidence(desk)
    without_guards(desk, "UPDATE items SET url_as_sent = 'https://video.example/2'")
    item_id = desk.session.scalar(sa.text("SELECT id FROM items"))
    (found,) = told(desk)["breaks"]
    assert (found["table"], found["row"]) == ("items", item_id)


def test_the_files_of_the_signer_are_held_against_the_database(desk: Desk) -> None:
    refer_with_evidence(desk)
    folder = desk.settings.data_dir
    note = key_files.read_note(folder)
    assert note is not None
    key_files.write_note(folder, note.replace("/trail\n", "/other\n", 1), key_files.PROMISED)
    (folder / key_files.CHECKPOINT).unlink()
    result = fsck(desk)
    assert result.exit_code == 1
    assert "BROKEN [file checkpoint]" in result.output
    assert "BROKEN [file checkpoint.next]" in result.output


def test_files_that_no_row_names_are_notes_and_no_breaks(desk: Desk) -> None:
    refer_with_evidence(desk)
    keep_evidence(desk.settings.data_dir, "ab" * 32, b"nobody's")
    result = fsck(desk)
    assert result.exit_code == 0
    assert f"Note: No row names the file evidence/ab/ab/{'ab' * 32}." in result.output


def test_an_uploaded_file_that_was_changed_is_named_and_a_lost_one_told(desk: Desk) -> None:
    Officer(desk).upload(table(*good_rows(2)))
    settle(desk.settings.data_dir)
    file_id = str(desk.session.scalar(sa.select(UploadedFile.id)))
    path = part_path(desk.settings.data_dir, file_id, ORIGINAL)
    assert fsck(desk).exit_code == 0
    path.write_bytes(b"something else")
    assert f"BROKEN [uploaded_files {file_id}]" in fsck(desk).output
    path.unlink()
    result = fsck(desk)
    assert result.exit_code == 0
    assert f"Note: The uploaded file {file_id} is gone" in result.output


def test_it_exits_2_where_it_cannot_check(desk: Desk) -> None:
    refer_with_evidence(desk)
    (desk.settings.data_dir / key_files.KEYS / key_files.PUBLIC_KEY).write_text("no key")
    result = fsck(desk)
    assert result.exit_code == 2
    assert "could not be checked" in result.output
