"""A sender's list: own referrals, narrowed by what stands in the address, page after page."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine

from review.actions.withdrawals import withdraw_referral
from review.domain.permissions import Actor, Role
from review.queries import own_lists
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor
from tests.trails import decide_all
from tests.web.admin.pages import Person

URL = "https://video.example/1"
LIST = "/sender/referrals"


@pytest.fixture
def sender(desk: Desk) -> Actor:
    """A new organisation, as its key acts."""
    return sender_actor(make_sender())


@pytest.fixture
def officer(desk: Desk, sender: Actor) -> Person:
    """Somebody of it who is signed in."""
    return Person(desk, Role.SENDER, sender_id=sender.sender_id)


def listed(page: str) -> list[str]:
    """The referrals on a page of the list, in its order."""
    return re.findall(r'href="/sender/referrals/(R-[^"?]+)"', page)


def conditions(page: str) -> dict[str, str]:
    """The conditions that a page shows: the words, and the address without each."""
    found = re.findall(r'<a class="button chosen" href="([^"]+)"><bdi>([^<]+)</bdi>', page)
    return {unescape(words): unescape(address) for address, words in found}


def test_the_list_is_empty_then_shows_own_referrals_only(officer: Person, sender: Actor) -> None:
    page = officer.get(LIST)
    assert "No referrals yet" in page
    assert 'role="search"' not in page
    own = receive(sender, URL, reference="REF <b>").referral_id
    foreign = receive(sender_actor(make_sender()), URL, reference="CANARY").referral_id
    page = officer.get(LIST)
    assert listed(page) == [own]
    assert "REF &lt;b&gt;" in page
    assert foreign not in page
    assert "CANARY" not in page


def test_a_long_list_has_pages_that_keep_their_conditions(officer: Person, sender: Actor) -> None:
    received = [receive(sender, URL).referral_id for _ in range(51)]
    for address in (LIST, f"{LIST}?status=in_review"):
        first = officer.get(address)
        assert listed(first) == received[:0:-1]
        following = re.search(r'href="([^"]+)" rel="next"', first)
        assert following is not None
        second = officer.get(unescape(following[1]))
        assert listed(second) == received[:1]
        assert 'rel="next"' not in second
        assert f'href="{address}" rel="first"' in second
        assert len(conditions(second)) == address.count("=")
    officer.get(f"{LIST}?cursor=x", 422)


def test_each_condition_narrows_is_shown_and_is_taken_away_by_one_click(
    officer: Person, sender: Actor
) -> None:
    decided = receive(sender, URL, reference="HW-33-001").referral_id
    decide_all()
    waiting = receive(sender, URL, reference="HW-33-002").referral_id
    withdrawn = receive(sender, URL, reference="XX-1").referral_id
    withdraw_referral(withdrawn, actor=sender)
    assert listed(officer.get(f"{LIST}?status=in_review")) == [waiting]
    assert listed(officer.get(f"{LIST}?status=decided")) == [decided]
    assert listed(officer.get(f"{LIST}?status=withdrawn")) == [withdrawn]
    assert set(listed(officer.get(f"{LIST}?reference=hw-33"))) == {waiting, decided}
    assert set(listed(officer.get(f"{LIST}?kind=referral"))) == {waiting, decided, withdrawn}
    page = officer.get(f"{LIST}?kind=notice&reference=HW")
    assert listed(page) == []
    assert "No referral is like that." in page
    assert conditions(page) == {
        "Kind: Notice (DSA Article 16)": f"{LIST}?reference=HW",
        "Your reference begins with: HW": f"{LIST}?kind=notice",
    }
    assert set(listed(officer.get(conditions(page)["Kind: Notice (DSA Article 16)"]))) == {waiting, decided}


def test_days_are_those_of_the_reader(officer: Person, sender: Actor) -> None:
    with time_machine.travel(datetime(2026, 6, 1, 22, 30, tzinfo=UTC), tick=False):
        late = receive(sender, URL).referral_id
    officer.client.set_cookie("display", "light:comfortable:100:en:Europe/Brussels")
    assert listed(officer.get(f"{LIST}?received_from=2026-06-02&received_to=2026-06-02")) == [late]
    assert listed(officer.get(f"{LIST}?received_to=2026-06-01")) == []
    page = officer.get(f"{LIST}?received_from=2026-06-02")
    assert "Received from: 2 Jun 2026" in conditions(page)
    officer.client.set_cookie("display", "light:comfortable:100:en:UTC")
    assert listed(officer.get(f"{LIST}?received_to=2026-06-01")) == [late]
    assert listed(officer.get(f"{LIST}?changed_from=2026-06-02")) == []


def test_what_is_no_condition_narrows_nothing(officer: Person, sender: Actor) -> None:
    own = receive(sender, URL).referral_id
    for asked in ("status=secret", "kind=%00", "reference=%00", "received_to=9999-12-31", "page=7"):
        assert listed(officer.get(f"{LIST}?{asked}")) == [own], asked
    page = officer.get(f"{LIST}?received_from=yesterday&received_to=0001-01-01&status=in_review")
    assert "Error:" in page
    assert "for example 2026-11-30" in page
    assert "yesterday" not in page.partition("<main")[2]
    assert set(conditions(page)) == {"Status: In review", "Received until: 1 Jan 1"}


def test_a_page_looks_through_so_many_and_the_next_goes_on(
    officer: Person, sender: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_lists, "LOOKED_THROUGH", 3)
    wanted = receive(sender, URL, reference="WANTED").referral_id
    for _ in range(4):
        receive(sender, URL)
    page = officer.get(f"{LIST}?reference=WANTED")
    assert listed(page) == []
    assert "Search further back" in page
    following = re.search(r'href="([^"]+cursor=[^"]+)"', page)
    assert following is not None
    page = officer.get(unescape(following[1]))
    assert listed(page) == [wanted]
    assert 'rel="next"' not in page
    since = (datetime.now(UTC) + timedelta(days=3)).date()
    assert "Search further back" not in officer.get(f"{LIST}?changed_from={since}")


def test_reversed_days_are_an_error_at_the_last_one_and_narrow_by_the_first_alone(
    officer: Person, sender: Actor
) -> None:
    own = receive(sender, URL).referral_id
    page = officer.get(f"{LIST}?received_from=2026-01-02&received_to=2026-01-01")
    assert 'role="alert"' in page
    assert "This is before the start" in page
    assert 'value="2026-01-02"' in page
    assert 'value="2026-01-01"' in page
    assert listed(page) == [own]
    assert set(conditions(page)) == {"Received from: 2 Jan 2026"}
