"""A form's token holds for its session, however often it is used, and for no other."""

import re

import pytest

from review.domain.permissions import Role
from review.web.form_tokens import FormTokens
from tests.conftest import Desk
from tests.factories import make_sign_in


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_the_same_token_stands_in_every_form_and_is_taken_again_and_again(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    first, again = client.get("/queue").text, client.get("/queue").text
    assert _token(first) == _token(again)
    for _time in range(3):
        assert client.post("/queue/next", data={"csrf_token": _token(first)}).status_code == 303


def test_a_token_of_another_session_is_refused_even_when_it_is_known(desk: Desk) -> None:
    mine, yours = desk.client(), desk.client()
    make_sign_in(mine, Role.MODERATOR)
    make_sign_in(yours, Role.MODERATOR)
    token, other = _token(mine.get("/queue").text), _token(yours.get("/queue").text)
    assert yours.post("/queue/next", data={"csrf_token": other}).status_code == 303
    changed = token[:-2] + ("A" if token[-2] != "A" else "E") + token[-1]  # the last one has spare bits
    for wrong in (other, changed, "é", ""):
        assert mine.post("/queue/next", data={"csrf_token": wrong}).status_code == 403
    assert mine.post("/queue/next", data={"csrf_token": token}).status_code == 303


def test_what_is_remembered_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.web.form_tokens.MOST_KEPT", 2)
    kept = FormTokens()._kept
    for number in range(5):
        kept.keep(f"secret {number}", f"token {number}")
    assert [kept.token_of(f"secret {number}") for number in range(5)] == [
        None,
        None,
        None,
        "token 3",
        "token 4",
    ]


def test_pages_ask_our_memory_for_tokens(desk: Desk) -> None:
    with desk.app.test_request_context("/queue"):
        offered: dict[str, object] = {}
        desk.app.update_template_context(offered)
    assert offered["csrf_token"] == desk.app.jinja_env.globals["csrf_token"]
