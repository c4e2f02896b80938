"""A refusal that has nothing to do with what was typed gives it back: nothing is lost with a sign-in."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from review import db
from review.actions import decisions
from review.domain import passwords
from review.domain.permissions import Role
from review.errors import DatabaseBusy
from review.models import SignIn
from tests.conftest import Desk
from tests.factories import PASSWORD, make_account, make_case
from tests.web.moderator.test_pages import Moderator, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TYPED = {
    "outcome": "declined",
    "decline_reason": "no_breach",
    "rationale": "Long reasons </textarea><script>alert(1)</script> of mine.",
    "statement": "It keeps & honours our terms.",
    "password": "SECRET-PASSWORD",
}


def shown(answer: TestResponse) -> str:
    text = answer.text
    assert "Long reasons &lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt; of mine." in text
    assert "It keeps &amp; honours our terms." in text
    assert "readonly" in text
    assert "Copy it" in text
    assert "SECRET-PASSWORD" not in text
    assert re.search(r'<script(?! src="/static/(?:desk|keys)\.js)', text) is None
    return text


@pytest.mark.parametrize("form", ["review", "draft"])
def test_an_ended_sign_in_shows_what_was_typed_and_leads_back(desk: Desk, form: str) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    opaque = moderator.claim(case_id)
    token = field(moderator.get(f"/cases/{case_id}"), "csrf_token")
    with db.transaction() as writer:
        writer.execute(sa.delete(SignIn))
    fields: dict[str, Any] = TYPED | opaque | {"csrf_token": token}
    answer = moderator.client.post(f"/cases/{case_id}/{form}", data=fields)
    assert answer.status_code == 401
    text = shown(answer)
    assert token not in text
    assert f'href="/sign-in?next=/cases/{case_id}"' in text


def test_signing_in_again_comes_back_to_the_case(desk: Desk) -> None:
    case_id = make_case()
    account = make_account(Role.MODERATOR)
    _set_password(account.account_id)
    email = desk.session.scalar(
        sa.text("SELECT email FROM accounts WHERE id = :id"), {"id": account.account_id}
    )
    client = desk.client()
    page = client.get(f"/sign-in?next=/cases/{case_id}")
    fields = {"email": email, "password": PASSWORD, "csrf_token": field(page.text, "csrf_token")}
    answer = client.post("/sign-in", data=fields)
    assert (answer.status_code, answer.location) == (303, f"/cases/{case_id}")
    assert client.get(f"/sign-in?next=/cases/{case_id}").location == f"/cases/{case_id}"
    for foreign in ("https://evil.example/", "//evil.example", "/\\evil.example", "/records", "/nowhere"):
        assert client.get("/sign-in", query_string={"next": foreign}).location == "/queue"


@pytest.mark.parametrize("form", ["review", "draft"])
def test_a_form_with_a_dead_token_shows_what_was_typed(desk: Desk, form: str) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    opaque = moderator.claim(case_id)
    fields: dict[str, Any] = TYPED | opaque | {"csrf_token": "DEAD-TOKEN"}
    answer = moderator.client.post(f"/cases/{case_id}/{form}", data=fields)
    assert answer.status_code == 403
    text = shown(answer)
    assert "DEAD-TOKEN" not in text
    assert f'href="/cases/{case_id}"' in text


def test_a_busy_database_shows_what_was_typed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    opaque = moderator.claim(case_id)

    def busy(*_arguments: object, **_named: object) -> None:
        raise DatabaseBusy(retry_after_seconds=2)

    monkeypatch.setattr(decisions, "record_review", busy)
    answer = moderator.post(f"/cases/{case_id}/review", **TYPED, **opaque)
    assert answer.status_code == 503
    shown(answer)


def test_other_forms_show_nothing_of_what_was_sent(desk: Desk) -> None:
    client = desk.client()
    for address in ("/sign-in", "/queue/next", "/trail/verify"):
        answer = client.post(address, data=TYPED | {"csrf_token": "DEAD-TOKEN"})
        assert answer.status_code in (401, 403)
        for sent in ("Long reasons", "SECRET-PASSWORD", "DEAD-TOKEN"):
            assert sent not in answer.text


def _set_password(account_id: str | None) -> None:
    from_passwords = passwords.hash_password(PASSWORD)
    with db.transaction() as writer:
        writer.execute(
            sa.text("UPDATE accounts SET password_hash = :hash WHERE id = :id"),
            {"hash": from_passwords, "id": account_id},
        )
