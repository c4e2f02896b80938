"""A backup from before an erasure comes back, and what was erased is gone before anybody is served."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db
from review.actions.trail import create_signing_key
from review.domain.erasures import read_mark
from review.domain.holds import RecordKind
from review.models.evidence_files import evidence_path
from review.workers.erasing import finish_due
from tests.conftest import Desk
from tests.erasures import TEXTS, Decided, decided_record, erase
from tests.journeys.server import Program, running
from tests.postgres import PostgresServer
from tests.trails import settle

NAME = "before_the_erasure"


def back_up(desk: Desk, request: pytest.FixtureRequest) -> str:
    """A copy of the database and of the evidence; the copy's address."""
    folder = desk.settings.data_dir
    shutil.copytree(folder / "evidence", folder.parent / "evidence")
    db.session().close()
    db.extension.engine.dispose()
    url = desk.settings.database_url
    if url.startswith("sqlite"):
        kept = folder.parent / "backup.db"
        shutil.copy(url.removeprefix("sqlite:///"), kept)
        return f"sqlite:///{kept}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create(NAME, template=sa.make_url(url).database)


def restored(desk: Desk, url: str) -> Program:
    """A desk that stands on the backup, its evidence put back, beside the newest journal."""
    folder = desk.settings.data_dir
    shutil.rmtree(folder / "evidence")
    shutil.copytree(folder.parent / "evidence", folder / "evidence")
    program = Program(folder.parent, url, hosts="video.example")
    program.environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    return program


def stored(url: str, statement: str) -> list[str]:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = list(connection.scalars(sa.text(statement)))
    engine.dispose()
    return found


@pytest.mark.parametrize("way", ["command", "serve"])
def test_an_older_backup_loses_again_what_was_erased(
    desk: Desk, request: pytest.FixtureRequest, way: str
) -> None:
    create_signing_key(desk.settings.data_dir, origin=desk.settings.log_origin)
    record: Decided = decided_record()
    settle(desk.settings.data_dir)
    (digest,) = stored(desk.settings.database_url, "SELECT sha256 FROM evidence")
    copy = back_up(desk, request)
    erase(record, "rationale")
    erase(record, "evidence", "contact", kind=RecordKind.REFERRAL)
    assert finish_due(desk.settings) == 2
    program = restored(desk, copy)
    try:
        assert stored(copy, "SELECT rationale FROM reviews") == [TEXTS["rationale"]]
        assert evidence_path(desk.settings.data_dir, digest).exists()
        if way == "command":
            result = program.run("erasure", "replay", "--json")
            assert result.returncode == 0, result.stderr
            assert '{"erased_again": 2}' in result.stdout
            assert '{"erased_again": 0}' in program.run("erasure", "replay", "--json").stdout
        else:
            with running(program):
                assert program.client().get("/healthz").status_code == 200
        (rationale,) = stored(copy, "SELECT rationale FROM reviews")
        assert read_mark(rationale)
        assert stored(copy, "SELECT contact_name FROM referrals") == [None]
        assert not evidence_path(desk.settings.data_dir, digest).exists()
    finally:
        program.closing.close()
        if desk.database != "sqlite":
            request.getfixturevalue("postgres").drop(NAME)


def test_the_database_is_written_anew_by_command(desk: Desk) -> None:
    record = decided_record()
    erase(record, "rationale")
    db.session().close()
    result = desk.app.test_cli_runner().invoke(args=["erasure", "vacuum"])
    assert result.exit_code == 0, result.output
    assert "no left-over pages" in result.output
