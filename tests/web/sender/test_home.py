"""A sender's first page: counters that lead to their lists, our pace, finding, and what was refused."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine

from review import clock
from review.domain.permissions import Actor, Role
from review.queries import own_figures
from tests.conftest import Desk
from tests.factories import make_key, make_sender, receive, sender_actor
from tests.trails import decide_all
from tests.web.admin.pages import Person
from tests.web.sender.test_referrals import listed

URL = "https://video.example/1"
BAD = "https://elsewhere.example/"


@pytest.fixture
def sender(desk: Desk) -> Actor:
    """A new organisation, as its key acts."""
    return sender_actor(make_sender("Harbour Watch"))


@pytest.fixture
def officer(desk: Desk, sender: Actor) -> Person:
    """Somebody of it who is signed in."""
    return Person(desk, Role.SENDER, sender_id=sender.sender_id)


def counters(page: str) -> dict[str, tuple[str, str]]:
    """The counters of a page: label, count, and where each leads."""
    found = re.findall(r'<a href="([^"]+)"><b>([^<]+)</b><span>([^<]+)</span>', page)
    return {label: (count, unescape(address)) for address, count, label in found}


def test_an_empty_desk_says_how_to_begin(officer: Person) -> None:
    page = officer.get("/sender")
    assert "<h1>" in page
    assert "Harbour Watch" in page
    assert "No referrals yet" in page
    assert "Nothing to tell yet" in page
    assert "curl" in page
    assert "http://localhost/api/v1/referrals" in page
    assert 'href="/sender/keys"' in page
    assert 'href="/api/v1/docs"' in page
    assert {count for count, _address in counters(page).values()} == {"0"}
    assert 'name="q"' not in page


def test_each_counter_leads_to_what_it_counts(officer: Person, sender: Actor) -> None:
    with time_machine.travel(clock.now() - timedelta(days=20), tick=False):
        receive(sender, URL)
        decide_all()
    decided = [receive(sender, URL, BAD).referral_id for _ in range(2)]
    decide_all()
    waiting = [receive(sender, URL).referral_id for _ in range(3)]
    receive(sender_actor(make_sender()), URL, BAD)
    found = counters(officer.get("/sender"))
    assert list(found) == [
        "In review", "Waiting for your answer", "Decided in the last 7 days",
        "Entries refused in the last 7 days",
    ]  # fmt: skip
    assert [count for count, _address in found.values()] == ["3", "0", "2", "2"]
    in_review, _asked, last_days, refused = (address for _count, address in found.values())
    assert set(listed(officer.get(in_review))) == set(waiting)
    assert set(listed(officer.get(last_days))) == set(decided)
    page = officer.get(refused)
    assert page.count("hxxps://elsewhere[.]example/") == 2
    assert "Items of referrals that stand" in page
    assert set(listed(page)) == set(decided)


def test_a_count_ends_at_999_and_says_so(
    officer: Person, sender: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_figures, "MOST_COUNTED", 2)
    monkeypatch.setattr(own_figures, "LOOKED_THROUGH", 4)
    for number in range(4):
        receive(sender, f"https://video.example/{number}", BAD)
    page = officer.get("/sender")
    assert [count for count, _address in counters(page).values()] == ["2+", "0", "0", "2+"]
    assert "Counted among the 5,000 referrals that changed last." in page


def test_our_pace_is_the_median_and_too_few_answers_tell_nothing(officer: Person, sender: Actor) -> None:
    begin = clock.now() - timedelta(days=2)
    for number, hours in enumerate((1, 2, 3, 30)):
        with time_machine.travel(begin, tick=False):
            receive(sender, f"https://video.example/{number}")
        with time_machine.travel(begin + timedelta(hours=hours), tick=False):
            decide_all()
    assert "Too little to tell: 4 items of yours were answered" in officer.get("/sender")
    with time_machine.travel(begin, tick=False):
        receive(sender, "https://video.example/5")
    with time_machine.travel(begin + timedelta(hours=40), tick=False):
        decide_all()
    receive(sender, URL)
    page = officer.get("/sender")
    assert "<strong>3 h" in page
    assert "of your 5 items answered in the last 90 days" in page
    with time_machine.travel(clock.now() + timedelta(days=95), tick=False):
        later = Person(officer_desk(officer), Role.SENDER, sender_id=sender.sender_id)
        assert "Nothing to tell yet" in later.get("/sender")


def officer_desk(officer: Person) -> Desk:
    """The desk that somebody visits."""
    app = officer.client.application
    return Desk(app=app, settings=app.config["REVIEW_SETTINGS"], database="")


def test_finding_opens_what_is_named_and_lists_what_begins_so(officer: Person, sender: Actor) -> None:
    own = receive(sender, URL, reference="HW-33-014").referral_id
    item = receive(sender, URL, reference="HW-33-015").referral_id
    page = officer.get(f"/sender/referrals/{item}")
    [item_id] = re.findall(r'id="(I-[^"]+)"', page)
    for asked, leads in (
        ("HW-33-014", f"/sender/referrals/{own}"),
        (own, f"/sender/referrals/{own}"),
        (own.lower().replace("-", ""), f"/sender/referrals/{own}"),
        (item_id, f"/sender/referrals/{item}?item={item_id}"),
        ("HW-33", "/sender/referrals?reference=HW-33"),
        ("%00", "/sender/referrals"),
        ("", "/sender/referrals"),
    ):
        answer = officer.client.get(f"/sender/find?q={asked}")
        assert (answer.status_code, answer.headers["Location"]) == (303, leads), asked


def test_refused_lines_of_deliveries_are_named(desk: Desk, officer: Person, sender: Actor) -> None:
    assert "Nothing was refused." in officer.get("/sender/refused")
    answer = desk.client().post(
        "/api/v1/referrals/batch",
        data=b'{"reference": "B-1"}\n{"reference": "B-2"}\n',
        headers={
            "Authorization": f"Bearer {make_key(str(sender.sender_id))}",
            "Content-Type": "application/x-ndjson",
        },
    )
    assert answer.status_code == 200
    batch = answer.get_json()["id"]
    assert counters(officer.get("/sender"))["Entries refused in the last 7 days"][0] == "2"
    page = officer.get("/sender/refused")
    assert f"GET /api/v1/batches/{batch}/results" in page
    stranger = Person(desk, Role.SENDER, sender_id=make_sender())
    assert batch not in stranger.get("/sender/refused")


def test_the_search_has_its_key_which_a_person_may_switch_off(officer: Person, sender: Actor) -> None:
    receive(sender, URL)
    page = officer.get("/sender")
    assert 'data-keys="/"' in page
    (field,) = re.findall(r'<input id="q"[^>]*>', page)
    assert 'data-key="/"' in field
    assert '<select name="single_keys"' in page
    assert "data-help" not in page, "the page of all keys is for those who review"
    assert "data-keys" not in officer.get("/sender/keys")
    choices = officer.get("/display")
    assert '<select name="single_keys"' in choices
    assert "/keys" not in choices
    look = {"theme": "system", "density": "comfortable", "text_size": "100", "language": "en", "zone": "UTC"}
    officer.post("/display", 303, back="/sender", single_keys="off", **look)
    assert 'data-singles="off"' in officer.get("/sender")
