"""HTTP as a cautious client speaks it: was the request refused, answered, or is its outcome unknown?"""

import http.client
import socket
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

SECONDS = 60.0


class Unreached(Exception):
    """Nobody listens: the request was never sent."""


class Ambiguous(Exception):
    """The request left and the connection died before the whole answer came: nobody knows."""


@dataclass(frozen=True)
class Answer:
    """Status, headers in lower case, and the whole body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def location(self) -> str:
        """Where a redirect leads; blank without one."""
        return self.headers.get("location", "")


class Connection:
    """One kept-alive connection, with an API key or with the cookies of a person."""

    def __init__(self, port: int, *, key: str = "", cookies: dict[str, str] | None = None) -> None:
        self.port = port
        self.key = key
        self.cookies = dict(cookies or {})
        self._http: http.client.HTTPConnection | None = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._http is None:
            fresh = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
            try:
                fresh.connect()
            except OSError as error:
                raise Unreached from error
            fresh.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._http = fresh
        return self._http

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request; raises `Unreached` or `Ambiguous`."""
        connection = self._connected()
        try:
            connection.request(method, path, body, self._headers() | (headers or {}))
            response = connection.getresponse()
            answer = Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
            self._keep_cookies(response)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Ambiguous from error
        return answer

    def send_only(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> http.client.HTTPConnection:
        """Send a request and wait for nothing; the caller cuts the connection that is given back."""
        connection = self._connected()
        self._http = None
        connection.request(method, path, body, self._headers() | headers)
        return connection

    def post_form(self, path: str, **fields: str) -> Answer:
        """Send a form, its token included by the caller."""
        body = urlencode(fields).encode()
        return self.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def _headers(self) -> dict[str, str]:
        if self.key:
            return {"Authorization": f"Bearer {self.key}"}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def close(self) -> None:
        """Give the connection up."""
        if self._http is not None:
            self._http.close()
            self._http = None
