"""A case whose notices say the same several times: said once, and no item and no file lost."""

import re

import pytest
import sqlalchemy as sa

from review import db
from review.models import Item, Opening
from tests.conftest import Desk
from tests.factories import join_case, make_case
from tests.hostile_files import picture
from tests.pieces import add_evidence, first_item
from tests.web.moderator.test_evidence import media, step, steps
from tests.web.moderator.test_pages import Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

URL = "https://video.example/watch/same"
DEFANGED = "hxxps://video[.]example/watch/same"


def _case(*reasons: str) -> tuple[str, list[str]]:
    case_id = make_case(url=URL, reason=reasons[0])
    return case_id, [first_item(case_id), *(join_case(case_id, url=URL, reason=one) for one in reasons[1:])]


def test_an_address_and_a_file_that_came_twelve_times_are_shown_once(desk: Desk) -> None:
    case_id, items = _case(*["The same words."] * 12)
    pieces = [add_evidence(case_id, item_id=item, name=f"{number}.png") for number, item in enumerate(items)]
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert page.count(DEFANGED) == 1
    assert page.count("The same words.") == 1
    assert page.count("/leave/") == 1
    assert "12 times this address</summary>" in page
    assert "The same file in 12 items</summary>" in page
    assert "Referrals 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 of 12" in page
    for number, item in enumerate(items):
        assert page.count(f'id="{item}"') == 1, "every item is a place of the page"
        assert f">{item}</bdi>" in page
        assert f">{number}.png</bdi>" in page
    (offered,) = [one for one in steps(page) if "/reveal" in one]
    assert f"evidence={pieces[0]}" in offered
    page = step(moderator, offered)
    assert len(set(media(page))) == 1
    shown = sa.select(Opening.eid).where(Opening.event_type == "evidence.revealed")
    assert len(desk.session.scalars(shown).all()) == 1


def test_what_is_an_items_own_stands_beside_it(desk: Desk) -> None:
    case_id, items = _case("Words of the first.", "Words of the second.", "Words of the first.")
    add_evidence(case_id, item_id=items[0])
    other = add_evidence(case_id, picture(size=(320, 241)), item_id=items[1], name="other.png")
    with db.transaction() as writer:
        writer.execute(sa.update(Item).where(Item.id == items[2]).values(description="Look at minute two."))
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert page.count(DEFANGED) == 1
    assert "Referrals 1, 3 of 3" in page
    assert "Referral 2 of 3" in page
    assert "Words of the second." in page
    assert "Look at minute two." in page
    assert "other.png" in page
    assert len([one for one in steps(page) if "/reveal" in one]) == 2
    assert "same file" not in page
    again = step(moderator, f"/cases/{case_id}/reveal?evidence={other}&stage=small")
    assert f'id="{other}"' in again
    for item in items:
        assert page.count(f'id="{item}"') == 1


def test_a_file_that_was_shown_at_another_item_is_open_where_it_stands(desk: Desk) -> None:
    case_id, items = _case("a", "b")
    first, second = (add_evidence(case_id, item_id=item) for item in items)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={second}&stage=small")
    assert len(set(media(page))) == 1
    place = page.partition(f'class="piece" id="{first}"')[2]
    assert "/evidence/W-" in place.partition("</li>")[0] + place
    assert len([one for one in steps(page) if "/hide" in one]) == 1


def test_another_address_is_never_put_together(desk: Desk) -> None:
    case_id = make_case(url=URL)
    join_case(case_id, url=URL + "?utm_source=mail")
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert "times this address" not in page
    assert re.sub(r"<[^>]+>", "", page).count(DEFANGED) == 2
    assert page.count("/leave/") == 2
