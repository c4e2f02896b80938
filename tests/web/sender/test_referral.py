"""A sender's page of one referral: answers in words, withdrawing, receipts; nothing of the house."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.domain.ids import new_id
from review.domain.permissions import Actor, Role
from review.models import ClauseVersion, Item, Referral
from tests.answers import plain
from tests.conftest import Desk
from tests.factories import make_case, make_sender, receive, sender_actor
from tests.trails import decide_all, settle
from tests.web.admin.pages import Person

URLS = ("https://video.example/1", "https://video.example/2")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def sender(desk: Desk) -> Actor:
    """A new organisation, as its key acts."""
    return sender_actor(make_sender())


@pytest.fixture
def officer(desk: Desk, sender: Actor) -> Person:
    """Somebody of it who is signed in."""
    return Person(desk, Role.SENDER, sender_id=sender.sender_id)


def words_of(page: str) -> str:
    """What is read on a page, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def steps(page: str) -> list[tuple[str, str]]:
    """The steps of the tracker: where each stands, and its name."""
    tracker = page.partition('<ol class="steps"')[2].partition("</ol>")[0]
    return re.findall(r'<li class="(\w+)".*?"step-label">([^<]+)<', tracker, re.DOTALL)


def items_of(desk: Desk, referral_id: str) -> list[str]:
    """The items of a referral in their order."""
    found = sa.select(Item.id).where(Item.referral_id == referral_id).order_by(Item.position)
    return list(desk.session.scalars(found))


def test_the_page_tells_the_answer_in_words(officer: Person, sender: Actor) -> None:
    referral_id = receive(sender, URLS[0], "https://elsewhere.example/").referral_id
    before = officer.get(f"/sender/referrals/{referral_id}")
    assert steps(before) == [("done", "Received"), ("current", "In review"), ("next", "Decided")]
    assert "hxxps://video[.]example/1" in before
    assert f'href="{URLS[0]}' not in before
    told = words_of(before)
    for words in ("Not taken", "1 item taken, 1 entry refused", "Our review team has not answered it yet."):
        assert words in told
    assert "Due" not in told
    decide_all(outcome="accepted")
    page = officer.get(f"/sender/referrals/{referral_id}")
    assert steps(page) == [("done", "Received"), ("done", "In review"), ("current", "Decided")]
    told = words_of(page)
    for words in (
        "1 item answered: Accepted",
        "Accepted · Against our terms",
        "as worded when we decided",
        "No praise of listed organisations.",
        "Content Removed Account No measure Where Everywhere Carried out Not reported yet",
        "Complaint possible until",
        "We have compared the item with our terms.",
    ):
        assert words in told
    assert "nothing praises one" not in page
    assert "Withdraw" not in page


def test_a_declined_item_says_why_and_what_waits_is_counted(officer: Person, sender: Actor) -> None:
    referral_id = receive(sender, URLS[0]).referral_id
    decide_all()
    told = words_of(officer.get(f"/sender/referrals/{referral_id}"))
    assert "Declined · No breach" in told
    assert "Carried out" not in told


def test_who_was_answered_is_shown_where_to_complain(desk: Desk, officer: Person, sender: Actor) -> None:
    referral_id = receive(sender, URLS[0]).referral_id
    (item_id,) = items_of(desk, referral_id)
    address = f'href="/sender/items/{item_id}/complaint"'
    assert address not in officer.get(f"/sender/referrals/{referral_id}")
    decide_all()
    assert address in officer.get(f"/sender/referrals/{referral_id}")


def test_a_clause_stays_as_it_was_worded(desk: Desk, officer: Person, sender: Actor) -> None:
    referral_id = receive(sender, URLS[0]).referral_id
    decide_all(outcome="accepted")
    first = desk.session.scalars(sa.select(ClauseVersion)).one()
    with db.transaction() as writer:
        writer.add(
            ClauseVersion(
                id=new_id("W"),
                clause_id=first.clause_id,
                version=2,
                title=first.title,
                text="CANARY: another wording.",
                text_sha256="0" * 64,
                valid_from=first.valid_from,
                created_at=first.created_at,
            )
        )
    page = officer.get(f"/sender/referrals/{referral_id}")
    assert "No praise of listed organisations." in page
    assert "CANARY" not in page


def test_times_stand_in_the_readers_zone_with_the_relative_words(desk: Desk, sender: Actor) -> None:
    with time_machine.travel(NOW, tick=False):
        referral_id = receive(sender, URLS[0]).referral_id
    with time_machine.travel(NOW + timedelta(minutes=25), tick=False):
        officer = Person(desk, Role.SENDER, sender_id=sender.sender_id)
        officer.client.set_cookie("display", "light:comfortable:100:en:Europe/Brussels")
        page = officer.get(f"/sender/referrals/{referral_id}")
    assert "23 Nov 2026, 11:00 CET 25 min ago" in words_of(page)
    assert 'title="23 Nov 2026, 10:00:00 UTC"' in page


def test_only_removal_orders_have_a_due_time(desk: Desk, officer: Person, sender: Actor) -> None:
    case_id = make_case(intake_kind="removal_order", sender_id=sender.sender_id, due_in=timedelta(days=9))
    referral_id = desk.session.scalar(sa.select(Item.referral_id).where(Item.case_id == case_id))
    received_at = desk.session.get_one(Referral, referral_id).received_at
    page = officer.get(f"/sender/referrals/{referral_id}")
    due = (received_at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f'<time class="deadline soon" datetime="{due}"' in page


def test_withdrawing_asks_first_then_takes_one_item_and_the_rest(
    desk: Desk, officer: Person, sender: Actor
) -> None:
    referral_id = receive(sender, *URLS, "https://video.example/3").referral_id
    address = f"/sender/referrals/{referral_id}"
    first, *others = items_of(desk, referral_id)
    assert f'href="/sender/items/{first}/withdraw"' in officer.get(address)
    question = officer.get(f"/sender/items/{first}/withdraw")
    assert "Withdraw 1 item?" in question
    assert "hxxps://video[.]example/1" in question
    assert set(desk.session.scalars(sa.select(Item.status))) == {"in_review"}
    page = officer.follow(officer.post(f"/sender/items/{first}/withdraw"))
    assert "The item is withdrawn." in page
    assert "1 withdrawn" in page
    assert "You withdrew 1 item" in page
    question = officer.get(f"{address}/withdraw")
    assert "Withdraw 2 items?" in question
    assert first not in question
    assert all(item in question for item in others)
    page = officer.follow(officer.post(f"{address}/withdraw"))
    assert "What was in review of this referral is withdrawn." in page
    assert steps(page) == [("done", "Received"), ("current", "Withdrawn")]
    assert "withdraw" not in " ".join(re.findall(r'href="([^"]+)"', page))
    assert set(desk.session.scalars(sa.select(Item.status))) == {"withdrawn"}
    for asked in (f"{address}/withdraw", f"/sender/items/{first}/withdraw"):
        assert "in review any more." in officer.follow(officer.client.get(asked))


def test_what_is_answered_has_no_way_back(desk: Desk, officer: Person, sender: Actor) -> None:
    referral_id = receive(sender, URLS[0]).referral_id
    [item] = items_of(desk, referral_id)
    for address in (f"/sender/referrals/{referral_id}/withdraw", f"/sender/items/{item}/withdraw"):
        if "items" not in address:
            officer.get(address)
            decide_all()
        officer.page = officer.client.get("/sender/keys").text
        assert "cannot be taken back" in officer.follow(officer.post(address))
    assert set(desk.session.scalars(sa.select(Item.status))) == {"decided"}


def test_receipts_of_arrival_and_answer_are_files_once_they_are_signed(
    desk: Desk, officer: Person, sender: Actor
) -> None:
    referral_id = receive(sender, URLS[0]).referral_id
    address = f"/sender/referrals/{referral_id}"
    assert "not ready yet" in officer.follow(officer.client.get(f"{address}/receipt"))
    [item] = items_of(desk, referral_id)
    officer.get(f"{address}/receipt?item={item}", 404)
    decide_all()
    settle(desk.settings.data_dir)
    assert f'href="{address}/receipt?item={item}"' in officer.get(address)
    for asked, name in ((f"{address}/receipt", referral_id), (f"{address}/receipt?item={item}", item)):
        answer = officer.client.get(asked)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}-receipt.txt"'
        assert answer.text.startswith("c2sp.org/tlog-proof")


def test_a_long_referral_has_pages_of_items(desk: Desk, officer: Person, sender: Actor) -> None:
    urls = [f"https://video.example/many/{number}" for number in range(51)]
    referral_id = receive(sender, *urls).referral_id
    address = f"/sender/referrals/{referral_id}"
    items = items_of(desk, referral_id)
    for asked in ("", "?page=0", "?page=x", "?page=%C2%B2", "?page=99999"):
        page = officer.get(address + asked)
        assert [item for item in items if f'id="{item}"' in page] == items[:50]
        assert "51 in review" in page
        assert f'href="{address}?page=2#items" rel="next"' in page
    for asked in ("?page=2", "?page=999", f"?item={items[50]}"):
        page = officer.get(address + asked)
        assert [item for item in items if f'id="{item}"' in page] == items[50:]
        assert "Items 51 to 51 of 51" in page


def answer_to(person: Person, method: str, address: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, text and headers, without what differs between any two requests: tokens and moments."""
    answer = person.client.open(address, method=method, data={"csrf_token": person.field("csrf_token")})
    headers = [pair for pair in answer.headers if pair[0] not in ("Set-Cookie", "Content-Length", "Date")]
    return answer.status_code, plain(answer.text), headers


def test_anothers_referral_is_missing_byte_for_byte(desk: Desk, officer: Person, sender: Actor) -> None:
    receive(sender, URLS[0])
    foreign = receive(sender_actor(make_sender()), URLS[0]).referral_id
    decide_all()
    settle(desk.settings.data_dir)
    [item] = items_of(desk, foreign)
    officer.get("/sender/keys")
    for method, pattern in (
        ("GET", "/sender/referrals/{R}"),
        ("GET", "/sender/referrals/{R}?item={I}"),
        ("GET", "/sender/referrals/{R}/withdraw"),
        ("POST", "/sender/referrals/{R}/withdraw"),
        ("GET", "/sender/items/{I}/withdraw"),
        ("POST", "/sender/items/{I}/withdraw"),
        ("GET", "/sender/referrals/{R}/receipt"),
        ("GET", "/sender/referrals/{R}/receipt?item={I}"),
    ):
        answers = [
            answer_to(officer, method, pattern.format(R=referral, I=named))
            for referral, named in ((foreign, item), ("R-0000-0000-0000", "I-0000-0000-0000"), ("x", "x"))
        ]
        assert {status for status, _text, _headers in answers} == {404}, pattern
        assert answers[0] == answers[1] == answers[2], pattern
    for q in (foreign, item):
        page = officer.follow(officer.client.get(f"/sender/find?q={q}"))
        assert "No referral is like that." in page


def test_other_roles_and_forms_without_a_token_are_refused(
    desk: Desk, officer: Person, sender: Actor
) -> None:
    own = receive(sender, URLS[0]).referral_id
    assert officer.client.post(f"/sender/referrals/{own}/withdraw").status_code == 403
    moderator = Person(desk, Role.MODERATOR)
    for address in ("/sender", "/sender/referrals", "/sender/refused", f"/sender/referrals/{own}"):
        moderator.get(address, 403)
    assert set(desk.session.scalars(sa.select(Item.status))) == {"in_review"}
