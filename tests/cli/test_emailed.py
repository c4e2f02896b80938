"""`flask referrals email`: what a mail server's pipe hands over, what it prints and with which exit code."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db
from review.cli import referrals
from review.domain.emailed import LARGEST_MESSAGE
from review.errors import DatabaseBusy
from review.models import EmailedReferral
from tests.conftest import Desk
from tests.emails import message


def test_a_message_from_a_pipe_or_a_file_prints_its_id(desk: Desk, tmp_path: Path) -> None:
    content = message()
    run = desk.app.test_cli_runner()
    first = run.invoke(args=["referrals", "email"], input=content)
    stored = desk.session.scalars(sa.select(EmailedReferral)).one()
    assert (first.exit_code, first.stdout.split()) == (0, [stored.id])
    assert stored.message == content
    file = tmp_path / "message.eml"
    file.write_bytes(content)
    again = run.invoke(args=["referrals", "email", str(file)])
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, stored.id)
    assert "nothing was changed" in again.stdout
    dashed = run.invoke(args=["referrals", "email", "-", "--json"], input=content)
    assert json.loads(dashed.stdout) == {"id": stored.id, "new": False}


def test_what_is_not_stored_ends_with_another_exit_code(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run = desk.app.test_cli_runner()
    for content in (b"", b"x" * (LARGEST_MESSAGE + 1)):
        refused = run.invoke(args=["referrals", "email"], input=content)
        assert refused.exit_code == 1
        assert "not stored" in refused.stderr
    assert run.invoke(args=["referrals", "email"], input=b"x" * LARGEST_MESSAGE).exit_code == 0

    def busy(*_arguments: object, **_options: object) -> None:
        raise DatabaseBusy()

    monkeypatch.setattr(referrals, "receive_email", busy)
    assert run.invoke(args=["referrals", "email"], input=message()).exit_code == 75
    assert db.session().scalar(sa.select(sa.func.count()).select_from(EmailedReferral)) == 1
