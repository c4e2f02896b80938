"""The contract of http.md for complaints: own items alone, in time, once, and what comes of it."""

from typing import Any

import pytest
import sqlalchemy as sa

from review.domain.permissions import Scope
from review.models import Item
from tests.complaints import REASONS, Complained
from tests.conftest import Desk
from tests.factories import make_case, make_key, make_sender


@pytest.fixture
def story(desk: Desk) -> Complained:
    """A declined case of two senders."""
    return Complained(desk)


def post(story: Complained, item_id: str, body: Any, *, place: int = 0, scope: Scope | None = None) -> Any:
    key = make_key(story.senders[place], *((scope,) if scope else ()))
    headers = {"Authorization": f"Bearer {key}"}
    return story.desk.client().post(f"/api/v1/items/{item_id}/complaint", json=body, headers=headers)


def test_a_program_complains_and_reads_how_it_stands(story: Complained) -> None:
    answer = post(story, story.items[0], {"reasons": REASONS})
    assert answer.status_code == 200
    assert answer.headers["ETag"]
    assert answer.json == story.item_seen_by(0)
    complaint = answer.json["complaint"]
    assert complaint == complaint | {"state": "open", "ended_at": None, "statement": None}
    assert answer.json["outcome"] == "declined"
    again = post(story, story.items[0], {"reasons": REASONS})
    assert again.data == answer.data
    refused = post(story, story.items[0], {"reasons": "Other words."})
    assert (refused.status_code, refused.json["type"]) == (409, "/errors/complaint_open")
    story.reverse()
    item = story.item_seen_by(0)
    assert item["complaint"]["state"] == "reversed"
    assert item["complaint"]["statement"] == item["statement"]
    assert item["supersedes"].keys() == {"outcome", "decided_at"}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/reasons", "missing"),
        ({"reasons": ""}, "/reasons", "missing"),
        ({"reasons": 7}, "/reasons", "wrong_type"),
        ({"reasons": "w" * 10_001}, "/reasons", "too_long"),
        ({"reasons": REASONS, "contact": "me"}, "/contact", "unknown_member"),
    ],
)
def test_a_body_that_breaks_a_rule_is_told_where(
    story: Complained, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = post(story, story.items[0], body)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json["errors"]] == [(pointer, code)]
    assert story.complaints() == []


def test_anothers_item_is_like_none(story: Complained) -> None:
    missing = post(story, "I-0000-0000-0000", {"reasons": REASONS})
    others = post(story, story.items[0], {"reasons": REASONS}, place=1)
    assert (missing.status_code, others.status_code) == (404, 404)
    assert missing.data == others.data
    assert post(story, story.items[0], {"reasons": REASONS}, scope=Scope.READ).status_code == 403


def test_what_has_no_decision_is_409(story: Complained) -> None:
    sender_id = make_sender()
    make_case(sender_id=sender_id)
    wanted = sa.select(Item.id).where(Item.status == "in_review")
    item_id = story.desk.session.scalars(wanted).one()
    story.senders[1] = sender_id
    answer = post(story, item_id, {"reasons": REASONS}, place=1)
    assert (answer.status_code, answer.json["type"]) == (409, "/errors/no_decision")
