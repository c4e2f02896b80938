"""Default deny: every route declares its permission, and only its holders get in."""

import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from app import create_app
from review.domain.permissions import GRANTS, Permission, Role, Scope
from review.web import guard
from tests.conftest import Desk, settings_for
from tests.factories import make_key, make_sender, make_sign_in

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def _app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("access")
    return create_app(settings_for(f"sqlite:///{folder / 'none.db'}", folder))


def test_every_route_declares_a_permission(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = _app(tmp_path_factory)
    undeclared = [
        rule.rule for rule in app.url_map.iter_rules() if guard.permission_of(app, rule.endpoint) is None
    ]
    assert undeclared == []


def test_every_permission_is_used_and_granted(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = _app(tmp_path_factory)
    declared = {guard.permission_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    assert declared == set(Permission) == set(GRANTS)


def test_an_undeclared_route_is_closed_to_everybody(desk: Desk) -> None:
    desk.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    assert client.get("/forgotten").status_code == 403


OF_PAGES = {"/queue/new"}
"""Asked by a page by itself, with what it knows: nobody is sent to sign in and back to it."""


def _addresses(app: Flask) -> list[tuple[str, str, Permission]]:
    """Every address with made-up ids, each with one of its methods and its permission."""
    found = []
    for rule in app.url_map.iter_rules():
        permission = guard.permission_of(app, rule.endpoint)
        assert permission is not None
        address = re.sub(r"<[^>]+>", "C-0000-0000-0000", rule.rule)
        found += [(method, address, permission) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_gets_in_without_the_permission(desk: Desk) -> None:
    clients: dict[Role | None, FlaskClient] = {None: desk.client()}
    for person in Role:
        clients[person] = desk.client()
        make_sign_in(clients[person], person)
    for method, address, permission in _addresses(desk.app):
        if address.startswith("/api/") or permission in (Permission.ANYONE, Permission.SIGNED_IN):
            continue
        for role, client in clients.items():
            answer = client.open(address, method=method)
            allowed = role in GRANTS[permission].roles
            if role is None:
                expected = {303} if method == "GET" and address not in OF_PAGES else {401}
            elif allowed:
                expected = {200, 202, 303, 403, 404, 409, 422}
            else:
                expected = {403}
            assert answer.status_code in expected, (method, address, role, answer.status_code)
            if allowed and method == "GET" and address not in OF_PAGES:
                assert answer.status_code in (200, 303, 404), (address, role, answer.status_code)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_keys_get_in_only_with_the_scope(desk: Desk) -> None:
    sender_id = make_sender()
    for scope in Scope:
        key = make_key(sender_id, scope)
        for method, address, permission in _addresses(desk.app):
            if not address.startswith("/api/") or permission is Permission.ANYONE:
                continue
            without = desk.client().open(address, method=method)
            assert (without.status_code, without.mimetype) == (401, "application/problem+json")
            answer = desk.client().open(address, method=method, headers={"Authorization": f"Bearer {key}"})
            if scope in GRANTS[permission].scopes:
                assert answer.status_code in (200, 404, 415, 413, 400, 422), (address, answer.status_code)
            else:
                assert answer.status_code == 403, (method, address, scope)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_unsafe_requests_need_the_form_token(desk: Desk) -> None:
    for role in Role:
        client = desk.client()
        make_sign_in(client, role)
        for method, address, permission in _addresses(desk.app):
            if method not in UNSAFE or address.startswith("/api/"):
                continue
            if permission is not Permission.ANYONE and role not in GRANTS[permission].roles:
                continue
            form = client.open(address, method=method, data={"any": "field"})
            assert form.status_code == 403, (method, address)
            no_form = 415 if address == "/verify" else 403  # programs ask there as well
            assert client.open(address, method=method).status_code == no_form, (method, address)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_answer_carries_the_headers(desk: Desk) -> None:
    client = desk.client()
    for address in ("/sign-in", "/nothing", "/api/v1/nothing", "/healthz", "/static/desk.css"):
        with client.get(address) as answer:
            for name, value in guard.HEADERS.items():
                assert answer.headers[name] == value, (address, name)
    with desk.app.test_request_context():
        assert url_for("static", filename="desk.css") == "/static/desk.css"
