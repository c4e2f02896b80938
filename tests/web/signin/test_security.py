"""Everybody's own page about signing in: changes need a fresh factor, and nobody touches another's."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import clock
from review.actions import attempts
from review.domain.permissions import Role
from review.models import SignIn
from review.queries.factors import enrolled_of
from tests.authenticator import Authenticator
from tests.conftest import Desk
from tests.factor_desks import PASSWORD, events_of, make_person
from tests.factories import make_account, make_sign_in
from tests.web.signin.test_factor import (
    LOCAL,
    code_of,
    enter,
    options_on,
    post,
    secret_on,
    show,
    signed_in,
    token_on,
)

SECURITY = "/account/security"


@pytest.fixture(autouse=True)
def required(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """This desk asks everybody, and no attempt of another test counts."""
    monkeypatch.setattr(attempts, "_counts", {})
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, second_factor="required")


def page_of(client: FlaskClient, address: str = SECURITY) -> str:
    answer = client.get(address, base_url=LOCAL)
    assert answer.status_code == 200
    return answer.text


def _passkey_id(page: str) -> str:
    found = re.search(r"/account/passkeys/(F-[^/]+)/remove", page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_the_page(desk: Desk, role: Role) -> None:
    client = desk.client()
    make_sign_in(client, role)
    page = client.get(SECURITY).text
    assert "Where you are signed in" in page
    assert "Nowhere else." in page


def test_changes_need_a_factor_that_was_shown_a_short_while_ago(desk: Desk) -> None:
    person, client = make_person(app=True, key=True), desk.client()
    start = clock.now()
    with time_machine.travel(start, tick=False):
        signed_in(client, person)
        passkey_id = _passkey_id(page_of(client))
        token = token_on(page_of(client))
    with time_machine.travel(start + timedelta(minutes=11), tick=False):
        for address in ("/account/app", "/account/passkeys/new"):
            assert client.get(address, base_url=LOCAL).headers["Location"] == "/account/confirm"
        for address in (
            "/account/app", "/account/app/remove", "/account/passkeys/new",
            f"/account/passkeys/{passkey_id}/remove", "/account/recovery-codes/new",
        ):  # fmt: skip
            answer = client.post(address, base_url=LOCAL, data={"csrf_token": token, "code": "1"})
            assert answer.headers["Location"] == "/account/confirm", address
        before = enrolled_of(desk.session, person.account_id)
        wrong = post(client, "/account/confirm", "/account/confirm", code="000000")
        assert wrong.status_code == 401
        client.get("/account/app", base_url=LOCAL)
        right = post(client, "/account/confirm", "/account/confirm", code=person.code())
        assert right.headers["Location"] == "/account/app"
        assert client.get("/account/app", base_url=LOCAL).status_code == 200
    assert enrolled_of(desk.session, person.account_id) == before


def test_a_passkey_confirms_too_and_its_answer_only_once(desk: Desk) -> None:
    person, client = make_person(key=True), desk.client()
    assert person.key is not None
    enter(client, person)
    page = client.get("/sign-in/factor", base_url=LOCAL).text
    assert show(client, answer=person.key.get(options_on(page))).status_code == 303
    answer = person.key.get(options_on(page_of(client, "/account/confirm")))
    done = post(client, "/account/confirm", "/account/confirm", answer=answer)
    assert done.headers["Location"] == SECURITY
    assert post(client, "/account/confirm", "/account/confirm", answer=answer).status_code == 401


def test_who_has_no_factor_confirms_by_the_password(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, second_factor="optional")
    person, client = make_person(), desk.client()
    assert enter(client, person) == "/queue"
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert client.get("/account/app", base_url=LOCAL).headers["Location"] == "/account/confirm"
        assert post(client, "/account/confirm", "/account/confirm", password="wrong").status_code == 401
        assert post(client, "/account/confirm", "/account/confirm", password="").status_code == 422
        done = post(client, "/account/confirm", "/account/confirm", password=PASSWORD)
        assert done.headers["Location"] == "/account/app"
        secret = secret_on(page_of(client, "/account/app"))
        added = post(client, "/account/app", "/account/app", code=code_of(secret))
        assert added.headers["Location"] == "/account/recovery-codes"


def test_an_app_is_replaced_and_a_passkey_added_and_removed(desk: Desk) -> None:
    person, client, key = make_person(app=True), desk.client(), Authenticator()
    signed_in(client, person)
    secret = secret_on(page_of(client, "/account/app"))
    assert secret != person.secret
    assert post(client, "/account/app", "/account/app", code="000000").status_code == 422
    done = post(client, "/account/app", "/account/app", code=code_of(secret))
    assert done.headers["Location"] == SECURITY, "recovery codes stay, so that none are shown"
    made = key.create(options_on(page_of(client, "/account/passkeys/new")))
    fields = {"label": "Blue <b>key", "answer": made}
    assert post(client, "/account/passkeys/new", "/account/passkeys/new", **fields).status_code == 303
    again = post(client, "/account/passkeys/new", "/account/passkeys/new", **fields)
    assert again.status_code == 422, "the same one is not added twice"
    page = page_of(client)
    assert "Blue &lt;b&gt;key" in page
    removed = post(client, f"/account/passkeys/{_passkey_id(page)}/remove", SECURITY)
    assert removed.headers["Location"] == SECURITY
    assert "The passkey is removed" in page_of(client)
    kinds = events_of(person.account_id)
    assert (kinds.count("factor.enrolled"), kinds.count("factor.removed")) == (3, 1)


def test_the_last_factor_stays(desk: Desk) -> None:
    person, client = make_person(app=True), desk.client()
    signed_in(client, person)
    assert "/account/app/remove" not in page_of(client)
    answer = post(client, "/account/app/remove", SECURITY)
    assert answer.status_code == 422
    assert "last factor" in answer.text
    assert enrolled_of(desk.session, person.account_id).totp


def test_nobody_removes_somebody_elses_passkey(desk: Desk) -> None:
    person, other = make_person(app=True, key=True), make_person(Role.LEAD, app=True, key=True)
    client, thief = desk.client(), desk.client()
    signed_in(client, person)
    signed_in(thief, other)
    foreign = _passkey_id(page_of(client))
    missing = post(thief, "/account/passkeys/F-0000-0000-0000/remove", SECURITY)
    answer = post(thief, f"/account/passkeys/{foreign}/remove", SECURITY)
    assert answer.status_code == missing.status_code == 404
    strip = re.compile(r"[0-9a-f]{16}|\d\d:\d\d:\d\d|<time.*?</time>|F-[0-9A-Z-]+|value=\"[^\"]*\"")
    assert strip.sub("", answer.text) == strip.sub("", missing.text)
    assert enrolled_of(desk.session, person.account_id).passkeys == 1


def test_new_recovery_codes_are_shown_once(desk: Desk) -> None:
    person, client = make_person(app=True), desk.client()
    signed_in(client, person)
    made = post(client, "/account/recovery-codes/new", SECURITY)
    assert made.headers["Location"] == "/account/recovery-codes"
    page = page_of(client, "/account/recovery-codes")
    codes = re.findall(r">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})<", page)
    assert len(codes) == 10
    assert not set(codes) & set(person.codes)
    kept = post(client, "/account/recovery-codes", "/account/recovery-codes")
    assert kept.headers["Location"] == SECURITY
    assert codes[0] not in page_of(client)
    stranger = desk.client()
    enter(stranger, person)
    assert show(stranger, recovery_code=person.codes[0]).status_code == 401
    assert show(stranger, recovery_code=codes[0]).status_code == 303


def test_all_other_sign_ins_end_at_once(desk: Desk) -> None:
    person, client, other = make_person(app=True), desk.client(), desk.client()
    enter(client, person)
    show(client, code=person.code())
    enter(other, person)
    show(other, code=person.code(1))
    page = page_of(client)
    assert page.count('role="row"') == 3, "two sign-ins and the headings"
    assert "This browser" in page
    assert post(client, "/account/sign-ins/end-others", SECURITY).headers["Location"] == SECURITY
    assert "1 other sign-in is ended" in page_of(client)
    assert other.get("/queue", base_url=LOCAL).headers["Location"] == "/sign-in"
    assert desk.session.scalar(sa.select(sa.func.count()).where(SignIn.ended_at.is_(None))) == 1


def test_an_administrator_resets_the_factor_of_others(desk: Desk) -> None:
    admin, client, person = desk.client(), desk.client(), make_person(app=True, key=True)
    own = make_sign_in(admin, Role.ADMIN)
    signed_in(client, person)
    address = f"/admin/accounts/{person.account_id}/reset-factor"
    page = admin.get(address).text
    assert person.email in page
    token = token_on(page)
    done = admin.post(address, data={"csrf_token": token})
    assert (done.status_code, done.headers["Location"]) == (303, address)
    assert "is reset" in admin.get(address).text
    assert client.get("/queue", base_url=LOCAL).headers["Location"] == "/sign-in"
    assert enter(desk.client(), person) == "/sign-in/enrol"
    assert admin.post(address, data={"csrf_token": token}).status_code == 422
    mine = f"/admin/accounts/{own.account_id}/reset-factor"
    assert "your own account" in admin.get(mine).text
    assert admin.post(mine, data={"csrf_token": token}).status_code == 422
    assert admin.get("/admin/accounts/A-unknown/reset-factor").status_code == 404
    assert admin.get(f"/admin/accounts/{person.email}/reset-factor").status_code == 404


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.LEGAL, Role.SENDER])
def test_nobody_else_resets_a_factor(desk: Desk, role: Role) -> None:
    client, person = desk.client(), make_account()
    make_sign_in(client, role)
    address = f"/admin/accounts/{person.account_id}/reset-factor"
    token = token_on(client.get(SECURITY).text)
    assert client.get(address).status_code == 403
    assert client.post(address, data={"csrf_token": token}).status_code == 403


def test_the_page_warns_when_few_codes_are_left(desk: Desk) -> None:
    person = make_person(app=True)
    client = desk.client()
    enter(client, person)
    show(client, recovery_code=person.codes[0])
    assert "Few recovery codes are left" not in page_of(client)
    for code in person.codes[1:8]:
        enter(client := desk.client(), person)
        show(client, recovery_code=code)
    assert "Few recovery codes are left" in page_of(client)
