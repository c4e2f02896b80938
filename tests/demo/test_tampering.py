"""The demonstration lets legal change a row behind the program, and verification names it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import app as program
from review import db
from review.actions.trail import verify_trail
from review.cli.demo import demo_environment, make_demo
from review.config import read_settings
from review.demo import plan, tampering
from review.domain.permissions import OPERATOR, Role
from tests.factories import make_sign_in


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A demonstration with its recent referrals alone, because these tests change it."""
    monkeypatch.setattr(plan, "ALL", plan.RECENT)
    environment = demo_environment(tmp_path)
    make_demo(read_settings(environment, demo=True))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app = program.create_demo_app()
    with app.app_context():
        yield app
        db.session().close()
        db.extension.engine.dispose()


def _tamper(client: FlaskClient) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/trail").text)
    return client.post("/demo/tamper", data={"csrf_token": token[1] if token else ""})


def test_a_row_changed_behind_the_program_is_named_and_can_be_put_right(demo: Flask) -> None:
    client, folder = demo.test_client(), demo.config["REVIEW_SETTINGS"].data_dir
    make_sign_in(client, Role.LEGAL)
    assert "Tamper with one row" in client.get("/trail").text
    assert _tamper(client).status_code == 303
    told = client.get("/trail").text
    assert "Put the row right" in told
    assert "Tamper with one row" not in told
    assert str(tampering.tampered_case()) in told
    finding = verify_trail(folder=folder, actor=OPERATOR).finding
    assert not finding.intact
    assert "rationale" in finding.sentence
    assert _tamper(client).status_code == 303
    assert verify_trail(folder=folder, actor=OPERATOR).finding.intact
    assert tampering.tampered_case() is None
    assert "Tamper with one row" in client.get("/trail").text


def test_a_write_that_comes_in_between_does_not_stop_the_change(demo: Flask) -> None:
    client, engine = demo.test_client(), db.extension.engine
    make_sign_in(client, Role.LEGAL)
    written: list[str] = []

    def write_first(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if statement.startswith("DROP TRIGGER") and not written:
            written.append(statement)
            with engine.begin() as other:
                other.exec_driver_sql("UPDATE senders SET version = version + 1")

    sa.event.listen(engine, "before_cursor_execute", write_first)
    try:
        assert _tamper(client).status_code == 303
    finally:
        sa.event.remove(engine, "before_cursor_execute", write_first)
    assert written
    assert "Put the row right" in client.get("/trail").text


def test_only_legal_tampers(demo: Flask) -> None:
    client = demo.test_client()
    make_sign_in(client, Role.ADMIN)
    page = client.get("/admin").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    answer = client.post("/demo/tamper", data={"csrf_token": token[1] if token else ""})
    assert answer.status_code == 403


def test_no_other_desk_has_the_button(tmp_path: Path) -> None:
    app = program.create_app(read_settings(demo_environment(tmp_path)))
    assert "/demo/tamper" not in {rule.rule for rule in app.url_map.iter_rules()}
    assert "tampered_case" not in app.jinja_env.globals
