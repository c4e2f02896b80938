"""Rows of the queue are drawn once for everybody, and anew where anything changes that they show."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.domain.appearance import Appearance
from review.domain.permissions import Role
from review.models import Case
from review.web.appearance import COOKIE
from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import NOW, Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def hand() -> Iterator[time_machine.Traveller]:
    """A clock that stands."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def _row(who: Moderator, case_id: str) -> str:
    """The words of the row, and the address of its case."""
    found = re.search(rf'<tr role="row">(?:(?!</tr>).)*{case_id}.*?</tr>', who.get("/queue"), re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def _change(case_id: str, **values: object) -> None:
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == case_id).values(**values))


def test_a_row_is_that_of_its_case_now_for_whoever_reads_it(desk: Desk, hand: time_machine.Traveller) -> None:
    case_id = make_case(due_in=timedelta(hours=3))
    one, other = Moderator(desk), Moderator(desk)
    first = _row(one, case_id)
    assert "25 Nov" not in first
    assert "in 3 h" in first
    assert _row(other, case_id) == first
    other.client.set_cookie(COOKIE, Appearance(language="ar").written())
    assert "in 3 h" not in _row(other, case_id)
    assert "13:00 UTC" in first
    other.client.set_cookie(COOKIE, "light:comfortable:100:en:Asia/Tokyo")
    assert "22:00 JST" in _row(other, case_id)
    assert _row(one, case_id) == first
    _change(case_id, content_type="image", language=None)
    assert "Arabic" in first
    assert "Arabic" not in _row(one, case_id)
    _change(case_id, due_at=NOW + timedelta(days=2))
    assert "25 Nov" in _row(one, case_id)
    hand.shift(timedelta(days=2, hours=1))
    one, other = Moderator(desk), Moderator(desk)
    assert "overdue by 1 h" in _row(one, case_id)


def test_who_holds_a_case_is_told_to_each_in_their_own_words(desk: Desk) -> None:
    case_id = make_case()
    one, other = Moderator(desk), Moderator(desk, Role.LEAD)
    assert "Free" in _row(one, case_id)
    assert "Free" in _row(other, case_id)
    one.claim(case_id)
    assert "Yours" in _row(one, case_id)
    assert "Held" in _row(other, case_id)
    assert one.post(f"/cases/{case_id}/release", **one_claim(one, case_id)).status_code == 303
    assert "Free" in _row(one, case_id)


def one_claim(who: Moderator, case_id: str) -> dict[str, str]:
    """What the form that gives a claim back carries."""
    page = who.get(f"/cases/{case_id}")
    found = re.search(r'name="claim_generation"[^>]*value="([^"]*)"', page)
    assert found is not None
    return {"claim_generation": found[1]}


def test_the_filters_show_what_is_chosen_and_offered(desk: Desk) -> None:
    make_case()
    who = Moderator(desk)
    assert '<option selected value="high">' not in who.get("/queue")
    _change(make_case(), language="nl")
    assert '<option value="nl">' in who.get("/queue")
    assert '<option selected value="low">' in who.get("/queue?severity=low")
    assert '<option selected value="low">' not in who.get("/queue")
