"""The trail's page: entries by filter, each reading an event; a verification that survives the page."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review import clock, db
from review.domain.permissions import Role
from review.formats import key_files
from review.models import Leaf, Opening, Review, TrailRun
from review.queries import trail_events
from review.workers import verifying
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.guards import unguarded
from tests.trails import decide_all, record_events, refer, settle


@pytest.fixture
def seen(desk: Desk) -> Iterator[tuple[Desk, FlaskClient, str]]:
    """A desk with a decided case whose events have positions; legal is signed in."""
    client = desk.client()
    refer(client, make_key(make_sender("Harbour Watch")), "https://video.example/watch/77")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    make_sign_in(client, Role.LEGAL)
    yield desk, client, case_id
    verifying.wait_for(desk.app)


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def positions(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-column="Position"><span class="number">(\d+)<', page)]


def ask(client: FlaskClient) -> str:
    answer = client.post("/trail/verify", data={"csrf_token": token(client.get("/trail").text)})
    assert answer.status_code == 303
    return str(answer.location)


def test_entries_stand_newest_first_with_who_what_and_a_way_to_the_record(
    seen: tuple[Desk, FlaskClient, str],
) -> None:
    desk, client, case_id = seen
    page = client.get("/trail").text
    assert positions(page) == [4, 3, 2, 1, 0]
    for words in ("Harbour Watch", "Service", "Reviewer", "Case decided", f'href="/records/{case_id}"'):
        assert words in page, words
    leaf = desk.session.scalar(sa.text("SELECT leaf_hash FROM leaves WHERE position = 0"))
    assert bytes(leaf).hex()[:12] in page
    listed = desk.session.scalar(sa.select(sa.func.count()).where(Opening.event_type == "trail.listed"))
    assert listed == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=case.decided", 1),
        ("type=unknown", 5),
        ("who=service", 2),
        ("who=SENDER", 1),
        ("who=nobody", 0),
        ("object=trail", 0),
        ("object=nonsense", 0),
        ("since=2020-01-01T00:00", 5),
        ("until=2020-01-01T00:00", 0),
        ("since=nonsense", 5),
    ],
)
def test_filters_leave_what_was_asked(seen: tuple[Desk, FlaskClient, str], query: str, expected: int) -> None:
    _desk, client, _case_id = seen
    page = client.get(f"/trail?{query}").text
    assert len(positions(page)) == expected
    assert ("No entry is like that." in page) == (expected == 0)


def test_entries_of_one_object_and_of_one_person_are_found(seen: tuple[Desk, FlaskClient, str]) -> None:
    desk, client, case_id = seen
    assert len(positions(client.get(f"/trail?object={case_id.lower()}").text)) == 3
    pseudonym = desk.session.scalar(
        sa.text("SELECT pseudonym FROM accounts WHERE id = (SELECT account_id FROM reviews)")
    )
    page = client.get("/trail", query_string={"who": str(pseudonym).upper()}).text
    assert len(positions(page)) == 2


def test_pages_follow_one_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk.client()
    record_events(130)
    make_sign_in(client, Role.LEGAL)
    found, address = [], "/trail"
    while address:
        page = client.get(address).text
        found += positions(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert found == list(range(129, -1, -1))
    assert client.get("/trail?before=-1").status_code == 422
    monkeypatch.setattr(trail_events, "LOOKED_THROUGH", 40)
    page = client.get("/trail?type=case.decided").text
    assert "Search further back" in page
    assert "before=90" in page


def test_a_span_of_time_is_found_by_halving(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    record_events(60)
    monkeypatch.setattr(trail_events, "OUT_OF_ORDER", 0)
    reader = desk.session
    times = list(reader.scalars(sa.text("SELECT recorded_at FROM openings ORDER BY recorded_at")))
    assert len(times) == 60
    middle = reader.scalar(sa.select(Opening.recorded_at).order_by(Opening.recorded_at).offset(30).limit(1))
    filters = trail_events.TrailFilters(since=middle, until=clock.now() + timedelta(hours=1))
    page = trail_events.trail_page(reader, filters=filters)
    assert {row.at >= (middle or clock.now()) for row in page.rows} == {True}
    assert 30 <= len(page.rows) <= 50


def test_verify_goes_on_in_the_background_and_says_in_one_sentence_what_it_found(
    seen: tuple[Desk, FlaskClient, str],
) -> None:
    desk, client, _case_id = seen
    address = ask(client)
    waiting = client.get(address)
    assert "Waits for its turn" in waiting.text
    assert "<progress" in waiting.text
    assert 'data-going-on="1"' in waiting.text
    trail = client.get("/trail").text
    assert f'href="{address}"' in trail
    assert "Verify now" not in trail
    assert verifying.run_once(desk.app) is False
    verifying.wait_for(desk.app)
    done = client.get(address)
    assert "Intact:" in done.text
    assert "unbroken" in done.text
    assert "data-going-on" not in done.text
    assert "Last verdict" in client.get("/trail").text
    verified = sa.select(sa.func.count()).where(Opening.event_type == "trail.verified")
    assert desk.session.scalar(verified) == 1
    assert client.get("/trail/runs/T-0000-0000-0000").status_code == 404
    assert client.get("/trail/runs/nonsense").status_code == 404


def test_a_verification_that_cannot_be_made_says_why(seen: tuple[Desk, FlaskClient, str]) -> None:
    desk, client, _case_id = seen
    (desk.settings.data_dir / key_files.CHECKPOINT).unlink()
    address = ask(client)
    verifying.run_once(desk.app)
    verifying.wait_for(desk.app)
    assert "could not be checked" in client.get(address).text
    assert "is missing" in client.get(address).text
    client.set_cookie("display", "system:comfortable:100:ar:UTC:on")
    assert "خارج قاعدة البيانات مفقود" in client.get(address).text


def test_a_verification_is_read_anew_more_often_at_first(seen: tuple[Desk, FlaskClient, str]) -> None:
    _desk, client, _case_id = seen
    address = ask(client)
    with db.transaction() as writer:
        writer.execute(sa.update(TrailRun).values(requested_at=clock.now() - timedelta(minutes=1)))
    page = client.get(address)
    assert 'data-going-on="5"' in page.text
    assert '<noscript><meta http-equiv="refresh" content="25"></noscript>' in page.text
    assert f'href="{address}">Refresh</a>' in page.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=nonsense&who=service", "for example 2026-11-30T09:15"),
        ("since=2026-02-01T00:00&until=2026-01-01T00:00&who=service", "This is before the start"),
    ],
)
def test_a_span_that_is_none_is_an_error_at_its_field_and_nothing_typed_is_lost(
    seen: tuple[Desk, FlaskClient, str], query: str, words: str
) -> None:
    _desk, client, _case_id = seen
    page = client.get(f"/trail?{query}").text
    assert 'role="alert"' in page
    assert words in page.split("field-error", 1)[1][:300]
    for typed in dict(part.split("=") for part in query.split("&")).values():
        assert f'value="{typed}"' in page
    assert 'role="alert"' not in client.get("/trail?since=2020-01-01T00:00&until=2020-01-01T00:00:01").text


def verdict_shown(desk: Desk, client: FlaskClient) -> str:
    """The sentence of a verification that is made now."""
    address = ask(client)
    verifying.run_once(desk.app)
    verifying.wait_for(desk.app)
    return client.get(address).text.split('class="verdict bad"')[1].split("</p>")[0]


def test_what_a_broken_verdict_names_leads_there(seen: tuple[Desk, FlaskClient, str]) -> None:
    desk, client, case_id = seen
    review_id = desk.session.scalar(sa.select(Review.id))
    with unguarded(), db.transaction() as writer:
        writer.execute(sa.update(Review).values(rationale="Changed behind the program."))
    sentence = verdict_shown(desk, client)
    assert f'<a href="/records/{case_id}#review-{review_id}">{review_id}</a>' in sentence
    assert f'<a href="/records/{case_id}">{case_id}</a>' in sentence
    entry = re.search(r'<a href="(/trail\?before=(\d+)#entries)">entry (\d+)</a>', sentence)
    assert entry is not None
    assert int(entry[2]) == int(entry[3]) + 1
    assert positions(client.get(entry[1]).text)[0] == int(entry[3])
    assert f'id="review-{review_id}"' in client.get(f"/records/{case_id}").text
    assert "Entry" not in sentence
    assert f'href="/records/{case_id}"' in client.get("/trail").text.split("Last verdict")[1]


def test_words_that_look_like_an_id_in_a_verdict_lead_nowhere(seen: tuple[Desk, FlaskClient, str]) -> None:
    desk, client, case_id = seen
    with unguarded(), db.transaction() as writer:
        first = sa.select(Leaf.eid).where(Leaf.position == 1).scalar_subquery()
        forged = {"object_id": f"{case_id} x", "event_type": "C-0000-0000-0000"}
        writer.execute(sa.update(Opening).where(Opening.eid == first).values(**forged))
    sentence = verdict_shown(desk, client)
    assert '<a href="/trail?before=2#entries">Entry 1</a>' in sentence
    assert case_id in sentence
    assert sentence.count("<a ") == 1
