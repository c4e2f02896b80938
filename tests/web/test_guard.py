"""The guard behind TLS, under load and with short limits."""

import re
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import OperationalError

from app import create_app
from review import clock, db
from review.domain.permissions import Role
from review.errors import DatabaseBusy
from review.models import SignIn
from tests.conftest import Desk, Visitor
from tests.factories import make_key, make_sender, make_sign_in


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_forms_work_behind_tls_without_a_referer(desk: Desk) -> None:
    app = create_app(replace(desk.settings, insecure_cookies=False))
    app.test_client_class = Visitor
    client = app.test_client()
    page = client.get("/sign-in", base_url="https://desk.example")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-review=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    form = {"csrf_token": token[1], "email": "nobody@desk.example", "password": "a wrong one"}
    answer = client.post("/sign-in", base_url="https://desk.example", data=form)
    assert answer.status_code == 401, "the password was looked at"
    with app.app_context():
        db.extension.engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://x:1"}],
)
def test_forms_of_other_sites_are_refused(desk: Desk, headers: dict[str, str]) -> None:
    client = desk.client()
    page = client.get("/sign-in")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    assert client.post("/sign-in", data={"csrf_token": token[1]}, headers=headers).status_code == 403


def test_reads_answer_while_another_write_runs(desk: Desk) -> None:
    desk.app.config["REVIEW_DATABASE_WAIT_SECONDS"] = 0.2
    key = make_key(make_sender())
    entered, leave = threading.Event(), threading.Event()

    def write() -> None:
        with desk.app.app_context(), db.transaction():
            entered.set()
            leave.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    entered.wait(30)
    answer = desk.client().get("/api/v1/referrals", headers={"Authorization": f"Bearer {key}"})
    leave.set()
    writer.join()
    assert answer.status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_write_that_cannot_begin_is_503_with_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_arguments: object, **_options: object) -> None:
        raise DatabaseBusy(retry_after_seconds=2)

    key = make_key(make_sender())
    monkeypatch.setattr("review.actions.referrals.db.transaction", busy)
    answer = desk.client().post(
        "/api/v1/referrals",
        data=b'{"reference": "x", "reason": "y", "items": [{"url": "https://video.example/1"}]}',
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json is not None
    assert answer.json["type"] == "/errors/database_busy"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_activity_keeps_a_short_session_alive(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, session_idle_seconds=60)
    client = desk.client()
    start = clock.now()
    with time_machine.travel(start, tick=False):
        make_sign_in(client, Role.MODERATOR)
    for seconds in (30, 55, 80, 105):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            assert client.get("/queue").status_code == 200
    with time_machine.travel(start + timedelta(seconds=105 + 61), tick=False):
        assert client.get("/queue").status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_that_reads_itself_anew_keeps_nobody_signed_in(desk: Desk) -> None:
    client, start, idle = desk.client(), clock.now(), desk.settings.session_idle_seconds
    unattended = {"X-Unattended": "1"}
    with time_machine.travel(start, tick=False) as time:
        make_sign_in(client, Role.LEGAL)
        used = sa.select(SignIn.last_used_at)
        before = desk.session.scalar(used)
        time.shift(idle // 2)
        assert client.get("/exports", headers=unattended).status_code == 200
        assert desk.session.scalar(used) == before
        client.post("/exports", headers=unattended)
        desk.session.rollback()
        assert desk.session.scalar(used) == clock.now(), "whoever sends a form is there"
        time.shift(idle + 1)
        assert client.get("/exports", headers=unattended).status_code == 401
        with client.session_transaction() as kept:
            assert "next" not in kept
        assert client.get("/exports").status_code == 303


def test_a_signed_in_person_is_told_when_the_database_is_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that says so must not ask the database who is looking at it."""
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)

    def away(*_arguments: object, **_options: object) -> None:
        raise OperationalError("SELECT", {}, Exception("connection failed: the system is starting up"))

    monkeypatch.setattr("review.web.guard.account_queries.signed_in", away)
    for answer in (client.get("/queue"), client.post("/queue/next")):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "<html" in answer.text
    monkeypatch.undo()
    assert client.get("/queue").status_code == 200, "nobody was signed out by it"
