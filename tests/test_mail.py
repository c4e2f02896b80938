"""A mail is handed in or the reason is told, in bounded time, whatever the server does."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from review import mail
from review.domain.notices import changed_text, letter
from review.domain.webhooks import Failure
from review.webhooks import Outcome
from tests.certificates import certificate
from tests.posts import FROM, PUBLIC, post, server_at, strange

SHORT = 0.6


def _letter() -> EmailMessage:
    return letter(
        "Z-0000-0000-0001", "item.decided", changed_text("R-0000-0000-0001", public_url=PUBLIC),
        sent_from=FROM, address="duty@unit.example", link=f"{PUBLIC}/notices/x",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def _sent(port: int, *, tls: str = "off", limit_seconds: float = SHORT) -> Outcome:
    return mail.send(_letter(), server=server_at(port, tls), limit_seconds=limit_seconds)


def test_a_server_that_takes_it_has_it() -> None:
    with post() as found:
        outcome = _sent(found.port, limit_seconds=mail.TIME_LIMIT_SECONDS)
    assert (outcome.status, outcome.failure) == (250, None)
    (taken,) = found.taken
    assert taken["Message-ID"] == "<Z-0000-0000-0001@video.example>"
    assert (taken["To"], taken["From"]) == ("duty@unit.example", FROM)
    assert taken["Auto-Submitted"] == "auto-generated"
    assert f"{PUBLIC}/sender/referrals/R-0000-0000-0001" in taken.get_content()


def test_a_refusal_is_told_with_its_words() -> None:
    with post() as found:
        found.refusal = "550 No such \x07 mailbox"
        outcome = _sent(found.port, limit_seconds=mail.TIME_LIMIT_SECONDS)
    assert (outcome.status, outcome.failure) == (550, Failure.MAIL_REFUSED)
    assert "No such" in outcome.excerpt
    assert outcome.excerpt.isprintable()


def test_encryption_that_is_asked_for_and_not_offered_is_no_delivery() -> None:
    with post() as found:
        assert _sent(found.port, tls="starttls").failure is Failure.TLS
        assert found.taken == []


def _hangs(_connection: socket.socket, closing: threading.Event) -> None:
    closing.wait()


def _drips(connection: socket.socket, closing: threading.Event) -> None:
    while not closing.wait(0.02):
        connection.sendall(b"2")


def _never_ends(connection: socket.socket, closing: threading.Event) -> None:
    while not closing.wait(0.01):
        connection.sendall(b"220-wait\r\n")


def _closes_half_way(connection: socket.socket, _closing: threading.Event) -> None:
    connection.sendall(b"220 ready\r\n")
    for _line in range(3):
        connection.recv(4096)
        connection.sendall(b"250 go on\r\n")
    connection.recv(4096)


def _answers_noise(connection: socket.socket, _closing: threading.Event) -> None:
    connection.sendall(b"\xff\x00HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize(
    ("talk", "failures"),
    [
        (_hangs, {Failure.TIMEOUT}),
        (_drips, {Failure.TIMEOUT}),
        (_never_ends, {Failure.TIMEOUT}),
        (_closes_half_way, {Failure.BROKEN}),
        (_answers_noise, {Failure.MAIL_REFUSED, Failure.BROKEN}),
    ],
)
def test_a_server_that_misbehaves_costs_bounded_time_and_is_named(
    talk: Callable[[socket.socket, threading.Event], None], failures: set[Failure]
) -> None:
    with strange(talk) as port:
        outcome = _sent(port)
    assert outcome.failure in failures


def test_nobody_there_and_no_such_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert _sent(port).failure is Failure.NOT_CONNECTED
    outcome = mail.send(_letter(), server=replace(server_at(25), host="nowhere.invalid"))
    assert outcome.failure is Failure.NAME_NOT_FOUND


def test_a_certificate_is_checked_for_the_name_of_the_server(tmp_path: Path) -> None:
    written = certificate(tmp_path, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(written)
    trust = ssl.create_default_context(cafile=str(written))
    with post(tls) as found:
        server = replace(server_at(found.port, "starttls"), host="localhost")
        assert mail.send(_letter(), server=server).failure is Failure.TLS
        other = replace(server, host="127.0.0.1")
        assert mail.send(_letter(), server=other, trust=trust).failure is Failure.TLS
        assert found.taken == []
        assert mail.send(_letter(), server=server, trust=trust).arrived
        assert len(found.taken) == 1
