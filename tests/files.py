"""Files of referrals for tests: uploaded on the pages, worked on by the loop, step by step or to the end."""

import html
import io
import re
from typing import Any

from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from review.domain.permissions import Role
from review.workers import receiving
from tests.conftest import Desk
from tests.factories import make_sign_in

PAGES = "/sender/batches"
HEADER = "reference,reason,url"


def table(*rows: str, header: str = HEADER) -> bytes:
    """A CSV file with these rows."""
    return "".join(f"{row}\r\n" for row in (header, *rows)).encode()


def good_rows(count: int, *, start: int = 1) -> list[str]:
    """Rows that are referrals of their own."""
    return [f"F-{number},Why,https://video.example/{number}" for number in range(start, start + count)]


class Officer:
    """Somebody of a sender who is signed in and has seen the form."""

    def __init__(self, desk: Desk, *, sender_id: str | None = None) -> None:
        self.client = desk.client()
        self.actor = make_sign_in(self.client, Role.SENDER, sender_id=sender_id)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', self.get(f"{PAGES}/new").text)
        assert found is not None
        self.token = found[1]

    def get(self, address: str) -> TestResponse:
        """Open a page."""
        return self.client.get(address)

    def post(self, address: str, **fields: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(address, data={"csrf_token": self.token} | fields)

    def said(self, address: str) -> str:
        """The words of a page, with single blanks."""
        answer = self.get(address)
        assert answer.status_code == 200, answer.status
        main = answer.text.partition("<main")[2].partition("</main")[0]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())

    def bring(self, content: bytes, *, name: str = "action.csv") -> TestResponse:
        """Send the form with a file."""
        file = FileStorage(io.BytesIO(content), filename=name)
        boundary, body = encode_multipart({"csrf_token": self.token, "file": file})
        return self.client.post(
            f"{PAGES}/new", data=body, content_type=f"multipart/form-data; boundary={boundary}"
        )

    def upload(self, content: bytes, *, name: str = "action.csv") -> str:
        """Bring a file that is taken; the address of its page."""
        answer = self.bring(content, name=name)
        assert answer.status_code == 303, answer.text
        return answer.location


def work(app: Flask) -> int:
    """Let the loop work until nothing waits; how many steps it took."""
    steps = 0
    with app.app_context():
        while receiving.run_once(app):
            steps += 1
    return steps
