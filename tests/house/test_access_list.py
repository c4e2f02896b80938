"""Everybody at every door: the crawl equals the access list, and who is closed or expired is nobody."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import clock, db
from review.domain.permissions import Actor, Role, Scope
from review.models import Account, SenderKey, SignIn
from review.web import guard
from tests.answers import plain
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.house.access_list import FOR_KEYS, KEY, access_list, may_enter
from tests.house.readme_tables import README

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MADE_UP = "C-0000-0000-0000"


@dataclass
class Visitor:
    """Somebody at the doors; ``who`` is the role or scope that the list knows them by, empty for nobody."""

    who: str
    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get("/display").text)
        assert found is not None
        self.token = found[1]

    def ask(self, method: str, address: str) -> TestResponse:
        """Send one request from far away, with the token of a form where it would change something."""
        form = None if method in ("GET", "HEAD") else {"csrf_token": self.token}
        far = {"REMOTE_ADDR": "192.0.2.9"}
        return self.client.open(
            address, method=method, data=form, headers=self.headers, environ_overrides=far
        )


PAST = timedelta(days=2)
NOBODIES = ("closed account", "expired sign-in", "idle sign-in", "ended sign-in", "sign-in of another role")
"""Ways in which a person who was let in is nobody any more."""


def _end(way: str, actor: Actor) -> None:
    """Make a nobody of a person who is signed in."""
    now = clock.now()
    account = sa.update(Account).where(Account.id == actor.account_id)
    sign_in = sa.update(SignIn).where(SignIn.account_id == actor.account_id)
    changes = {
        "closed account": account.values(closed_at=now),
        "expired sign-in": sign_in.values(expires_at=now - PAST),
        "idle sign-in": sign_in.values(last_used_at=now - PAST),
        "ended sign-in": sign_in.values(ended_at=now),
        "sign-in of another role": sign_in.values(role=Role.LEAD.value),
    }
    with db.transaction() as writer:
        writer.execute(changes[way])


def _nobody(desk: Desk, way: str) -> Visitor:
    client = desk.client()
    _end(way, make_sign_in(client, Role.ADMIN))
    return Visitor("", client)


def _key(desk: Desk, *scopes: Scope, **changes: object) -> Visitor:
    key = make_key(make_sender(), *scopes)
    with db.transaction() as writer:
        if changes:
            digest = hashlib.sha256(key.encode()).hexdigest()
            writer.execute(sa.update(SenderKey).where(SenderKey.digest == digest).values(changes))
    who = "" if changes else f"{KEY}{scopes[0]}"
    return Visitor(who, desk.client(), {"Authorization": f"Bearer {key}"})


def _visitors(desk: Desk) -> dict[str, Visitor]:
    found = {"anonymous": Visitor("", desk.client())}
    for role in Role:
        client = desk.client()
        make_sign_in(client, role)
        found[role] = Visitor(role, client)
    found |= {way: _nobody(desk, way) for way in NOBODIES}
    found |= {f"{KEY}{scope}": _key(desk, scope) for scope in Scope}
    found["revoked key"] = _key(desk, *Scope, revoked_at=clock.now())
    found["expired key"] = _key(desk, *Scope, expires_at=clock.now() - PAST)
    found["unknown key"] = Visitor("", desk.client(), {"Authorization": "Bearer rr_never"})
    return found


def _doors(app: Flask) -> list[tuple[str, str, str]]:
    """Every route with each method, and its address with made-up ids."""
    return [
        (rule.rule, method, re.sub(r"<[^>]+>", MADE_UP, rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]


def _take_views_away(app: Flask) -> None:
    """Behind each door only a word: who reads it was let in, and has changed nothing."""
    for endpoint in app.view_functions:
        permission = guard.permission_of(app, endpoint)

        def inside(**_parts: object) -> str:
            return "INSIDE"

        if permission is not None:
            app.view_functions[endpoint] = guard.access(permission)(inside)


@ONE_DATABASE
def test_every_route_is_in_the_access_list_and_nothing_else(desk: Desk) -> None:
    doors = {(route, method) for route, method, _address in _doors(desk.app)}
    assert doors == access_list(README.read_text()).keys()


@ONE_DATABASE
def test_everybody_gets_in_where_the_access_list_says_and_nowhere_else(desk: Desk) -> None:
    visitors = _visitors(desk)
    _take_views_away(desk.app)
    listed = access_list(README.read_text())
    wrong = []
    for route, method, address in _doors(desk.app):
        for name, visitor in visitors.items():
            answer = visitor.ask(method, address)
            holders = listed.get((route, method), frozenset())
            expected = _expected(visitor, method, address, may_enter(visitor.who, address, holders))
            if answer.status_code != expected or ("INSIDE" in answer.text) != _shows(expected, method):
                wrong.append((name, method, route, answer.status_code, expected))
    assert wrong == []


def _expected(visitor: Visitor, method: str, address: str, enters: bool) -> int:
    """200 inside; outside 403 for those who are known, and for nobody the way to the sign-in, or 401."""
    if enters:
        return 200
    known = visitor.who and visitor.who.startswith(KEY) == address.startswith(FOR_KEYS)
    if known:
        return 403
    return 303 if method == "GET" and not address.startswith(FOR_KEYS) else 401


def _shows(status: int, method: str) -> bool:
    return status == 200 and method != "HEAD"


@ONE_DATABASE
@pytest.mark.parametrize("way", NOBODIES)
def test_who_is_closed_or_expired_is_answered_as_nobody_would_be(desk: Desk, way: str) -> None:
    """Word for word, at every door, also at those that are open to everybody."""
    anonymous, nobody = Visitor("", desk.client()), _nobody(desk, way)
    differ = []
    for route, method, address in _doors(desk.app):
        first, second = (_told(visitor, method, address) for visitor in (anonymous, nobody))
        if first != second:
            differ.append((method, route, first[0], second[0]))
    assert differ == []


def _told(visitor: Visitor, method: str, address: str) -> tuple[int, str, str]:
    """Status, headers and body, without what differs from request to request and the content of cookies."""
    with visitor.ask(method, address) as answer:
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
        return answer.status_code, plain(headers), plain(answer.get_data(as_text=True))
