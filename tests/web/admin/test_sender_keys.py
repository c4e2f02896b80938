"""Keys on a sender's page: shown once, tried without a trace, revoked for good."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db
from review.actions import senders
from review.domain.keys import digest_of, new_key
from review.domain.permissions import OPERATOR, Scope
from review.models import Opening, SenderKey
from tests.conftest import Desk
from tests.factories import make_key, make_sender
from tests.web.admin.pages import Person, key_on


def events(desk: Desk) -> list[str]:
    return list(desk.session.scalars(sa.select(Opening.event_type).order_by(Opening.recorded_at)))


def issue(admin: Person, sender_id: str, **fields: object) -> str:
    """Issue a key by the page; the key."""
    admin.get(f"/admin/senders/{sender_id}")
    given = {"scopes": ["read", "refer"], "expires": "", "label": ""} | fields
    return key_on(admin.post(f"/admin/senders/{sender_id}/keys", 200, **given).text)


def test_an_issued_key_works_and_is_shown_this_once(desk: Desk) -> None:
    admin, sender_id = Person(desk), make_sender()
    key = issue(admin, sender_id, label="Gate <way>")
    assert admin.page.count(key) == 1
    assert "curl -s http://localhost/api/v1/referrals" in admin.page
    answer = desk.client().get("/api/v1/referrals", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    page = admin.get(f"/admin/senders/{sender_id}")
    assert key not in page
    assert key[:10] in page
    assert "Gate &lt;way&gt;" in page
    assert events(desk) == ["key.issued"]


def test_the_same_form_again_issues_nothing(desk: Desk) -> None:
    admin, sender_id = Person(desk), make_sender()
    admin.get(f"/admin/senders/{sender_id}")
    form = {"scopes": ["read"], "expires": "", "label": "", "once": admin.field("once")}
    admin.post(f"/admin/senders/{sender_id}/keys", 200, csrf_token=admin.field("csrf_token"), **form)
    admin.get(f"/admin/senders/{sender_id}")
    page = admin.post(f"/admin/senders/{sender_id}/keys", 409, **form).text
    assert "This form was sent before" in page
    assert events(desk) == ["key.issued"]


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": []},
        {"scopes": ["platform"]},
        {"scopes": ["read", "everything"]},
        {"expires": "2020-01-01"},
        {"expires": "soon"},
        {"label": "x" * 101},
    ],
)
def test_a_key_that_makes_no_sense_is_refused_at_its_field(desk: Desk, fields: dict[str, object]) -> None:
    admin, sender_id = Person(desk), make_sender()
    admin.get(f"/admin/senders/{sender_id}")
    given = {"scopes": ["read"], "expires": "", "label": "Kept label"} | fields
    page = admin.post(f"/admin/senders/{sender_id}/keys", 422, **given).text
    assert page.count("field-error") == 1
    if "label" not in fields:
        assert 'value="Kept label"' in page
    assert events(desk) == []


def test_a_key_is_revoked_after_one_more_question(desk: Desk) -> None:
    admin, sender_id = Person(desk), make_sender()
    key = issue(admin, sender_id)
    key_id = desk.session.scalar(sa.select(SenderKey.id))
    address = f"/admin/senders/{sender_id}/keys/{key_id}/revoke"
    assert "Revoke this key?" in admin.get(address)
    page = admin.follow(admin.post(address))
    assert "is revoked." in page
    answer = desk.client().get("/api/v1/referrals", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401
    assert "revoked already" in admin.follow(admin.client.get(address))
    assert "revoked already" in admin.follow(admin.post(address))
    assert events(desk) == ["key.issued", "key.revoked"]


def test_a_key_is_found_only_at_its_own_sender(desk: Desk) -> None:
    admin, sender_id, other = Person(desk), make_sender(), make_sender()
    issue(admin, sender_id)
    key_id = desk.session.scalar(sa.select(SenderKey.id))
    for missing in (f"{other}/keys/{key_id}", f"{sender_id}/keys/K-0000-0000-0000", f"{sender_id}/keys/x"):
        page = admin.get(f"/admin/senders/{sender_id}")
        admin.post(f"/admin/senders/{missing}/revoke", 404)
        admin.page = page
        admin.get(f"/admin/senders/{missing}/revoke", 404)
    assert events(desk) == ["key.issued"]
    assert admin.client.get(f"/admin/senders/{sender_id}/keys").status_code == 303


def tried(admin: Person, sender_id: str, pasted: str) -> str:
    """What the page says of a pasted key; the key itself is nowhere."""
    admin.get(f"/admin/senders/{sender_id}")
    fields: dict[str, Any] = {"test-key": pasted}
    answer = admin.post(f"/admin/senders/{sender_id}/keys/test", **fields)
    page = admin.follow(answer)
    if pasted:
        assert pasted not in answer.headers["Location"] + page + str(answer.headers)
    box = re.search(r'id="test">(.*?)</section>', page, re.DOTALL)
    assert box is not None
    return " ".join(re.sub(r"<[^>]+>", " ", box[1]).split())


def test_a_tried_key_is_told_in_words(desk: Desk) -> None:
    admin, sender_id, other = Person(desk), make_sender(), make_sender()
    works = tried(admin, sender_id, make_key(sender_id))
    assert "This key works" in works
    assert "answered 200" in works
    assert "refer, read" in works
    assert "no limit of requests" in works
    assert "answered 403" in tried(admin, sender_id, make_key(sender_id, Scope.REFER))
    assert "belongs to another sender" in tried(admin, sender_id, make_key(other))
    platform = senders.issue_platform_key(expires_at=None, actor=OPERATOR)
    assert "key of the platform" in tried(admin, sender_id, platform.key)
    assert "Nobody has this key" in tried(admin, sender_id, new_key())
    assert "no whole key" in tried(admin, sender_id, new_key()[:-1])
    assert "no whole key" in tried(admin, sender_id, "")
    assert "This key works" in tried(admin, sender_id, "Authorization: Bearer " + make_key(sender_id))


def test_a_tried_key_that_is_dead_says_why(desk: Desk) -> None:
    admin, sender_id = Person(desk), make_sender()
    expired, revoked = make_key(sender_id), make_key(sender_id)
    with db.transaction() as writer:
        for key, column in ((expired, "expires_at"), (revoked, "revoked_at")):
            row = writer.scalars(sa.select(SenderKey).where(SenderKey.digest == digest_of(key))).one()
            setattr(row, column, clock.now() - timedelta(days=1))
    assert "This key has expired" in tried(admin, sender_id, expired)
    assert "This key is revoked" in tried(admin, sender_id, revoked)


def test_trying_a_key_leaves_no_trace_of_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    admin, sender_id, key = Person(desk), make_sender(), new_key()
    with caplog.at_level(logging.DEBUG):
        tried(admin, sender_id, key)
    assert key not in caplog.text
    assert events(desk) == []
    with admin.client.session_transaction() as session:
        assert key not in repr(dict(session))


def test_a_key_without_a_scope_is_refused_in_the_words_of_the_form(desk: Desk) -> None:
    admin = Person(desk)
    address = f"/admin/senders/{make_sender()}"
    admin.get(address)
    page = admin.post(f"{address}/keys", 422, scopes=[], expires="", label="").text
    chosen = page.split("Choose from the list: ")[1].split("<")[0]
    assert "Read: status, answers and receipts; " in chosen
    assert "manage, read, refer" not in page
