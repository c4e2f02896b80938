"""A sender's own keys: issued and revoked by its people; those of others look like none."""

import pytest
import sqlalchemy as sa

from review.actions import senders
from review.domain.permissions import OPERATOR, Role, Scope
from review.models import Opening, SenderKey
from tests.answers import plain
from tests.conftest import Desk
from tests.factories import make_key, make_sender
from tests.web.admin.pages import Person, key_on


def officer(desk: Desk, sender_id: str) -> Person:
    return Person(desk, Role.SENDER, sender_id=sender_id)


def test_an_own_key_is_issued_shown_once_and_revoked(desk: Desk) -> None:
    own = make_sender()
    person = officer(desk, own)
    assert "No key yet" in person.get("/sender/keys")
    page = person.post("/sender/keys", 200, scopes=["refer", "read", "manage"], expires="", label="Gate").text
    key = key_on(page)
    assert (
        desk.client().get("/api/v1/referrals", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    )
    page = person.get("/sender/keys")
    assert key not in page
    assert "Gate" in page
    row = desk.session.execute(sa.select(SenderKey.id, SenderKey.sender_id)).one()
    assert row.sender_id == own
    assert "Revoke this key?" in person.get(f"/sender/keys/{row.id}/revoke")
    assert "The key is revoked." in person.follow(person.post(f"/sender/keys/{row.id}/revoke"))
    assert "revoked already" in person.follow(person.client.get(f"/sender/keys/{row.id}/revoke"))
    assert (
        desk.client().get("/api/v1/referrals", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    )
    actors = desk.session.execute(
        sa.select(Opening.event_type, Opening.object_id).order_by(Opening.recorded_at)
    ).all()
    assert [tuple(event) for event in actors] == [("key.issued", row.id), ("key.revoked", row.id)]


@pytest.mark.parametrize("scopes", [[], ["platform"], ["read", "platform"]])
def test_a_key_of_the_platform_is_never_among_them(desk: Desk, scopes: list[str]) -> None:
    person = officer(desk, make_sender())
    assert "latform" not in person.get("/sender/keys")
    page = person.post("/sender/keys", 422, scopes=scopes, expires="", label="Kept").text
    assert 'value="Kept"' in page
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SenderKey)) == 0


def test_foreign_keys_answer_like_missing_ones(desk: Desk) -> None:
    own, foreign = make_sender("Own unit"), make_sender("CANARY UNIT")
    make_key(foreign)
    key = senders.issue_key(
        foreign, scopes=(Scope.READ,), expires_at=None, label="CANARY LABEL", actor=OPERATOR
    )
    platform = senders.issue_platform_key(expires_at=None, actor=OPERATOR)
    person = officer(desk, own)
    page = person.get("/sender/keys")
    assert "CANARY" not in page
    assert key.key[:10] not in page
    answers = []
    for key_id in (key.key_id, platform.key_id, "K-0000-0000-0000"):
        for method in ("GET", "POST"):
            answer = person.client.open(
                f"/sender/keys/{key_id}/revoke",
                method=method,
                data={"csrf_token": person.field("csrf_token")},
            )
            person.page = page
            answers.append((answer.status_code, plain(answer.text)))
    assert {status for status, _text in answers} == {404}
    assert len({text for _status, text in answers}) == 1
    assert all(row.revoked_at is None for row in desk.session.scalars(sa.select(SenderKey)))
