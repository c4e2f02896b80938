"""The queue narrowed: in the address, one click to take a condition away, honoured by the next case."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.models import Case
from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import Moderator, _declined, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def case_with(due: int, **columns: Any) -> str:
    """A case due in so many hours, with these columns."""
    case_id = make_case(due_in=timedelta(hours=due))
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == case_id).values(**columns))
    return case_id


def listed(page: str) -> list[str]:
    return re.findall(r'href="/cases/(C-[^"]+)"', page)


def links(page: str, words: str) -> list[str]:
    found = re.findall(r'<a class="button chosen" href="([^"]+)"><bdi>([^<]+)</bdi>', page)
    return [unescape(address) for address, label in found if label == words]


def test_each_condition_narrows_and_one_click_takes_it_away(desk: Desk) -> None:
    image = case_with(2, content_type="image", language="de", severity="high", intake_kind="notice")
    video = case_with(3, content_type="video", language="de")
    person = Moderator(desk)
    assert listed(person.get("/queue")) == [image, video]
    for query in ("type=image", "severity=high", "kind=notice", "type=image&language=de&severity=high"):
        assert listed(person.get(f"/queue?{query}")) == [image]
    page = person.get("/queue?type=image&language=de")
    assert links(page, "Language: German") == ["/queue?type=image"]
    assert links(page, "Content: Image") == ["/queue?language=de"]
    assert listed(person.get("/queue?language=de")) == [image, video]
    empty = person.get("/queue?type=audio")
    assert listed(empty) == []
    assert "Nothing that fits is waiting." in empty
    assert links(empty, "Content: Audio") == ["/queue"]


@pytest.mark.parametrize("query", ["type=sender", "kind=iru", "severity=x", "language=%00", "sender=iru"])
def test_what_is_not_offered_narrows_nothing(desk: Desk, query: str) -> None:
    case_id = make_case()
    page = Moderator(desk).get(f"/queue?{query}")
    assert listed(page) == [case_id]
    assert "take this condition away" not in page


def test_nothing_of_the_sender_can_be_asked_for(desk: Desk) -> None:
    make_case()
    page = Moderator(desk).get("/queue")
    page = page[page.index('class="panel filters"') :]
    page = page[: page.index("</form>")]
    assert set(re.findall(r'<select[^>]* name="(\w+)"', page)) == {"kind", "severity", "type", "language"}


def test_pages_of_a_narrowed_queue_follow_each_other(desk: Desk) -> None:
    ids = [case_with(number + 2, content_type="image" if number % 2 else "video") for number in range(104)]
    person = Moderator(desk)
    first = person.get("/queue?type=image")
    following = re.search(r'href="(/queue\?[^"]*after=[^"]+)"', first)
    assert following is not None
    second = person.get(unescape(following[1]))
    assert listed(first) + listed(second) == ids[1::2]
    assert 'href="/queue?type=image"' in second


def test_the_next_case_honours_the_conditions_until_others_are_taken(desk: Desk) -> None:
    first, near, second = (
        case_with(2, content_type="image"), case_with(3, content_type="video"),
        case_with(4, content_type="image"),
    )  # fmt: skip
    person = Moderator(desk)
    page = person.get("/queue?type=image")
    form = page[page.index('action="/queue/next"') :]
    assert 'name="type" value="image"' in form[: form.index("</form>")]
    assert person.post("/queue/next", type="image", holding="").location == f"/cases/{first}"
    seen = {name: field(person.get(f"/cases/{first}"), name) for name in ("version", "claim_generation")}
    answer = person.post(f"/cases/{first}/review", **_declined(**seen))
    assert answer.location == f"/cases/{second}"
    seen = {name: field(person.get(f"/cases/{second}"), name) for name in ("version", "claim_generation")}
    answer = person.post(f"/cases/{second}/review", **_declined(**seen))
    assert answer.location == "/queue?type=image"
    assert "Nothing that fits is waiting; take a condition away." in person.get(answer.location)
    assert person.post("/queue/next").location == f"/cases/{near}"
