"""Several items of a case: told apart, reached by plain links, and each with captures of its own."""

import re

import pytest
import sqlalchemy as sa

from review.models import Evidence, Item
from tests.conftest import Desk
from tests.factories import join_case, make_case
from tests.hostile_files import picture
from tests.pieces import add_evidence
from tests.web.moderator.test_captures import capture
from tests.web.moderator.test_evidence import step, steps
from tests.web.moderator.test_pages import Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINK = re.compile(r'<a href="#(I-[^"]+)">(.*?)</a>')


def _case(items: int) -> str:
    """A case of so many items, each with an address of its own spelling."""
    url = "https://video.example/watch/several"
    case_id = make_case(url=url)
    for number in range(1, items):
        join_case(case_id, url=f"{url}?utm_source={number}")
    return case_id


def _items(page: str) -> list[tuple[str, str]]:
    """The headings of the items: id and words."""
    return re.findall(r'<h4 class="item-head" id="(I-[^"]+)" tabindex="-1">([^<]+)</h4>', page)


def _ways(page: str) -> list[list[tuple[str, str]]]:
    """For each item where its links lead, and the key beside each."""
    parts = page.split('class="item-line"')[1:]
    return [
        [
            (there, re.findall(r"<kbd>(.)</kbd>", words)[0])
            for there, words in LINK.findall(part.split("</div>")[0])
        ]
        for part in parts
    ]


def test_each_item_says_which_it_is_and_leads_to_its_neighbours(desk: Desk) -> None:
    case_id, moderator = _case(4), Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    items = _items(page)
    assert [words for _id, words in items] == [f"Item {number} of 4" for number in (1, 2, 3, 4)]
    first, second, third, fourth = (item_id for item_id, _words in items)
    assert _ways(page) == [
        [(second, "l")],
        [(first, "h"), (third, "l")],
        [(second, "h"), (fourth, "l")],
        [(third, "h")],
    ]
    assert all(page.count(f'id="{item_id}"') == 1 for item_id, _words in items)


def test_what_was_said_once_is_named_and_not_stopped_at(desk: Desk) -> None:
    case_id, moderator = make_case(items=4), Moderator(desk)
    ids = desk.session.scalars(
        sa.select(Item.id).where(Item.case_id == case_id).order_by(Item.joined_at, Item.id)
    ).all()
    add_evidence(case_id, item_id=ids[2])
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert _items(page) == [(ids[0], "Item 1 of 4"), (ids[2], "Item 3 of 4")]
    assert _ways(page) == [[(ids[2], "l")], [(ids[0], "h")]]
    for number, item_id in enumerate(ids, 1):
        assert page.count(f'id="{item_id}"') == 1
        assert re.search(rf"<li[^>]*>Item {number} · <[^>]+>(<bdi [^>]+>)?{item_id}<", page)


def test_one_item_alone_has_no_number_and_no_links(desk: Desk) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert "1 item</h3>" in page
    assert _items(page) == []
    assert 'class="item-line"' not in page
    item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    assert page.count(f'id="{item_id}"') == 1
    assert 'name="item"' not in page


def test_items_keep_their_places_when_evidence_is_revealed_and_hidden(desk: Desk) -> None:
    case_id, moderator = _case(3), Moderator(desk)
    moderator.claim(case_id)
    before = _items(moderator.get(f"/cases/{case_id}"))
    evidence_id = add_evidence(case_id, item_id=before[1][0])
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small")
    assert "<img" in page.partition("<main")[2]
    assert _items(page) == before
    page = step(moderator, next(one for one in steps(page) if "/hide" in one))
    assert _items(page) == before


def test_a_capture_goes_to_the_item_that_was_chosen(desk: Desk) -> None:
    case_id, moderator = make_case(items=3), Moderator(desk)
    fields = moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    choice = re.search(r'<select [^>]*name="item"[^>]*>(.*?)</select>', page, re.DOTALL)
    assert choice is not None
    assert 'form="review"' in choice[0]
    options = re.findall(r'<option value="([^"]*)">([^<]+)<', choice[1])
    assert [words for _id, words in options] == [
        "Choose the item",
        *(f"Item {number} of 3" for number in (1, 2, 3)),
    ]
    chosen = options[2][0]
    assert _items(page) == [(options[1][0], "Item 1 of 3")], "the others say the same"
    assert f'formaction="/cases/{case_id}/capture"' in page
    answer = capture(moderator, case_id, picture(), "shot.png", item=chosen, **fields)
    assert answer.status_code == 303
    row = desk.session.scalars(sa.select(Evidence)).one()
    assert row.item_id == chosen
    page = moderator.get(f"/cases/{case_id}")
    assert _items(page)[1:] == [(chosen, "Item 2 of 3")]
    shown = page.split('class="item-head"')
    assert ["captured here" in part for part in shown[1:]] == [False, True]


def test_no_item_chosen_is_an_error_at_its_field_and_loses_no_word(desk: Desk) -> None:
    case_id, moderator = make_case(items=2), Moderator(desk)
    fields = moderator.claim(case_id)
    answer = capture(moderator, case_id, picture(), "shot.png", item="", rationale="kept words", **fields)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert '<a href="#item">Choose the item that the capture belongs to.</a>' in answer.text
    assert 'id="item-error"' in answer.text
    assert '<details class="panel" open>' in answer.text
    assert answer.text.count("Please correct this") == 1, "the review itself is not what is wrong"
    assert "kept words</textarea>" in answer.text
    assert desk.session.scalars(sa.select(Evidence.id)).all() == []


def test_no_file_is_an_error_at_its_field_and_the_item_stays_chosen(desk: Desk) -> None:
    case_id, moderator = make_case(items=2), Moderator(desk)
    fields = moderator.claim(case_id)
    second = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).all()[1]
    answer = capture(moderator, case_id, b"", "", item=second, **fields)
    assert answer.status_code == 422
    assert '<a href="#file">Choose a file' in answer.text
    assert 'id="file-error"' in answer.text
    assert f'<option selected value="{second}">' in answer.text


def test_an_item_of_another_case_gets_no_capture(desk: Desk) -> None:
    case_id, other, moderator = make_case(items=2), make_case(), Moderator(desk)
    fields = moderator.claim(case_id)
    foreign = desk.session.scalars(sa.select(Item.id).where(Item.case_id == other)).one()
    for item in (foreign, "nonsense"):
        assert capture(moderator, case_id, picture(), "a.png", item=item, **fields).status_code == 404
    assert desk.session.scalars(sa.select(Evidence.id)).all() == []


def test_everything_that_a_capture_lacks_is_said_at_once(desk: Desk) -> None:
    case_id, moderator = make_case(items=2), Moderator(desk)
    fields = moderator.claim(case_id)
    answer = capture(moderator, case_id, b"", "", item="", **fields)
    assert answer.status_code == 422
    assert '<a href="#item">Choose the item that the capture belongs to.</a>' in answer.text
    assert '<a href="#file">Choose a file that is not empty, then add it.</a>' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
