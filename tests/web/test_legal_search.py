"""Search of legal staff: it says how it understood, keeps filters in the address, shows nothing unasked."""

import re

import pytest
import sqlalchemy as sa

from review.domain.permissions import Role
from review.models import Opening
from tests.conftest import Desk
from tests.factories import make_cases, make_key, make_sender, make_sign_in
from tests.trails import decide_all, refer

URL = "https://video.example/watch/77?b=2&a=1"


def told(desk: Desk) -> list[str]:
    """What the events of searches commit to as their query."""
    rows = desk.session.scalars(
        sa.select(Opening.fields).where(Opening.event_type == "records.listed").order_by(Opening.recorded_at)
    )
    return ["query" if "query" in row else "" for row in rows]


@pytest.mark.parametrize(
    ("by", "understood"),
    [
        ("case", "our case id"),
        ("referral", "our referral id"),
        ("item", "our item id"),
        ("reference", "a sender's reference"),
        ("url", "a URL in any of its spellings"),
        ("defanged", "a URL in any of its spellings"),
        ("host", "everything on the host"),
        ("digest", "a SHA-256 digest"),
        ("words", "words in the reason"),
    ],
)
def test_a_case_is_found_by_whatever_was_pasted_and_the_page_says_how_it_understood(
    desk: Desk, by: str, understood: str
) -> None:
    client = desk.client()
    key = make_key(make_sender())
    referral = refer(client, key, URL, reference="Zürich/7")
    refer(client, key, "https://news.social.example/other")
    cases = {
        row[0]: row[1] for row in desk.session.execute(sa.text("SELECT referral_id, case_id FROM items"))
    }
    first = cases.pop(referral["id"])
    (second,) = cases.values()
    digest = desk.session.scalar(sa.text("SELECT body_sha256 FROM referrals WHERE reference = 'Zürich/7'"))
    make_sign_in(client, Role.LEGAL)
    pasted = {
        "case": first.lower(),
        "referral": referral["id"].replace("-", ""),
        "item": referral["items"][0]["id"],
        "reference": "Zürich/7",
        "url": "http://video.example/watch/77?a=1&b=2#here",
        "defanged": "hxxps://video[.]example/watch/77?a=1&b=2",
        "host": "video[.]example",
        "digest": digest,
        "words": "zür",
    }
    found = client.get("/records", query_string={"q": pasted[by]})
    assert understood in found.text
    assert first in found.text
    assert second not in found.text
    assert told(desk) == ["query"]


def test_nothing_found_names_what_was_read_and_what_comes_nearest(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    make_sign_in(client, Role.LEGAL)
    page = client.get("/records", query_string={"q": "https://video.example/gone?x=1"}).text
    assert "Nothing was found." in page
    assert "hxxps://video[.]example/gone?x=1" in page
    near = [
        address.replace("&amp;", "&") for address in re.findall(r'href="(/records\?[^"]*as=[^"]*)"', page)
    ]
    assert re.findall(r"as=(\w+)", " ".join(near)) == ["url", "host", "text"]
    assert "everything on the host" in client.get(near[1]).text
    assert "/records/C-" in client.get(near[1]).text


def test_first_words_are_shown_only_on_demand_and_never_raw(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    make_sign_in(client, Role.LEGAL)
    masked = client.get("/records").text
    assert "Branded propaganda" not in masked
    shown = client.get("/records?words=1").text
    assert "Branded propaganda video" in shown
    assert told(desk) == ["", "query"], "that words were shown is on the trail"


def test_filters_and_pages_stay_in_the_address(desk: Desk) -> None:
    client = desk.client()
    make_cases(60)
    make_sign_in(client, Role.LEGAL)
    page = client.get("/records?state=open&kind=referral")
    assert "50 of 60" in page.text
    address = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert address is not None
    following = client.get(address[1].replace("&amp;", "&")).text
    assert "10 shown" in following
    assert "state=open" in address[1]
    first, second = (set(re.findall(r"/records/(C-[0-9A-Z-]+)", text)) for text in (page.text, following))
    assert (len(first), len(second), first & second) == (50, 10, set())
    assert "No case is like that." in client.get("/records?state=withdrawn").text
    assert client.get("/records?after=nonsense").status_code == 422


@pytest.mark.parametrize(
    "query", ["state=x&kind=y&outcome=z&sender=S-1&since=never&until=9999-12-31&as=magic", "q=%00", "q=%"]
)
def test_whatever_stands_in_the_address_is_answered(desk: Desk, query: str) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    make_sign_in(client, Role.LEGAL)
    assert client.get(f"/records?{query}").status_code == 200


def test_the_outcome_narrows_a_search(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    (case_id,) = decide_all()
    make_sign_in(client, Role.LEGAL)
    assert case_id in client.get("/records?outcome=declined").text
    assert case_id not in client.get("/records?outcome=accepted").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=never&state=open", "for example 2026-11-30"),
        ("since=2026-02-01&until=2026-01-31&state=open", "This is before the start"),
    ],
)
def test_days_that_are_none_or_reversed_are_an_error_at_their_field(
    desk: Desk, query: str, words: str
) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records?{query}").text
    assert 'role="alert"' in page
    assert words in page.split("field-error", 1)[1][:300]
    assert '<option selected value="open">' in page
    assert 'role="alert"' not in client.get("/records?since=2026-01-31&until=2026-01-31").text


def test_a_cited_entry_leads_to_that_entry_and_a_sender_s_id_to_the_sender(desk: Desk) -> None:
    client = desk.client()
    sender = make_sender("Unit North")
    refer(client, make_key(sender), URL)
    refer(client, make_key(make_sender()), "https://video.example/other")
    (case_id, other) = decide_all()
    make_sign_in(client, Role.LEGAL)
    page = client.get("/records", query_string={"q": f"{case_id.lower()} ENTRY 2"}).text
    assert "entry 2 in the record of our case" in page
    assert f'href="/records/{case_id}#entry-2"' in page
    assert 'id="entry-2"' in client.get(f"/records/{case_id}").text
    page = client.get("/records", query_string={"q": sender.lower()}).text
    assert "our sender id" in page
    assert f'href="/senders/{sender}"' in page
    assert [case_id in page, other in page].count(True) == 1
    assert client.get(f"/senders/{sender}").status_code == 200
