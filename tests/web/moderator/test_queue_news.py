"""How many cases came since a page of the queue was drawn: asked by the page, and nobody's activity."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.domain.permissions import Role
from review.models import Case, SignIn
from review.queries.queue_news import MOST_NEW, arrived_since
from tests.conftest import Desk
from tests.factories import make_case, make_cases, make_sign_in
from tests.web.moderator.test_pages import Moderator, _declined

START = datetime.fromisoformat("2026-11-23T10:00:00+00:00")


def news(page: str) -> str:
    """The address that this page asks."""
    found = re.search(r'data-news="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def told(person: Moderator, address: str) -> str:
    answer = person.client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    text: str = answer.get_json()["text"]
    return text


def test_what_came_since_is_counted_until_the_page_is_opened_anew(desk: Desk) -> None:
    with time_machine.travel(START, tick=False) as time:
        old, person, colleague = make_case(), Moderator(desk), Moderator(desk)
        page = person.get("/queue")
        assert told(person, news(page)) == ""
        time.shift(10)
        fresh = [make_case() for _number in range(3)]
        assert told(person, news(page)) == "New since this page was opened: 3"
        colleague.claim(fresh[0])
        assert told(person, news(page)) == "New since this page was opened: 2", "one is held"
        seen = person.claim(fresh[1])
        person.post(f"/cases/{fresh[1]}/pass", **_declined(**seen), reason="personal_impact")
        assert told(person, news(page)) == "New since this page was opened: 1", "one was passed on"
        seen = person.claim(old)
        person.post(f"/cases/{old}/pass", **_declined(**seen), reason="personal_impact")
        assert told(colleague, news(page)) == "New since this page was opened: 2"
        assert told(person, news(person.get("/queue"))) == ""


def test_what_the_page_is_narrowed_to_holds_for_the_count_too(desk: Desk) -> None:
    with time_machine.travel(START, tick=False) as time:
        person = Moderator(desk)
        page, narrow = person.get("/queue"), person.get("/queue?type=image")
        time.shift(10)
        image, _video = make_case(), make_case()
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id == image).values(content_type="image"))
        assert told(person, news(page)).endswith(": 2")
        assert told(person, news(narrow)).endswith(": 1")
        assert 'href="/queue?type=image" hidden>Show them' in narrow


def test_differences_count_for_leads_alone_and_no_more_than_fits_is_counted(desk: Desk) -> None:
    lead, person = Moderator(desk, Role.LEAD), Moderator(desk)
    page = person.get("/queue")
    ids = make_cases(MOST_NEW)
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == ids[0]).values(state="resolving"))
    assert told(person, news(page)).endswith(f": {MOST_NEW - 1}")
    assert told(lead, news(page)).endswith(f": {MOST_NEW}")
    make_cases(2)
    assert told(lead, news(page)).endswith(f": {MOST_NEW}+")
    since = clock.now() - timedelta(hours=1)
    account_id = person.actor.account_id
    assert arrived_since(desk.session, since, account_id=account_id, now=clock.now()) == MOST_NEW + 1


def test_asking_keeps_nobody_signed_in_and_is_no_page_to_come_back_to(desk: Desk) -> None:
    with time_machine.travel(START, tick=False) as time:
        person = Moderator(desk)
        address = news(person.get("/queue"))
        used = sa.select(SignIn.last_used_at)
        before = desk.session.scalar(used)
        time.shift(desk.settings.session_idle_seconds - 1)
        assert told(person, address) == ""
        assert desk.session.scalar(used) == before
        time.shift(2)
        ended = person.client.get(address)
        assert ended.status_code == 401
        with person.client.session_transaction() as kept:
            assert "next" not in kept


@pytest.mark.parametrize(
    "since",
    ["", "yesterday", "2026-11-23T10:00:00", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"],
)
def test_a_moment_that_is_none_is_told(desk: Desk, since: str) -> None:
    answer = Moderator(desk).client.get("/queue/new", query_string={"since": since})
    assert answer.status_code == 422
    assert "open the queue again" in answer.text


def test_who_works_no_queue_is_told_nothing(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    assert client.get("/queue/new?since=2026-11-23T10:00:00Z").status_code == 403
