"""One's own comfort page; the card that asks for a break; what "next" says when the budget is used."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import db
from review.actions.evidence import Size, reveal_evidence
from review.config import Settings
from review.domain.media import Stage
from review.domain.permissions import Actor, Role
from review.models import Case
from tests.actions.test_cases import NOW
from tests.conftest import Desk
from tests.factories import make_case, make_sign_in
from tests.pieces import add_evidence

ASKS = "without a break"


def _token(client: FlaskClient, page: str) -> str:
    return client.get(page).text.partition('name="csrf_token" value="')[2].partition('"')[0]


def _next(client: FlaskClient, **more: str) -> str:
    """Take the next case; the page that this leads to."""
    answer = client.post("/queue/next", data={"csrf_token": _token(client, "/queue")} | more)
    assert answer.status_code == 303
    return client.get(answer.location).text


def _shown(case_id: str, person: Actor) -> None:
    reveal_evidence(case_id, add_evidence(case_id), stage=Stage.SMALL, size=Size(9, 3, 3), actor=person)


def _asking(desk: Desk, **chosen: int) -> Settings:
    return replace(desk.settings, **({"break_minutes": 0, "break_reveals": 0} | chosen))  # type: ignore[arg-type]


def _held(person: Actor) -> str:
    found = db.session().scalars(sa.select(Case.id).where(Case.claimed_by == person.account_id))
    case_id = found.one()
    db.session().rollback()
    return case_id


def test_choices_are_kept_and_shown_again(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    fields = {"csrf_token": _token(client, "/comfort"), "blur": "1", "size": "full", "budget_high": "12"}
    assert client.post("/comfort", data=fields | {"break_minutes": ""}).status_code == 303
    page = client.get("/comfort").text
    assert "Kept. It counts from the next picture on." in page
    assert 'value="12"' in page
    assert '<option selected value="full">' in page
    assert 'checked id="blur"' in page
    assert 'checked id="grey"' not in page


def test_one_click_goes_back_to_the_desks_choice(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    before = client.get("/comfort").text
    assert "You have chosen nothing yet" in before
    assert "/comfort/standard" not in before
    fields = {"csrf_token": _token(client, "/comfort"), "size": "full", "budget_high": "12"}
    client.post("/comfort", data=fields)
    assert 'action="/comfort/standard"' in client.get("/comfort").text
    answer = client.post("/comfort/standard", data={"csrf_token": _token(client, "/comfort")})
    assert answer.status_code == 303
    page = client.get("/comfort").text
    assert "The desk&#39;s choice counts again" in page
    assert "You have chosen nothing yet" in page
    assert '<option selected value="small">' in page
    assert 'value="12"' not in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [("many", "Write a whole number"), ("61", "The desk&#39;s limit is 60"), ("0", "at least 1")],
)
def test_a_limit_that_cannot_be_is_refused_at_its_field_with_all_that_was_typed(
    desk: Desk, typed: str, says: str
) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    fields = {"csrf_token": _token(client, "/comfort"), "size": "small", "break_minutes": "25"}
    answer = client.post("/comfort", data=fields | {"budget_high": typed})
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{typed}"' in answer.text
    assert 'value="25"' in answer.text
    assert 'checked id="blur"' not in answer.text


@pytest.mark.parametrize(("minutes", "says"), [("soon", "Write a whole number"), ("0", "at least 1")])
def test_all_that_is_wrong_is_told_at_once_each_at_its_field(desk: Desk, minutes: str, says: str) -> None:
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    wrong = {"size": "huge", "break_minutes": minutes, "budget_high": "61", "grey": "1"}
    page = client.post("/comfort", data={"csrf_token": _token(client, "/comfort")} | wrong).text
    summary = page.partition('role="alert"')[2].partition("</div>")[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["size", "break_minutes", "budget_high"]
    for field, sentence in (("size", "Choose one"), ("break_minutes", says), ("budget_high", "limit is 60")):
        said = re.search(rf'id="{field}-error">(.*?)</p>', page)
        assert said is not None, field
        assert sentence in said[1]
        assert re.search(rf'aria-invalid="true"[^>]*id="{field}"', page), field
    assert f'value="{minutes}"' in page
    assert 'value="61"' in page
    assert 'checked id="grey"' in page
    assert 'checked id="blur"' not in page
    assert "Kept." not in client.get("/comfort").text


def test_the_page_claims_comfort_and_no_protection(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.LEAD)
    page = client.get("/comfort").text
    assert "This is comfort, not protection" in page
    assert "Only you see this page." in page
    assert "There is nothing to mute here: video and audio are never shown" in page
    assert "mute" not in "".join(re.findall(r"<(?:input|select)[^>]*>", page)), "words, and no switch"


def test_other_roles_have_no_such_page(desk: Desk) -> None:
    for role in (Role.ADMIN, Role.SENDER):
        client = desk.client()
        make_sign_in(client, role)
        assert client.get("/comfort").status_code == 403


def test_the_card_comes_once_with_a_case_not_yet_begun_and_again_after_a_while(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(
        desk.settings, break_minutes=20, break_reveals=0, claim_seconds=86_400
    )
    client = desk.client()
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_sign_in(client, Role.MODERATOR)
        make_case()
        assert ASKS not in _next(client)
        case_id = _held(person)
        for _look in range(3):
            _shown(case_id, person)
            hand.shift(timedelta(minutes=8))
        page = client.get(f"/cases/{case_id}").text
        assert ASKS not in page, "in the middle of a case nobody is asked"
        make_case()
        _shown(case_id, person)
        first = _next(client)
        assert "24 minutes of work without a break." in first
        assert ASKS not in client.get("/my-work").text, "once"
        hand.shift(timedelta(minutes=2))
        make_case()
        assert ASKS not in _next(client)
        hand.shift(timedelta(minutes=4))
        _shown(case_id, person)
        hand.shift(timedelta(minutes=9, seconds=30))
        make_case()
        assert ASKS in _next(client)


def test_the_card_says_that_it_was_what_one_saw_where_the_minutes_are_few(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = _asking(desk, break_minutes=50, break_reveals=1)
    client = desk.client()
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_sign_in(client, Role.MODERATOR)
        make_case(severity="high")
        _next(client)
        _shown(_held(person), person)
        hand.shift(timedelta(minutes=5))
        make_case()
        page = _next(client)
    assert "You were shown much of high severity without a break." in page
    assert "of work without a break." not in page


def test_one_is_told_that_the_days_limit_of_low_severity_is_used(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, budget_low=1)
    client = desk.client()
    person = make_sign_in(client, Role.MODERATOR)
    make_case()
    _next(client)
    told = "limit of low severity for a day"
    assert told not in client.get("/comfort").text
    _shown(_held(person), person)
    assert told in client.get("/comfort").text
    assert told in client.get("/my-work").text


def test_the_card_comes_into_no_draft_and_the_break_keeps_what_is_typed(desk: Desk) -> None:
    """Goal 22: whatever the page of a held case does with half a review past the limit, nothing asks."""
    desk.app.config["REVIEW_SETTINGS"] = replace(
        desk.settings, break_minutes=20, break_reveals=0, claim_seconds=86_400
    )
    client = desk.client()
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_sign_in(client, Role.MODERATOR)
        case_id = make_case()
        _next(client)
        evidence_id = add_evidence(case_id)
        for _look in range(3):
            _shown(case_id, person)
            hand.shift(timedelta(minutes=8))
        page = client.get(f"/cases/{case_id}").text
        typed = dict(re.findall(r'name="(version|claim_generation)"[^>]*value="(\d+)"', page))
        typed |= {"csrf_token": _token(client, f"/cases/{case_id}"), "rationale": "Half a sentence, and"}
        for address, more in (
            ("draft", {"autosave": "1"}), ("draft", {}), ("renew", {}), ("note", {"note": "A note."}),
            (f"reveal?evidence={evidence_id}&stage=small", {}), ("hide", {}), ("look", {}), ("review", {}),
        ):  # fmt: skip
            answer = client.post(f"/cases/{case_id}/{address}", data=typed | more, follow_redirects=True)
            assert answer.status_code in (200, 422), address
            assert ASKS not in answer.text, address
            assert ASKS not in client.get(f"/cases/{case_id}").text, address
        page = _next(client)
        assert "this is a case that you hold already" in page
        assert "Half a sentence, and</textarea>" in page
        assert ASKS not in page, "nothing else waits: it is the same draft once more"
        make_case()
        hand.shift(timedelta(seconds=61))
        assert ASKS in _next(client)
        rested = client.post("/break", data={"csrf_token": typed["csrf_token"]}, follow_redirects=True)
        assert "Take your time" in rested.text
        client.post("/break/end", data={"csrf_token": typed["csrf_token"]})
        assert "Half a sentence, and</textarea>" in client.get(f"/cases/{case_id}").text


def test_the_card_comes_after_many_looks_however_short_they_were(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, break_minutes=0, break_reveals=1)
    client = desk.client()
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_sign_in(client, Role.MODERATOR)
        make_case(severity="high")
        _next(client)
        hand.shift(timedelta(seconds=61))
        _shown(_held(person), person)
        make_case()
        hand.shift(timedelta(seconds=20))
        assert ASKS in _next(client)


def test_after_a_break_nobody_is_asked(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, break_minutes=0, break_reveals=1)
    client = desk.client()
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_sign_in(client, Role.MODERATOR)
        make_case(severity="high")
        _next(client)
        _shown(_held(person), person)
        client.post("/break", data={"csrf_token": _token(client, "/my-work")})
        hand.shift(timedelta(minutes=5))
        client.post("/break/end", data={"csrf_token": _token(client, "/break")})
        make_case()
        assert ASKS not in _next(client)


def test_the_days_budget_is_told_with_a_way_past_it(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, budget_high=1, break_reveals=0)
    client = desk.client()
    person = make_sign_in(client, Role.MODERATOR)
    make_case(severity="high")
    _next(client)
    _shown(_held(person), person)
    waiting = make_case(severity="high")
    page = _next(client)
    assert "Enough for today" in page
    assert "1 of 1" in client.get("/comfort").text
    assert waiting in _next(client, severe="1")
    calm = make_case()
    assert calm in _next(client)


def test_readers_of_records_choose_how_pictures_appear_to_them(desk: Desk) -> None:
    case_id, client = make_case(), desk.client()
    evidence_id = add_evidence(case_id)
    make_sign_in(client, Role.LEGAL)
    record = f"/records/{case_id}"
    assert f"reveal?evidence={evidence_id}&amp;stage=small&#34;" in client.get(record).text.replace(
        '"', "&#34;"
    )
    page = client.get("/comfort").text
    assert "Take a break" not in page
    assert 'name="budget_high"' not in page
    fields = {"csrf_token": _token(client, "/comfort"), "size": "full", "grey": "1"}
    assert client.post("/comfort", data=fields).status_code == 303
    assert f"reveal?evidence={evidence_id}&amp;stage=grey" in client.get(record).text
