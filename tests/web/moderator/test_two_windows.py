"""Two windows of one person on one case: neither overwrites what the other saved without a word."""

import pytest
import sqlalchemy as sa

from review.models import Draft
from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import Moderator, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FIRST, SECOND = "What the first window says.", "What the second window says."


def _opened(person: Moderator, case_id: str) -> dict[str, str]:
    """The opaque fields of the form as one window has them."""
    page = person.get(f"/cases/{case_id}")
    return {name: field(page, name) for name in ("version", "claim_generation", "draft")}


def _stored(desk: Desk) -> str:
    desk.session.rollback()
    return str(desk.session.scalars(sa.select(Draft)).one().fields["rationale"])


def test_the_window_that_saves_later_is_told_and_both_texts_are_kept(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.claim(case_id)
    one, other = _opened(person, case_id), _opened(person, case_id)
    address = f"/cases/{case_id}/draft"
    for _pause in range(2):
        saved = person.post(address, autosave="1", window="w1", rationale=FIRST, **one)
        assert saved.status_code == 200, "what a window saved itself it knows"
    quiet = person.post(address, autosave="1", window="w2", rationale=SECOND, **other)
    assert (quiet.status_code, quiet.get_json()["type"]) == (409, "/errors/draft_changed")
    assert "changed in another window" in quiet.get_json()["detail"]
    assert _stored(desk) == FIRST
    answer = person.post(address, rationale=SECOND, **other)
    assert answer.status_code == 409
    assert SECOND in answer.text
    assert f'<a href="/cases/{case_id}">Load the other text</a>' in answer.text
    assert field(answer.text, "draft") == other["draft"], "saving by itself is refused as before"
    assert FIRST in person.get(f"/cases/{case_id}")
    kept = person.post(address, rationale=SECOND, replace="1", **other)
    assert kept.status_code == 303
    assert _stored(desk) == SECOND


@pytest.mark.parametrize("step", ["release", "renew", "reveal?text=I-1", "look", "set-aside?until=hour"])
def test_a_step_that_takes_the_text_along_overwrites_nothing_either(desk: Desk, step: str) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.claim(case_id)
    one, other = _opened(person, case_id), _opened(person, case_id)
    person.post(f"/cases/{case_id}/draft", rationale=FIRST, **one)
    answer = person.post(f"/cases/{case_id}/{step}", rationale=SECOND, until="hour", **other)
    assert answer.status_code == 409
    assert SECOND in answer.text
    assert _stored(desk) == FIRST


def test_the_same_words_are_no_conflict(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.claim(case_id)
    one, other = _opened(person, case_id), _opened(person, case_id)
    person.post(f"/cases/{case_id}/draft", rationale=FIRST, **one)
    assert person.post(f"/cases/{case_id}/renew", rationale=FIRST, **other).status_code == 303
    assert "data-changed hidden" in person.get(f"/cases/{case_id}")


def test_where_nothing_was_typed_no_step_leaves_a_draft(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.claim(case_id)
    untouched = {
        "ground": "terms", "visibility": "removed", "account": "none", "territory": "world",
        "context": "none", "rationale": "", "statement": "", "law": "", "question": "", "note": "",
    }  # fmt: skip
    opened = _opened(person, case_id)
    person.post(f"/cases/{case_id}/look", **untouched, **opened)
    person.post(f"/cases/{case_id}/renew", **untouched, **opened)
    assert "draft saved" not in person.get(f"/cases/{case_id}")
    assert desk.session.scalars(sa.select(Draft)).all() == []
    person.post(f"/cases/{case_id}/look", **(untouched | {"outcome": "accepted"}), **opened)
    assert "draft saved" in person.get(f"/cases/{case_id}")
