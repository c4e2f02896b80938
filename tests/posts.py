"""Mail servers for tests: a real one that keeps what it takes, and bare ones that misbehave on the way."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from review.setting_addresses import MailServer
from tests.conftest import Desk

PUBLIC = "https://desk.example"
FROM = "desk@video.example"


@dataclass
class Post:
    """A mail server: where it is, what it took, and what it answers instead of taking (blank: it takes)."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    refusal: str = ""

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take or refuse one recipient."""
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep one mail."""
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 Taken"


@contextmanager
def post(tls: ssl.SSLContext | None = None) -> Iterator[Post]:
    """A real mail server on loopback until the end; with ``tls`` it offers STARTTLS."""
    found = Post()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found.port = probe.getsockname()[1]
    more: dict[str, Any] = {} if tls is None else {"tls_context": tls, "require_starttls": True}
    controller = Controller(found, hostname="127.0.0.1", port=found.port, **more)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


@contextmanager
def strange(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A server that talks as the test wants, on its port; the event ends what would never end."""
    listener, closing = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection, closing)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        closing.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def server_at(port: int, tls: str = "off") -> MailServer:
    """Settings for the server on that port of this machine."""
    return MailServer("127.0.0.1", port, tls, "", "", FROM)


def mail_through(desk: Desk, port: int) -> None:
    """Let this desk send its mails there."""
    known = desk.app.config["REVIEW_SETTINGS"]
    desk.app.config["REVIEW_SETTINGS"] = replace(known, mail=server_at(port), public_url=PUBLIC)
