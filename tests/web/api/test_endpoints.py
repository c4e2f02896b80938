"""A program sets where its sender is told: the secret once, own endpoints alone, and what is refused."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from review.domain.permissions import Scope
from review.models import Endpoint, Opening
from tests.conftest import Desk
from tests.endpoints import allow_loopback, deliver
from tests.factories import make_key, make_sender
from tests.receivers import receiving
from tests.web.api.described import problems_of

ADDRESS = "/api/v1/endpoints"
BODY = {"url": "https://hook.example/in", "topics": ["item.decided", "referral.received"]}


class Program:
    """A program of a sender."""

    def __init__(self, desk: Desk, *scopes: Scope, sender_id: str = "") -> None:
        key = make_key(sender_id or make_sender(), *(scopes or (Scope.MANAGE,)))
        self._client, self._headers = desk.client(), {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, address: str = ADDRESS, **options: Any) -> TestResponse:
        """Send one request."""
        return self._client.open(address, method=method, headers=self._headers, **options)


def test_an_endpoint_is_added_listed_rotated_and_removed(desk: Desk) -> None:
    program = Program(desk)
    added = program.ask("POST", json=BODY)
    assert (added.status_code, added.headers["Cache-Control"]) == (201, "no-store")
    shown = added.get_json()
    assert shown["topics"] == ["referral.received", "item.decided"]
    (listed,) = program.ask("GET").get_json()["endpoints"]
    assert listed["id"] == shown["id"]
    assert (listed["state"], listed["previous_secret_until"]) == ("on", None)
    assert shown["secret"] not in program.ask("GET").text
    rotated = program.ask("POST", f"{ADDRESS}/{shown['id']}/rotate")
    assert rotated.status_code == 200
    assert rotated.get_json()["secret"] != shown["secret"]
    until = program.ask("GET").get_json()["endpoints"][0]["previous_secret_until"]
    refused = program.ask("POST", f"{ADDRESS}/{shown['id']}/rotate")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "/errors/already_rotated")
    assert refused.get_json()["previous_secret_until"] == until
    assert until in refused.get_json()["detail"]
    document = desk.client().get("/api/v1/openapi.json").get_json()
    for answer, model in ((added, "EndpointSecretAnswer"), (program.ask("GET"), "EndpointList")):
        assert problems_of(document, {"$ref": f"#/components/schemas/{model}"}, answer.get_json()) == []
    removed = program.ask("DELETE", f"{ADDRESS}/{shown['id']}")
    assert (removed.status_code, removed.data) == (204, b"")
    assert program.ask("GET").get_json() == {"endpoints": []}
    assert program.ask("DELETE", f"{ADDRESS}/{shown['id']}").status_code == 404
    names = desk.session.scalars(sa.select(Opening.event_type).order_by(Opening.object_version))
    assert list(names) == ["endpoint.added", "endpoint.rotated", "endpoint.removed"]


def test_a_test_message_reaches_the_receiver(desk: Desk) -> None:
    allow_loopback(desk)
    program = Program(desk)
    with receiving() as receiver:
        shown = program.ask("POST", json=BODY | {"url": receiver.url()}).get_json()
        answer = program.ask("POST", f"{ADDRESS}/{shown['id']}/test")
        assert answer.status_code == 202
        deliver(desk)
    (heard,) = receiver.heard
    assert heard.headers["webhook-id"] == answer.get_json()["id"]
    assert Webhook(shown["secret"]).verify(heard.body, heard.headers)["data"] == {"endpoint": shown["id"]}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (BODY | {"url": "https://10.0.0.1/"}, "/url", "url_not_public"),
        (BODY | {"url": "http://hook.example/"}, "/url", "url_scheme"),
        (BODY | {"url": 7}, "/url", "wrong_type"),
        (BODY | {"topics": []}, "/topics", "too_few"),
        (BODY | {"topics": ["everything"]}, "/topics", "topics_not_valid"),
        ({"topics": ["item.decided"]}, "/url", "missing"),
        (BODY | {"secret": "mine"}, "/secret", "unknown_member"),
    ],
)
def test_what_does_not_do_is_refused_with_its_place(
    desk: Desk, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = Program(desk).ask("POST", json=body)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [(pointer, code)]
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Endpoint)) == 0


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"url": "ftp://x", "topics": ["nope"], "zz": 1}, ["/topics", "/url", "/zz"]),
        ({"url": "ftp://x", "topics": ["nope"]}, ["/topics", "/url"]),
        ({"url": "https://10.0.0.1/", "topics": []}, ["/topics", "/url"]),
        ({"url": 7, "topics": ["item.decided", "nope"]}, ["/topics", "/url"]),
        ({"topics": ["x" * 41], "zz": 1}, ["/topics/0", "/url", "/zz"]),
        ({"url": "", "~/": 1}, ["/topics", "/url", "/~0~1"]),
    ],
)
def test_all_problems_of_a_body_are_told_at_once(desk: Desk, body: dict[str, Any], places: list[str]) -> None:
    answer = Program(desk).ask("POST", json=body)
    assert answer.status_code == 422
    assert sorted(one["pointer"] for one in answer.get_json()["errors"]) == places


def test_endpoints_of_others_are_missing_like_any_that_do_not_exist(desk: Desk) -> None:
    program, other = Program(desk), Program(desk)
    shown = program.ask("POST", json=BODY).get_json()
    assert other.ask("GET").get_json() == {"endpoints": []}
    for method, after in (("DELETE", ""), ("POST", "/rotate"), ("POST", "/test")):
        foreign = other.ask(method, f"{ADDRESS}/{shown['id']}{after}")
        missing = other.ask(method, f"{ADDRESS}/J-0000-0000-0000{after}")
        assert foreign.status_code == missing.status_code == 404
        assert json.loads(foreign.data) == json.loads(missing.data)


def test_a_key_without_the_scope_may_not(desk: Desk) -> None:
    program = Program(desk, Scope.REFER, Scope.READ)
    assert program.ask("GET").status_code == 403
    assert program.ask("POST", json=BODY).status_code == 403
