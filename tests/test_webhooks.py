"""One try: what may be reached, what is followed, how long it may take, and what is kept of an answer."""

import ssl
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest

from review.domain.webhooks import Failure
from review.webhooks import LONGEST_EXCERPT, Outcome, send
from tests.certificates import certificate
from tests.domain.test_addresses import ENCODINGS
from tests.receivers import Reply, receiving, sink

HERE = (ip_network("127.0.0.0/8"),)


def _send(url: str, **options: object) -> Outcome:
    return send(url, b"{}", headers={"webhook-id": "Z-1"}, **{"networks": HERE} | options)  # type: ignore[arg-type]


def test_a_message_arrives_with_its_headers_and_bytes() -> None:
    with receiving() as receiver:
        outcome = _send(receiver.url("/a?b=c"))
    assert (outcome.status, outcome.failure, outcome.excerpt) == (200, None, "")
    heard = receiver.heard[0]
    assert (heard.path, heard.body, heard.headers["webhook-id"]) == ("/a?b=c", b"{}", "Z-1")
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("host", ENCODINGS)
def test_nothing_is_sent_inside_whatever_the_spelling(host: str) -> None:
    """Past the check of the form: the sender itself refuses, resolver and all."""
    with sink() as nobody:
        for scheme in ("https", "http"):
            outcome = _send(f"{scheme}://{host}:{nobody.port}/", networks=())
            assert outcome.status is None
            assert outcome.failure in (Failure.ADDRESS_REFUSED, Failure.NAME_NOT_FOUND)
    assert nobody.connections == 0


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%lo"], ["nonsense"]],
)
def test_a_name_that_leads_inside_is_refused(answers: list[str]) -> None:
    with sink() as nobody:
        outcome = _send(
            f"https://hook.example:{nobody.port}/", networks=(), resolve=lambda _name, _port: answers
        )
    assert (outcome.failure, nobody.connections) == (Failure.ADDRESS_REFUSED, 0)


def test_a_name_is_resolved_once_and_connected_to_where_it_led_then() -> None:
    asked: list[str] = []

    def rebinding(name: str, _port: int) -> Sequence[str]:
        asked.append(name)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    with receiving("127.0.0.2") as receiver, receiving("127.0.0.1", port=receiver.port) as trap:
        only = (ip_network("127.0.0.2/32"),)
        url = receiver.url(host="rebinding.example")
        assert _send(url, networks=only, resolve=rebinding).arrived
        assert len(asked) == 1
        assert receiver.heard[0].headers["host"] == f"rebinding.example:{receiver.port}"
        assert _send(url, networks=only, resolve=rebinding).failure is Failure.ADDRESS_REFUSED
    assert (len(receiver.heard), trap.heard) == (1, [])


def test_plain_http_is_not_spoken_to_public_addresses() -> None:
    outcome = _send("http://hook.example/", resolve=lambda _name, _port: ["93.184.215.14"])
    assert outcome.failure is Failure.ADDRESS_REFUSED


def test_no_redirect_is_followed() -> None:
    with receiving() as receiver, sink() as nobody:
        target = f"http://127.0.0.1:{nobody.port}/"
        receiver.reply = lambda _heard: Reply(302, headers={"Location": target})
        outcome = _send(receiver.url())
    assert (outcome.status, outcome.failure) == (302, Failure.REDIRECT)
    assert (len(receiver.heard), nobody.connections) == (1, 0)


@pytest.mark.parametrize(
    ("status", "failure"),
    [(204, None), (299, None), (400, Failure.STATUS), (410, Failure.GONE), (500, Failure.STATUS)],
)
def test_the_status_says_whether_it_arrived(status: int, failure: Failure | None) -> None:
    with receiving() as receiver:
        receiver.reply = lambda _heard: Reply(status)
        outcome = _send(receiver.url())
    assert (outcome.status, outcome.failure) == (status, failure)


def test_of_a_refusal_the_beginning_is_kept_in_printable_characters() -> None:
    with receiving() as receiver:
        receiver.reply = lambda _heard: Reply(500, b"out\x00 of\n\x1b[31m order\xff " + b"y" * 1_000_000)
        outcome = _send(receiver.url())
    assert outcome.excerpt.startswith("out of [31m order\N{REPLACEMENT CHARACTER} yyy")
    assert len(outcome.excerpt) == LONGEST_EXCERPT


def test_what_arrives_leaves_no_words_behind() -> None:
    with receiving() as receiver:
        receiver.reply = lambda _heard: Reply(200, b"secret words")
        assert _send(receiver.url()).excerpt == ""


def test_a_slow_drip_ends_at_the_time_limit_of_the_whole() -> None:
    with receiving() as receiver:
        receiver.reply = lambda _heard: Reply(way="drip")
        assert _send(receiver.url(), limit_seconds=0.3).failure is Failure.TIMEOUT


def test_what_cannot_be_reached_is_told_apart() -> None:
    with receiving() as receiver:
        receiver.reply = lambda _heard: Reply(way="reset")
        assert _send(receiver.url()).failure is Failure.BROKEN
        assert _send(receiver.url().replace("http", "https")).failure is Failure.TLS
    assert _send(receiver.url()).failure is Failure.NOT_CONNECTED

    def nowhere(_name: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    assert _send("https://hook.example/", resolve=nowhere).failure is Failure.NAME_NOT_FOUND


def test_the_certificate_is_checked_for_the_name_while_the_address_is_pinned(tmp_path: Path) -> None:
    written = certificate(tmp_path, "hook.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(written)
    trust = ssl.create_default_context(cafile=str(written))
    with receiving(tls=tls) as receiver:
        here = {"resolve": lambda _name, _port: ["127.0.0.1"]}
        assert _send(receiver.url(host="hook.example"), trust=trust, **here).arrived
        assert receiver.heard[0].headers["host"] == f"hook.example:{receiver.port}"
        assert _send(receiver.url(host="other.example"), trust=trust, **here).failure is Failure.TLS
        assert _send(receiver.url(host="hook.example"), **here).failure is Failure.TLS
    assert len(receiver.heard) == 1
