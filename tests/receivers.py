"""A program of a sender that is told: a real HTTP server on loopback that answers as a test wants."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request: path, headers in lower case, body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What to answer; ``way``: whole, ``reset`` (the connection is torn), or ``drip`` (never ends)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    way: str = "whole"


@dataclass
class Receiver:
    """What it heard, in order; ``reply`` makes the answer to each. ``closing`` ends the drips.

    ``keeps`` connections open after an answer; ``callers`` are the far ends of all connections it had.
    """

    port: int = 0
    scheme: str = "http"
    keeps: bool = False
    callers: list[Any] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    reply: Callable[[Heard], Reply] = lambda _heard: Reply()
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """An address of this receiver."""
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def receiving(
    host: str = "127.0.0.1", *, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver that runs in threads until the end."""
    receiver = Receiver(scheme="http" if tls is None else "https")
    server = ThreadingHTTPServer((host, port), _serving(receiver))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _serving(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Serving(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            receiver.callers.append(self.client_address)
            super().setup()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            if len(body) < length:  # whoever sent it was killed on the way: no message
                self.close_connection = True
                return
            heard = Heard(self.path, headers, body)
            receiver.heard.append(heard)
            _answer(self, receiver, receiver.reply(heard))

        def log_message(self, *_words: Any) -> None:
            """Say nothing."""

    return Serving


def _answer(serving: BaseHTTPRequestHandler, receiver: Receiver, reply: Reply) -> None:
    serving.close_connection = not receiver.keeps
    if reply.way == "reset":
        serving.close_connection = True
        serving.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        serving.connection.close()
        return
    if reply.way == "drip":
        try:
            for sign in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60_000:
                serving.wfile.write(bytes([sign]))
                if receiver.closing.wait(0.05):
                    return
        except OSError:
            return
    serving.send_response(reply.status)
    for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
        serving.send_header(name, value)
    serving.end_headers()
    try:
        serving.wfile.write(reply.body)
    except OSError:
        return


@dataclass
class Sink:
    """Listens and counts who connects: nobody should."""

    port: int
    connections: int = 0


@contextmanager
def sink(host: str = "127.0.0.1") -> Iterator[Sink]:
    """A port that nobody may reach."""
    listener = socket.create_server((host, 0))
    found = Sink(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            found.connections += 1
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
