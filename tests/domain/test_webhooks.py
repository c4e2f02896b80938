"""What travels: frozen bytes, signatures that another implementation verifies, and the ladder of tries."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from review import clock
from review.domain.webhooks import (
    MOST_TRIES,
    TEST,
    WAITS_SECONDS,
    message_bytes,
    new_secret,
    next_try,
    read_message,
    signed_headers,
    written_secret,
)
from review.errors import InvalidInput

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


@given(data=st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4))
def test_another_implementation_verifies_every_body(data: dict[str, str]) -> None:
    secret = new_secret()
    body = message_bytes("item.decided", seq=1, data=data, at=AT)
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[secret], at=clock.now())
    assert Webhook(written_secret(secret)).verify(body, headers) == json.loads(body)


def test_both_secrets_verify_while_they_rotate_and_no_other() -> None:
    new, old, other = new_secret(), new_secret(), new_secret()
    body = message_bytes("item.decided", seq=1, data={}, at=AT)
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[new, old], at=clock.now())
    for secret in (new, old):
        Webhook(written_secret(secret)).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(written_secret(other)).verify(body, headers)


@pytest.mark.parametrize("change", ["body", "id", "time"])
def test_a_changed_message_is_not_verified(change: str) -> None:
    secret = new_secret()
    body = message_bytes("item.decided", seq=1, data={}, at=AT)
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[secret], at=clock.now())
    if change == "id":
        headers["webhook-id"] = "Z-0000-0000-0002"
    if change == "time":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) - 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(written_secret(secret)).verify(body + b" " if change == "body" else body, headers)


def test_an_old_message_is_not_verified() -> None:
    secret = new_secret()
    body = message_bytes("item.decided", seq=1, data={}, at=AT)
    then = clock.now() - timedelta(minutes=6)
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[secret], at=then)
    with pytest.raises(WebhookVerificationError):
        Webhook(written_secret(secret)).verify(body, headers)


def test_a_body_tells_type_time_and_place_in_the_row() -> None:
    body = message_bytes("item.decided", seq=7, data={"id": "I-1"}, at=AT)
    assert json.loads(body) == {
        "type": "item.decided", "timestamp": "2026-11-23T10:00:00.000000Z", "seq": 7, "data": {"id": "I-1"},
    }  # fmt: skip


@given(lot=st.floats(min_value=0, max_value=1))
def test_ten_tries_take_about_three_days(lot: float) -> None:
    now, waits = AT, []
    for failed in range(1, MOST_TRIES):
        again = next_try(failed, topic="item.decided", lot=lot, now=now)
        assert again is not None
        waits.append((again - now).total_seconds())
        now = again
    assert next_try(MOST_TRIES, topic="item.decided", lot=lot, now=now) is None
    assert all(0.9 * told <= wait <= 1.1 * told for wait, told in zip(waits, WAITS_SECONDS, strict=True))
    assert timedelta(days=2.8) < now - AT < timedelta(days=3.6)


def test_a_message_to_try_an_endpoint_is_tried_once() -> None:
    assert next_try(1, topic=TEST, lot=0.5, now=AT) is None


@given(data=st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4), both=st.booleans())
def test_a_receiver_reads_what_one_of_its_secrets_signed(data: dict[str, str], both: bool) -> None:
    new, old = new_secret(), new_secret()
    body = message_bytes("item.decided", seq=1, data=data, at=AT)
    signing = [new, old] if both else [old]
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=signing, at=AT)
    given_headers = {name.title(): value for name, value in headers.items()}
    known = [written_secret(new), written_secret(old)]
    assert read_message(given_headers, body, known_secrets=known, now=AT) == json.loads(body)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "Z-0000-0000-0002"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1795428001"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,\u00e9"},
        {"webhook-signature": "v1a,AAAA v1,AAAA"},
    ],
)
def test_a_receiver_refuses_what_was_changed(change: dict[str, str]) -> None:
    secret = new_secret()
    body = message_bytes("item.decided", seq=1, data={}, at=AT)
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[secret], at=AT)
    known = [written_secret(secret)]
    assert read_message(headers, body, known_secrets=known, now=AT)["type"] == "item.decided"
    with pytest.raises(InvalidInput):
        read_message(headers | change, body, known_secrets=known, now=AT)
    with pytest.raises(InvalidInput):
        read_message(headers, body + b" ", known_secrets=known, now=AT)
    with pytest.raises(InvalidInput):
        read_message(headers, body, known_secrets=[written_secret(new_secret())], now=AT)
    with pytest.raises(InvalidInput):
        read_message(headers, body, known_secrets=["whsec_%"], now=AT)


@pytest.mark.parametrize(("seconds", "believed"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_receiver_believes_messages_of_five_minutes(seconds: int, believed: bool) -> None:
    secret = new_secret()
    body = message_bytes("item.decided", seq=1, data={}, at=AT)
    headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[secret], at=AT)
    given: dict[str, Any] = {
        "known_secrets": [written_secret(secret)],
        "now": AT + timedelta(seconds=seconds),
    }
    if believed:
        assert read_message(headers, body, **given)["seq"] == 1
    else:
        with pytest.raises(InvalidInput, match="not signed within 300 seconds"):
            read_message(headers, body, **given)


def test_a_signed_body_that_is_no_object_is_refused() -> None:
    secret = new_secret()
    for body in (b"[]", b"\xff", b""):
        headers = signed_headers("Z-0000-0000-0001", body, signing_secrets=[secret], at=AT)
        with pytest.raises(InvalidInput, match="no JSON object"):
            read_message(headers, body, known_secrets=[written_secret(secret)], now=AT)
