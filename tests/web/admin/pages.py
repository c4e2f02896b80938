"""An administrator's browser for tests of pages: opens, reads the token, sends forms."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review.domain.permissions import Actor, Role
from tests.conftest import Desk
from tests.factories import make_sign_in


class Person:
    """Somebody signed in; ``page`` is the text of the last answer."""

    def __init__(self, desk: Desk, role: Role = Role.ADMIN, *, sender_id: str | None = None) -> None:
        self.client: FlaskClient = desk.client()
        self.actor: Actor = make_sign_in(self.client, role, sender_id=sender_id)
        self.page = ""

    def get(self, address: str, expected: int = 200) -> str:
        """Open a page."""
        return self._kept(self.client.get(address), expected).text

    def post(self, address: str, expected: int = 303, **fields: Any) -> TestResponse:
        """Send a form of the last page to this address, with its hidden fields unless given."""
        hidden = {
            name: value
            for name in ("csrf_token", "version", "once")
            if (value := self.field(name)) is not None and name not in fields
        }
        answer = self.client.post(address, data=hidden | fields)
        if answer.status_code != 303:
            return self._kept(answer, expected)
        assert expected == 303, answer.headers["Location"]
        return answer

    def follow(self, answer: TestResponse) -> str:
        """Open where an answer leads to."""
        return self.get(answer.headers["Location"].partition("#")[0])

    def field(self, name: str) -> str | None:
        """The value of a hidden field of the last page."""
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', self.page)
        return None if found is None else found[1]

    def _kept(self, answer: TestResponse, expected: int) -> TestResponse:
        assert answer.status_code == expected, (answer.request.path, answer.status_code, answer.text[-800:])
        self.page = answer.text
        return answer


def key_on(page: str) -> str:
    """The key that a page shows."""
    found = re.search(r'<textarea id="once"[^>]*>\s*(rr_[^<\s]+)\s*</textarea>', page)
    assert found is not None
    return found[1]
