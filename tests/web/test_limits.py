"""Rate limits through HTTP: 429 with Retry-After, who asks alone decides, one behind a proxy is one."""

from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from review import db
from review.actions import rates
from review.domain.keys import digest_of
from review.models import Sender
from review.queries.senders import key_by_digest
from tests.conftest import Desk
from tests.factories import make_key, make_sender, referral_body

OWN = "/api/v1/referrals/R-0000-0000-0000"


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> Any:
    """All within one minute, and nothing counted before."""
    monkeypatch.setattr(rates, "_leases", {})
    with time_machine.travel("2026-11-23T10:00:20Z", tick=False):
        yield


def limit(desk: Desk, **limits: int) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, **limits)  # type: ignore[arg-type]


def statuses(client: FlaskClient, times: int, address: str = OWN, *, key: str = "") -> list[int]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return [client.get(address, headers=headers).status_code for _ in range(times)]


def test_a_key_has_its_limit_and_another_key_its_own(desk: Desk) -> None:
    limit(desk, requests_per_key=5)
    sender_id = make_sender()
    first, second = make_key(sender_id), make_key(sender_id)
    assert statuses(desk.client(), 6, key=first) == [404] * 5 + [429]
    assert statuses(desk.client(), 1, key=second) == [404]
    refused = desk.client().get(OWN, headers={"Authorization": f"Bearer {first}"})
    assert refused.mimetype == "application/problem+json"
    assert refused.headers["Retry-After"] == "40"
    assert refused.get_json()["type"] == "/errors/too_many_requests"


def test_what_is_asked_for_changes_nothing(desk: Desk) -> None:
    limit(desk, requests_per_key=3)
    sender_id = make_sender()
    there, missing = make_key(sender_id), make_key(sender_id)
    assert statuses(desk.client(), 4, "/api/v1/referrals", key=there) == [200] * 3 + [429]
    assert statuses(desk.client(), 4, OWN, key=missing) == [404] * 3 + [429]


def test_dead_keys_are_limited_by_address_and_living_ones_are_not(desk: Desk) -> None:
    limit(desk, failed_keys_per_address=4)
    client = desk.client()
    assert statuses(client, 2) == [401] * 2
    assert statuses(client, 3, key="rr_dead") == [401] * 2 + [429]
    assert statuses(client, 1, key=make_key(make_sender())) == [404]
    assert client.get(OWN, environ_overrides={"REMOTE_ADDR": "192.0.2.9"}).status_code == 401


def test_an_address_has_its_limit_even_where_nothing_is(desk: Desk) -> None:
    limit(desk, requests_per_address=4)
    client = desk.client()
    assert statuses(client, 3, "/api/v1/nothing") == [404] * 3
    assert statuses(client, 2, "/log/key") == [404, 429]
    assert statuses(client, 3, "/sign-in") == [200] * 3
    assert statuses(client, 3, "/healthz") == [200] * 3


def test_behind_a_proxy_the_address_is_the_callers_and_cannot_be_chosen(desk: Desk) -> None:
    limit(desk, requests_per_address=2)
    inner = desk.app.wsgi_app
    desk.app.wsgi_app = ProxyFix(inner, x_for=1)  # type: ignore[method-assign]
    client = desk.client()
    given = ["203.0.113.1, 192.0.2.1", "203.0.113.2, 192.0.2.1", "203.0.113.3, 192.0.2.1", "192.0.2.2"]
    answers = [client.get("/log/key", headers={"X-Forwarded-For": forwarded}) for forwarded in given]
    assert [answer.status_code for answer in answers] == [404, 404, 429, 404]


def own_limits(sender_id: str, *, requests: int | None = None, lines: int | None = None) -> None:
    with db.transaction() as writer:
        sender = writer.get_one(Sender, sender_id)
        sender.requests_per_minute, sender.batch_lines = requests, lines


def test_a_senders_own_limit_goes_before_the_setting(desk: Desk) -> None:
    limit(desk, requests_per_key=3)
    tight, wide, plain = make_sender(), make_sender(), make_sender()
    own_limits(tight, requests=1)
    own_limits(wide, requests=5)
    counts = [statuses(desk.client(), 6, key=make_key(sender)).count(404) for sender in (tight, wide, plain)]
    assert counts == [1, 5, 3]
    limit(desk, requests_per_key=0)
    assert statuses(desk.client(), 3, key=make_key(tight)) == [404, 429, 429]
    assert statuses(desk.client(), 7, key=make_key(plain)) == [404] * 7


def test_a_senders_own_batch_ends_at_its_lines(desk: Desk) -> None:
    sender_id = make_sender()
    own_limits(sender_id, lines=2)
    headers = {"Authorization": f"Bearer {make_key(sender_id)}", "Content-Type": "application/x-ndjson"}
    body = b"\n".join(referral_body(f"REF-{number}") for number in range(3))
    answer = desk.client().post("/api/v1/referrals/batch", data=body, headers=headers)
    assert answer.status_code == 413
    assert "at most 2 lines" in answer.get_json()["detail"]
    assert answer.get_json()["last_line"] == "2"
    own_limits(sender_id)
    answer = desk.client().post("/api/v1/referrals/batch", data=body, headers=headers)
    assert (answer.status_code, answer.get_json()["lines"]) == (200, 3)


def test_the_look_up_of_a_key_brings_its_limits_along(desk: Desk) -> None:
    sender_id = make_sender()
    own_limits(sender_id, requests=7, lines=9)
    found = key_by_digest(desk.session, digest_of(make_key(sender_id)))
    assert found is not None
    assert (found.requests_per_minute, found.batch_lines) == (7, 9)
