"""`/metrics` and `/readyz`: right figures for insiders, nothing for others, never content or names."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from review.domain.loops import LOOPS
from review.domain.permissions import Role
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in, referral_body
from tests.signs import beat_all

TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789"
FAR = {"REMOTE_ADDR": "192.0.2.9"}


def samples(text: str) -> dict[tuple[str, str], float]:
    """Every sample by name and its label values."""
    return {
        (sample.name, "/".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_happened_is_in_the_figures_and_nothing_of_what_was_said(desk: Desk) -> None:
    beat_all()
    client, headers = desk.client(), {"Authorization": f"Bearer {make_key(make_sender())}"}
    before = samples(client.get("/metrics").text)
    for number in range(3):
        body = referral_body(f"SECRET-{number}", f"https://video.example/secret-{number}")
        sent = client.post("/api/v1/referrals", data=body, headers=headers, content_type="application/json")
        assert sent.status_code == 201
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    after = samples(answer.text)
    grown = {key: value - before.get(key, 0) for key, value in after.items()}
    assert grown["review_requests_total", "api_referrals.refer/POST/2xx"] == 3
    assert grown["review_request_seconds_count", "api_referrals.refer/POST"] == 3
    assert grown["review_events_total", "referral.received"] == 3
    assert grown["review_items_received_total", "referral"] == 3
    assert grown["review_database_wait_seconds_count", ""] >= 3
    assert after["review_queue_cases", "other/open"] == 3
    assert after["review_pending_events", ""] >= 3
    assert grown["review_requests_in_flight", "api"] == 0
    assert after["review_database_up", ""] == 1
    assert after["review_process_memory_bytes", ""] > 10_000_000
    assert {label for name, label in after if name.startswith("review_loop")} >= {"sign", "dispatch"}
    for hidden in ("SECRET", "secret", "video.example", "S-", headers["Authorization"][7:]):
        assert hidden not in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_insiders_read_the_figures_and_the_detail(desk: Desk) -> None:
    beat_all()
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, metrics_token=TOKEN)
    outside = desk.client()
    for headers in ({}, {"Authorization": "Bearer " + TOKEN[:-1]}, {"X-Forwarded-For": "127.0.0.1"}):
        assert outside.get("/metrics", headers=headers, environ_overrides=FAR).status_code == 403
        ready = outside.get("/readyz", headers=headers, environ_overrides=FAR)
        assert (ready.status_code, ready.get_json()) == (200, {"status": "ready"})
    token = {"Authorization": f"Bearer {TOKEN}"}
    assert outside.get("/metrics", headers=token, environ_overrides=FAR).status_code == 200
    assert "checks" in outside.get("/readyz", headers=token, environ_overrides=FAR).get_json()
    for role in Role:
        person = desk.client()
        make_sign_in(person, role)
        expected = 200 if role is Role.ADMIN else 403
        assert person.get("/metrics", environ_overrides=FAR).status_code == expected, role


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_who_came_through_a_proxy_is_not_near_whatever_a_header_says(desk: Desk, header: str) -> None:
    client = desk.client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "nobody"}).status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_outsiders_hear_what_is_not_well_in_plain_words(desk: Desk) -> None:
    problem = desk.client().get("/readyz", environ_overrides=FAR)
    assert problem.status_code == 503
    assert problem.headers["Retry-After"]
    assert [(entry["code"], entry["detail"]) for entry in problem.get_json()["errors"]] == [
        ("workers", "Not well.")
    ]
    near = desk.client().get("/readyz").get_json()["errors"][0]["detail"]
    assert ", ".join(LOOPS) in near
    admin = desk.client()
    make_sign_in(admin, Role.ADMIN)
    assert "Background loops" in admin.get("/admin").text
