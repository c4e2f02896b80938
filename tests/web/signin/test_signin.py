"""The pages to sign in and out: who gets in, who learns nothing, and what dies when."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import clock
from review.actions import accounts, attempts
from review.domain.permissions import OPERATOR, Role
from review.models import Opening, SignIn
from review.queries import accounts as account_queries
from tests.conftest import Desk
from tests.factories import make_sender

EMAIL = "jane@desk.example"
PASSWORD = "harbour lantern seventeen"
HOMES = {
    Role.MODERATOR: "/queue",
    Role.LEAD: "/queue",
    Role.LEGAL: "/records",
    Role.ADMIN: "/admin",
    Role.SENDER: "/sender",
}


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt of another test counts."""
    monkeypatch.setattr(attempts, "_counts", {})


def create(role: Role = Role.MODERATOR, email: str = EMAIL) -> str:
    sender_id = make_sender() if role is Role.SENDER else None
    return accounts.create_account(
        email, role=role, name="Jane", sender_id=sender_id, password=PASSWORD, actor=OPERATOR
    ).account_id


def token_on(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def post(client: FlaskClient, address: str, *, page: str = "/sign-in", **fields: str) -> TestResponse:
    token = token_on(client.get(page).text)
    return client.post(address, data={"csrf_token": token, **fields})


def enter(client: FlaskClient, email: str = EMAIL, password: str = PASSWORD) -> TestResponse:
    return post(client, "/sign-in", email=email, password=password)


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("review")
    assert cookie is not None
    return cookie.value


@pytest.mark.parametrize("role", list(Role))
def test_each_role_comes_home_and_sees_its_own_places(desk: Desk, role: Role) -> None:
    create(role)
    client = desk.client()
    assert enter(client).headers["Location"] == HOMES[role]
    start = client.get("/")
    assert (start.status_code, start.headers["Location"]) == (303, HOMES[role])
    assert client.get("/sign-in").headers["Location"] == HOMES[role]
    page = client.get("/no-such-page" if role is not Role.LEGAL else "/trail")
    assert page.status_code in (200, 404)


def test_the_page_shows_who_is_signed_in_and_where_one_is(desk: Desk) -> None:
    account_id = create(Role.LEGAL)
    client = desk.client()
    enter(client)
    page = client.get("/records").text
    person = account_queries.account_by_name(desk.session, account_id)
    assert person is not None
    assert f"<bdi>{person.pseudonym}</bdi>" in page
    assert 'href="/records" aria-current="page"' in page
    assert 'href="/trail"' in page
    assert 'action="/sign-out"' in page
    assert EMAIL not in page


def test_nobody_is_sent_to_sign_in_and_back_to_the_page_asked_for(desk: Desk) -> None:
    create(Role.LEGAL)
    client = desk.client()
    assert client.get("/trail?from=3").headers["Location"] == "/sign-in"
    assert enter(client).headers["Location"] == "/trail?from=3"
    assert client.get("/").headers["Location"] == "/records"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/records",
        "/nowhere",
        "/a\nb",
        "",
        "/sign-out",
    ],
)
def test_only_a_page_of_this_site_that_the_person_may_open_is_returned_to(desk: Desk, wanted: str) -> None:
    create(Role.MODERATOR)
    client = desk.client()
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["next"] = wanted
    assert enter(client).headers["Location"] == "/queue"


def test_an_unknown_address_and_a_wrong_password_get_the_same_page(desk: Desk) -> None:
    create()
    closed = create(email="gone@desk.example")
    accounts.close_account(closed, actor=OPERATOR)
    pages = set()
    for email, password in (
        (EMAIL, "wrong password here"),
        ("none@desk.example", PASSWORD),
        ("gone@desk.example", PASSWORD),
        ("no address", PASSWORD),
        ("zero\x00@desk.example", PASSWORD),
        (EMAIL, "x" * 1000),
    ):
        answer = enter(desk.client(), email, password)
        assert answer.status_code == 401
        assert password not in answer.text
        body = re.sub(r'(name="csrf_token"[^>]*value=)"[^"]+"', r"\1", answer.text)
        body = re.sub(r'(name="email"[^>]*value=)"[^"]*"', r"\1", body)
        body = re.sub(r'value="[^"]*"', "", body)
        pages.add((body, tuple(sorted(name for name, _value in answer.headers))))
    assert len(pages) == 1
    assert "E-mail or password is wrong" in pages.pop()[0]


def test_an_incomplete_form_names_its_fields(desk: Desk) -> None:
    answer = post(desk.client(), "/sign-in", email="", password="")
    assert answer.status_code == 422
    assert "Type your e-mail address." in answer.text
    assert "Type your password." in answer.text
    assert enter(desk.client(), EMAIL, "x" * 1025).status_code == 422
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Opening)) == 0


def test_nothing_planted_before_the_sign_in_lives_on(desk: Desk) -> None:
    create()
    client = desk.client()
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "x"
        session["_user_id"] = "a token that somebody else knows"
    before = cookie_of(client)
    csrf_before = token_on(client.get("/sign-in").text)
    enter(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] != "a token that somebody else knows"
    assert cookie_of(client) != before
    assert client.post("/sign-out", data={"csrf_token": csrf_before}).status_code == 403


def test_a_copied_cookie_opens_nothing_after_the_sign_out(desk: Desk) -> None:
    create(Role.LEGAL)
    client, thief = desk.client(), desk.client()
    enter(client)
    thief.set_cookie("review", cookie_of(client))
    assert thief.get("/records").status_code == 200
    answer = post(client, "/sign-out", page="/records")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    for visitor in (client, thief):
        assert visitor.get("/records").headers["Location"] == "/sign-in"


def test_a_second_sign_in_of_one_browser_ends_the_first(desk: Desk) -> None:
    create(Role.LEGAL)
    create(Role.ADMIN, "admin@desk.example")
    client, copy = desk.client(), desk.client()
    enter(client)
    copy.set_cookie("review", cookie_of(client))
    token = token_on(client.get("/records").text)
    fields = {"csrf_token": token, "email": "admin@desk.example", "password": PASSWORD}
    assert client.post("/sign-in", data=fields).headers["Location"] == "/admin"
    assert copy.get("/records").headers["Location"] == "/sign-in"


@pytest.mark.parametrize("change", ["closed", "role", "password"])
def test_sign_ins_die_with_closing_role_and_password(desk: Desk, change: str) -> None:
    account_id = create(Role.LEGAL)
    client = desk.client()
    enter(client)
    assert client.get("/records").status_code == 200
    if change == "closed":
        accounts.close_account(account_id, actor=OPERATOR)
    elif change == "role":
        accounts.set_role(account_id, Role.MODERATOR, actor=OPERATOR)
    else:
        link = accounts.issue_reset(account_id, actor=OPERATOR)
        fields = {"password": "another long password!", "repeated": "another long password!"}
        assert (
            post(desk.client(), f"/sign-in/link/{link}", page=f"/sign-in/link/{link}", **fields).status_code
            == 303
        )
    assert client.get("/records").headers["Location"] == "/sign-in"


def test_a_sign_in_ends_when_idle_or_too_old_and_is_kept_alive_by_use(desk: Desk) -> None:
    create(Role.LEGAL)
    start = clock.now()
    client = desk.client()
    with time_machine.travel(start, tick=False):
        enter(client)
    for minutes in range(25, 12 * 60, 25):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get("/records").status_code == 200
    with time_machine.travel(start + timedelta(hours=12), tick=False):
        assert client.get("/records").status_code == 303
    with time_machine.travel(start, tick=False):
        other = desk.client()
        enter(other)
    with time_machine.travel(start + timedelta(minutes=30), tick=False):
        assert other.get("/records").status_code == 303


def test_last_use_is_written_at_most_once_a_minute(desk: Desk) -> None:
    create(Role.LEGAL)
    start = clock.now()
    client = desk.client()
    with time_machine.travel(start, tick=False):
        enter(client)
    used = []
    for seconds in (59, 60, 100, 120):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            client.get("/records")
        used.append((desk.session.scalar(sa.select(SignIn.last_used_at)) or start) - start)
    assert [round(gap.total_seconds()) for gap in used] == [0, 60, 60, 120]


def test_too_many_attempts_are_told_when_to_come_back(desk: Desk) -> None:
    create()
    at = clock.now().replace(minute=1, second=0, microsecond=0)
    with time_machine.travel(at, tick=False):
        for _ in range(10):
            assert enter(desk.client(), password="wrong password").status_code == 401
        for password in ("wrong password", PASSWORD):
            answer = enter(desk.client(), password=password)
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "241"
            assert f", {at:%H}:05 UTC." in answer.text
        assert enter(desk.client(), "unknown@desk.example", "wrong").status_code == 401
    with time_machine.travel(at + timedelta(minutes=4), tick=False):
        assert enter(desk.client()).status_code == 303


def test_one_address_cannot_try_many_people(desk: Desk) -> None:
    at = clock.now().replace(minute=1, second=0, microsecond=0)
    with time_machine.travel(at, tick=False):
        client = desk.client()
        token = token_on(client.get("/sign-in").text)
        statuses = [
            client.post(
                "/sign-in", data={"csrf_token": token, "email": f"p{n}@desk.example", "password": "wrong"}
            ).status_code
            for n in range(51)
        ]
    assert statuses == [401] * 50 + [429]


def test_a_form_of_another_site_or_without_token_is_refused(desk: Desk) -> None:
    create()
    client = desk.client()
    fields = {"email": EMAIL, "password": PASSWORD}
    assert client.post("/sign-in", data=fields).status_code == 403
    token = token_on(client.get("/sign-in").text)
    others = token_on(desk.client().get("/sign-in").text)
    assert client.post("/sign-in", data={**fields, "csrf_token": others}).status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/sign-in", data={**fields, "csrf_token": token}, headers=headers)
        assert answer.status_code == 403
    assert client.post("/sign-in", json={**fields, "csrf_token": token}).status_code == 403
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0


def test_a_one_time_password_leads_to_the_page_for_a_lasting_one(desk: Desk) -> None:
    once = accounts.create_account(
        EMAIL, role=Role.LEGAL, name="Jane", sender_id=None, password=None, actor=OPERATOR
    ).one_time_password
    assert once is not None
    client = desk.client()
    address = enter(client, password=once).headers["Location"]
    assert address.startswith("/sign-in/link/")
    assert client.get("/records").headers["Location"] == "/sign-in"
    for fields, sentence in (
        ({"password": "short", "repeated": "short"}, "Use at least 15 characters"),
        ({"password": PASSWORD, "repeated": "different"}, "The two passwords differ"),
        ({"password": "x" * 257, "repeated": "x" * 257}, "Use at most 256 characters"),
        ({"password": "", "repeated": ""}, "Type a new password"),
    ):
        answer = post(client, address, page=address, **fields)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'value="short"' not in answer.text
    done = post(client, address, page=address, password=PASSWORD, repeated=PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (303, "/sign-in")
    assert "The new password is set" in client.get("/sign-in").text
    assert enter(client).headers["Location"] == "/records"
    assert client.get(address).status_code == 404


def test_a_dead_link_is_one_page_whatever_killed_it(desk: Desk) -> None:
    link = accounts.issue_reset(create(), actor=OPERATOR)
    assert desk.client().get(f"/sign-in/link/{link}").status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        old = desk.client().get(f"/sign-in/link/{link}")
        fields = {"password": PASSWORD, "repeated": "x"}
        assert post(desk.client(), f"/sign-in/link/{link}", **fields).status_code == 404
        fields["repeated"] = PASSWORD
        assert post(desk.client(), f"/sign-in/link/{link}", **fields).status_code == 404
    unknown = desk.client().get("/sign-in/link/unknown")
    assert old.status_code == unknown.status_code == 404
    strip = re.compile(r"[0-9a-f]{16}")
    assert strip.sub("", old.text) == strip.sub("", unknown.text)


def test_the_demo_signs_in_by_one_click_through_the_same_door(desk: Desk) -> None:
    create(Role.LEGAL)
    person = {"label": "Legal", "email": EMAIL, "password": PASSWORD}
    desk.app.config["REVIEW_DEMO_ACCOUNTS"] = [person]
    assert "Demo accounts" not in desk.client().get("/sign-in").text
    desk.app.config["REVIEW_DEMO"] = True
    client = desk.client()
    page = client.get("/sign-in").text
    assert "Demo accounts" in page
    form = page[page.index("Demo accounts") :]
    values = {
        name: found[1]
        for name in ("email", "password", "csrf_token")
        if (found := re.search(rf'name="{name}" value="([^"]*)"', form))
    }
    assert client.post("/sign-in", data=values).headers["Location"] == "/records"
