"""The pages of the second factor: half a sign-in opens nothing, each way works, nobody learns a secret."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import clock
from review.actions import attempts
from review.domain import totp
from review.domain.permissions import Role
from review.models import HalfSignIn, Opening, SignIn
from review.queries.factors import enrolled_of
from tests.authenticator import Authenticator
from tests.conftest import Desk
from tests.factor_desks import PASSWORD, Person, make_person
from tests.factories import make_sign_in

LOCAL = "http://localhost"


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt of another test counts."""
    monkeypatch.setattr(attempts, "_counts", {})


@pytest.fixture(autouse=True)
def required(desk: Desk) -> None:
    """This desk asks everybody."""
    _settle(desk, second_factor="required")


def _settle(desk: Desk, **changes: object) -> None:
    settings = replace(desk.app.config["REVIEW_SETTINGS"], **changes)
    desk.app.config["REVIEW_SETTINGS"] = settings


def token_on(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def post(client: FlaskClient, address: str, page: str, base: str = LOCAL, **fields: str) -> TestResponse:
    token = token_on(client.get(page, base_url=base).text)
    return client.post(address, base_url=base, data={"csrf_token": token, **fields})


def enter(client: FlaskClient, person: Person, base: str = LOCAL) -> str:
    answer = post(client, "/sign-in", "/sign-in", base, email=person.email, password=PASSWORD)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def show(client: FlaskClient, base: str = LOCAL, **fields: str) -> TestResponse:
    return post(client, "/sign-in/factor", "/sign-in/factor", base, **fields)


def secret_on(page: str) -> str:
    found = re.search(r'<bdi class="code"[^>]*>(.*?)</bdi>', page)
    assert found is not None, page
    return re.sub(r"<[^>]*>|\s", "", found[1])


def code_of(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_of(clock.now()) + steps)


def options_on(page: str) -> str:
    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None, page
    return unescape(found[1])


def signed_in(client: FlaskClient, person: Person) -> None:
    """A whole sign-in by the app's code."""
    enter(client, person)
    assert show(client, code=person.code(1)).status_code == 303


def test_a_right_password_opens_nothing_yet(desk: Desk) -> None:
    person, client = make_person(app=True), desk.client()
    assert enter(client, person) == "/sign-in/factor"
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0
    for address in ("/", "/queue", "/account/security", "/account/recovery-codes"):
        assert client.get(address, base_url=LOCAL).headers["Location"] == "/sign-in"
    page = client.get("/sign-in/factor", base_url=LOCAL).text
    assert 'autocomplete="one-time-code"' in page
    assert "/sign-out" not in page
    assert person.email not in page


@pytest.mark.parametrize("between", ["", " ", "-"])
def test_a_code_leads_to_the_page_first_asked_for(desk: Desk, between: str) -> None:
    person, client = make_person(Role.LEAD, app=True), desk.client()
    client.get("/queue?language=de", base_url=LOCAL)
    enter(client, person)
    code = person.code()
    assert show(client, code=code[:3] + between + code[3:]).headers["Location"] == "/queue?language=de"
    assert client.get("/queue", base_url=LOCAL).status_code == 200


def test_nothing_planted_before_lives_on_and_the_half_sign_in_is_gone(desk: Desk) -> None:
    person, client, thief = make_person(app=True), desk.client(), desk.client()
    enter(client, person)
    cookie = client.get_cookie("review")
    assert cookie is not None
    thief.set_cookie("review", cookie.value)
    show(client, code=person.code())
    with client.session_transaction(base_url=LOCAL) as session:
        assert "half" not in session
    assert thief.get("/sign-in/factor", base_url=LOCAL).headers["Location"] == "/sign-in"


def test_every_wrong_way_gets_the_same_page(desk: Desk) -> None:
    person, client = make_person(app=True), desk.client()
    enter(client, person)
    used = person.code()
    show(client, code=used)
    client = desk.client()
    enter(client, person)
    pages = set()
    for fields in (
        {"code": "000000"},
        {"code": used},
        {"code": "no code"},
        {"recovery_code": "0000-0000-0000"},
        {"answer": "{}"},
        {"answer": "[1]"},
    ):
        answer = show(client, **fields)
        assert answer.status_code == 401
        assert not any(value in answer.text for value in fields.values() if len(value) > 3)
        pages.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(pages) == 1
    empty = show(client)
    assert empty.status_code == 422
    assert "Type the code" in empty.text
    assert show(client, code="1" * 100).status_code == 422


def test_too_many_attempts_are_told_when_to_come_back(desk: Desk) -> None:
    person = make_person(app=True)
    at = (clock.now() + timedelta(hours=1)).replace(minute=1, second=0, microsecond=0)
    with time_machine.travel(at, tick=False):
        client = desk.client()
        enter(client, person)
        for _number in range(10):
            assert show(client, code="000000").status_code == 401
        answer = show(client, code=person.code())
        assert answer.status_code == 429
        assert "try again at" in answer.text
        assert f"{at:%H}:05 UTC" in answer.text
    with time_machine.travel(at + timedelta(minutes=4), tick=False):
        assert show(client, code=person.code()).status_code == 303


def test_who_takes_too_long_starts_again(desk: Desk) -> None:
    person, client = make_person(app=True), desk.client()
    enter(client, person)
    token = token_on(client.get("/sign-in/factor", base_url=LOCAL).text)
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        late = client.post(
            "/sign-in/factor", base_url=LOCAL, data={"csrf_token": token, "code": person.code()}
        )
        assert late.headers["Location"] == "/sign-in"
        assert "too long" in client.get("/sign-in", base_url=LOCAL).text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0


def test_without_a_half_sign_in_there_is_no_second_page(desk: Desk) -> None:
    client = desk.client()
    with client.session_transaction(base_url=LOCAL) as session:
        session["half"] = "made up"
    for address in ("/sign-in/factor", "/sign-in/enrol"):
        assert client.get(address, base_url=LOCAL).headers["Location"] == "/sign-in"
    for address in ("/sign-in/factor", "/sign-in/enrol/app", "/sign-in/enrol/passkey"):
        answer = post(client, address, "/sign-in", code="000000", label="x", answer="x")
        assert answer.headers["Location"] == "/sign-in"


def test_who_has_no_factor_sets_one_up_and_keeps_the_codes(desk: Desk) -> None:
    person, client = make_person(), desk.client()
    assert enter(client, person) == "/sign-in/enrol"
    assert client.get("/sign-in/factor", base_url=LOCAL).headers["Location"] == "/sign-in/enrol"
    page = client.get("/sign-in/enrol", base_url=LOCAL).text
    secret = secret_on(page)
    assert 'class="qr"' in page
    assert secret_on(client.get("/sign-in/enrol", base_url=LOCAL).text) == secret
    wrong = post(client, "/sign-in/enrol/app", "/sign-in/enrol", code="000000")
    assert wrong.status_code == 422
    assert "The code does not fit" in wrong.text
    assert secret_on(wrong.text) == secret
    assert post(client, "/sign-in/enrol/app", "/sign-in/enrol", code="").status_code == 422
    done = post(client, "/sign-in/enrol/app", "/sign-in/enrol", code=code_of(secret))
    assert done.headers["Location"] == "/account/recovery-codes"
    for _look in range(2):  # a page that is loaded again shows them again
        shown = client.get("/account/recovery-codes", base_url=LOCAL).text
        codes = re.findall(r">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})<", shown)
        assert len(set(codes)) == 10
    kept = post(client, "/account/recovery-codes", "/account/recovery-codes")
    assert kept.headers["Location"] == "/queue"
    assert client.get("/account/recovery-codes", base_url=LOCAL).headers["Location"] == "/account/security"
    other = desk.client()
    enter(other, person)
    assert show(other, recovery_code=codes[3].lower()).headers["Location"] == "/queue"
    page = other.get("/account/security", base_url=LOCAL).text
    assert "9 of 10 are left" in page


def test_a_secret_and_codes_are_not_readable_in_the_cookie(desk: Desk) -> None:
    person, client = make_person(), desk.client()
    enter(client, person)
    secret = secret_on(client.get("/sign-in/enrol", base_url=LOCAL).text)
    with client.session_transaction(base_url=LOCAL) as session:
        assert secret not in json.dumps(dict(session))
    cookie = client.get_cookie("review")
    assert cookie is not None
    assert len(cookie.value) < 3_000


def test_somebody_elses_secret_in_the_cookie_is_not_taken(desk: Desk) -> None:
    person, other, client = make_person(), make_person(Role.LEAD), desk.client()
    enter(client, person)
    secret = secret_on(client.get("/sign-in/enrol", base_url=LOCAL).text)
    with client.session_transaction(base_url=LOCAL) as session:
        planted = session["totp"]
    enter(client, other)
    with client.session_transaction(base_url=LOCAL) as session:
        session["totp"] = planted
    assert secret_on(client.get("/sign-in/enrol", base_url=LOCAL).text) != secret


def test_a_role_that_needs_a_passkey_is_offered_nothing_else(desk: Desk) -> None:
    person, client, key = make_person(Role.LEGAL), desk.client(), Authenticator()
    enter(client, person)
    page = client.get("/sign-in/enrol", base_url=LOCAL).text
    assert 'class="qr"' not in page
    answer = key.create(options_on(page))
    done = post(client, "/sign-in/enrol/passkey", "/sign-in/enrol", label="Blue key", answer=answer)
    assert done.headers["Location"] == "/account/recovery-codes"
    again = desk.client()
    enter(again, person)
    page = again.get("/sign-in/factor", base_url=LOCAL).text
    assert 'name="code"' not in page
    shown = key.get(options_on(page))
    assert show(again, answer=shown).headers["Location"] == "/records"
    third = desk.client()
    enter(third, person)
    assert show(third, answer=shown).status_code == 401, "an answer is for one sign-in"
    page = third.get("/sign-in/factor", base_url=LOCAL).text
    foreign = key.get(options_on(page), origin="http://localhost.evil.example")
    assert show(third, answer=foreign).status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "", "answer": "{}"},
        {"label": "Blue", "answer": ""},
        {"label": "Blue", "answer": "{}"},
        {"label": "x" * 81, "answer": "{}"},
    ],
)
def test_a_passkey_that_does_not_work_says_what_to_do(desk: Desk, fields: dict[str, str]) -> None:
    person, client = make_person(Role.LEGAL), desk.client()
    enter(client, person)
    answer = post(client, "/sign-in/enrol/passkey", "/sign-in/enrol", **fields)
    assert answer.status_code == 422
    assert "Please correct this" in answer.text
    assert not enrolled_of(desk.session, person.account_id).any


def test_a_fresh_installation_opened_by_a_number_locks_nobody_out(desk: Desk) -> None:
    person, client = make_person(Role.ADMIN), desk.client()
    number = "http://127.0.0.1:5000"
    enter(client, person, number)
    secret = secret_on(client.get("/sign-in/enrol", base_url=number).text)
    done = post(client, "/sign-in/enrol/app", "/sign-in/enrol", number, code=code_of(secret))
    assert done.headers["Location"] == "/account/recovery-codes"
    person.secret = secret
    elsewhere = desk.client()
    enter(elsewhere, person)
    assert show(elsewhere, code=person.code(1)).headers["Location"] == "/sign-in/enrol"
    assert "Your role also needs a passkey" in elsewhere.get("/sign-in/enrol", base_url=LOCAL).text


def test_the_number_of_a_machine_waives_nothing_behind_tls(desk: Desk) -> None:
    _settle(desk, insecure_cookies=False)
    person, client = make_person(Role.ADMIN), desk.client()
    base = "https://192.0.2.7"
    enter(client, person, base)
    page = client.get("/sign-in/enrol", base_url=base).text
    assert 'class="qr"' not in page
    assert "opened by a number" in page


@pytest.mark.parametrize(("setting", "has_app", "leads_to"), [
    ("off", True, "/queue"), ("off", False, "/queue"),
    ("optional", False, "/queue"), ("optional", True, "/sign-in/factor"),
])  # fmt: skip
def test_the_setting_decides_who_is_asked(desk: Desk, setting: str, has_app: bool, leads_to: str) -> None:
    _settle(desk, second_factor=setting)
    assert enter(desk.client(), make_person(app=has_app)) == leads_to


def test_one_may_sign_in_by_an_app_where_no_role_needs_a_passkey(desk: Desk) -> None:
    _settle(desk, passkey_roles=())
    person, client = make_person(Role.LEGAL, app=True), desk.client()
    enter(client, person)
    assert show(client, code=person.code()).headers["Location"] == "/records"


def test_the_demonstration_shows_the_code_that_works(desk: Desk) -> None:
    person = make_person(app=True)
    assert "Demo: the code" not in _factor_page(desk, person)
    desk.app.config["REVIEW_DEMO"] = True
    assert "Demo: the code" not in _factor_page(desk, person), "only of the demo's own accounts"
    desk.app.config["REVIEW_DEMO_ACCOUNTS"] = [{"label": "M", "email": person.email, "password": PASSWORD}]
    with time_machine.travel(clock.now(), tick=False):
        for _time in range(2):  # the second time the code of the next step
            client = desk.client()
            enter(client, person)
            page = client.get("/sign-in/factor", base_url=LOCAL).text
            code = re.search(r'name="code" value="(\d{6})"', page)
            assert code is not None
            assert show(client, code=code[1]).headers["Location"] == "/queue"
        assert "load this page again in half a minute" in _factor_page(desk, person)


def _factor_page(desk: Desk, person: Person) -> str:
    client = desk.client()
    enter(client, person)
    return client.get("/sign-in/factor", base_url=LOCAL).text


def test_each_factor_is_told_on_the_trail_with_its_kind(desk: Desk) -> None:
    person, client = make_person(app=True), desk.client()
    enter(client, person)
    show(client, code="000000")
    show(client, code=person.code())
    told = {
        row.event_type: bytes(row.envelope)
        for row in desk.session.execute(sa.select(Opening.event_type, Opening.envelope))
    }
    for name in ("account.sign_in_failed", "account.signed_in"):
        assert b'"factor":"totp"' in told[name]


def test_the_half_sign_in_is_a_row_for_minutes(desk: Desk) -> None:
    enter(desk.client(), make_person(app=True))
    row = desk.session.execute(sa.select(HalfSignIn.created_at, HalfSignIn.expires_at)).one()
    assert row.expires_at - row.created_at == timedelta(minutes=5)


def test_every_page_says_when_the_sign_in_ends(desk: Desk) -> None:
    start = clock.now().replace(microsecond=0)
    client = desk.client()
    with time_machine.travel(start, tick=False):
        make_sign_in(client, Role.MODERATOR)
        page = client.get("/queue").text
    assert f"{start + timedelta(minutes=30):%H:%M:%S} UTC" in page.partition("signed out at")[2][:200]
    with time_machine.travel(start + timedelta(minutes=10), tick=False):
        page = client.get("/queue").text
    assert f"{start + timedelta(minutes=40):%H:%M:%S} UTC" in page.partition("signed out at")[2][:200]


def test_a_passkey_of_another_site_is_not_asked_for(desk: Desk) -> None:
    person, client = make_person(app=True, key=True), desk.client()
    enter(client, person, "http://desk.localhost")
    page = client.get("/sign-in/factor", base_url="http://desk.localhost").text
    assert "data-options" not in page
    assert 'name="code"' in page


@pytest.mark.parametrize("base", ["http://desk.localhost", "http://127.0.0.1:5000"])
def test_who_opens_the_desk_elsewhere_is_told_where_the_passkey_works(desk: Desk, base: str) -> None:
    person, client = make_person(key=True), desk.client()
    enter(client, person, base)
    page = client.get("/sign-in/factor", base_url=base).text
    assert "Passkeys work only at the address where they were set up" in page
    assert '<bdi class="code" dir="ltr">localhost</bdi>' in page
    there = desk.client()
    enter(there, person)
    assert "Passkeys work only" not in there.get("/sign-in/factor", base_url=LOCAL).text
    other, without = make_person(app=True), desk.client()
    enter(without, other, base)
    assert "Passkeys work only" not in without.get("/sign-in/factor", base_url=base).text
