"""Quality review through its pages: drawn within three clicks, judged without names, read by legal."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review.actions.trail import sequence_events
from review.domain.permissions import Role
from review.models import Account, Opening
from tests.actions.test_quality import NOW, YESTERDAY, decided
from tests.conftest import Desk
from tests.factories import make_account, make_sign_in


@pytest.fixture(autouse=True)
def at_ten() -> Any:
    with time_machine.travel(NOW, tick=False) as hand:
        yield hand


def signed_in(desk: Desk, role: Role = Role.LEAD) -> FlaskClient:
    client = desk.client()
    make_sign_in(client, role)
    return client


def token(page: str) -> str:
    return str(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0])


def drawn(client: FlaskClient, **changes: str) -> Any:
    page = client.get("/quality").text
    fields = {"since": YESTERDAY.isoformat(), "until": YESTERDAY.isoformat(), "size": "30", "seed": ""}
    return client.post("/quality/samples", data=fields | changes | {"csrf_token": token(page)})


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_a_sample_is_three_clicks_from_the_start_with_its_seed_shown(desk: Desk) -> None:
    decided(3)
    client = signed_in(desk)
    start = client.get("/", follow_redirects=True).text
    assert 'href="/quality"' in start  # first click
    form = client.get("/quality").text
    offered = dict(re.findall(r'<input[^>]*name="(since|until|size)"[^>]*value="([^"]*)"', form))
    answer = client.post("/quality/samples", data=offered | {"csrf_token": token(form)})  # second
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert re.search(r"Seed\s+[0-9a-f]{16}\s", text_of(page))
    assert "3 of 3 decided; 30 asked for" in text_of(page)
    assert "Judge the next case" in page


def test_the_same_seed_leads_to_the_same_sample(desk: Desk) -> None:
    decided(3)
    first = drawn(signed_in(desk), seed="7f3a")
    client = signed_in(desk)
    again = drawn(client, seed="7f3a")
    assert again.location == first.location
    assert "This sample was drawn before" in client.get(again.location).text
    assert drawn(client, seed="7f3b").location != first.location


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(desk: Desk) -> None:
    decided(1)
    client = signed_in(desk)
    answer = drawn(client, until=NOW.date().isoformat(), size="5000", seed="no spaces")
    assert answer.status_code == 422
    for sentence in ("Choose a day in UTC that is over", "at most 1000", "letters, digits and hyphens"):
        assert sentence in answer.text
    assert 'value="no spaces"' in answer.text
    unreadable = drawn(client, since="soon", size="many")
    assert unreadable.status_code == 422
    assert "Write the day as year, month and day" in unreadable.text
    nothing = drawn(client, since="2026-01-01", until="2026-01-02")
    assert "there is nothing to draw" in nothing.text


def test_a_case_is_judged_without_senders_and_names(desk: Desk) -> None:
    author = make_account()
    (case_id,) = decided(1, author)
    client = signed_in(desk)
    sample = drawn(client).location
    page = client.get(sample).text
    (address,) = set(re.findall(r'href="(/quality/samples/Y-[^"/]+/D-[^"]+)"', page))
    case = client.get(address)
    assert case.status_code == 200
    assert "A news report." in case.text
    name = desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == author.account_id))
    sender = desk.session.scalar(sa.text("SELECT name FROM senders"))
    assert str(name) not in text_of(case.text)
    assert sender not in case.text
    opened = sa.select(Opening.event_type).where(Opening.object_id == case_id)
    assert "record.opened" in desk.session.scalars(opened).all()
    assert "Accepted, but should be declined" not in case.text
    refused = client.post(
        address, data={"csrf_token": token(case.text), "finding": "technical", "remark": ""}
    )
    assert refused.status_code == 422
    assert "Say what is wrong" in refused.text
    fields = {
        "csrf_token": token(case.text),
        "finding": "technical",
        "remark": "No statement.",
        "then": "next",
    }
    done = client.post(address, data=fields)
    assert (done.status_code, done.location) == (303, sample)
    page = text_of(client.get(sample).text)
    assert "Technical error" in page
    assert "No statement." in page
    assert "About 100% of the decisions of these days have an error; 95% interval 21% to 100%." in page
    late = client.post(address, data=fields | {"remark": "<b>typed</b>"})
    assert late.status_code == 409
    assert "judged in the meantime" in late.text
    assert "&lt;b&gt;typed" in late.text
    assert client.get(address).status_code == 409


def test_judging_goes_on_to_the_next_one_that_is_not_ones_own(desk: Desk) -> None:
    client = desk.client()
    lead = make_sign_in(client, Role.LEAD)
    cases = decided(4, lead, make_account())
    sample = drawn(client).location
    page = client.get(sample).text
    assert text_of(page).count("your own case: somebody else judges it") == 2
    addresses = list(dict.fromkeys(re.findall(r'href="(/quality/samples/Y-[^"/]+/D-[^"]+)"', page)))
    assert len(addresses) == 2
    fields = {"csrf_token": token(client.get(addresses[0]).text), "finding": "correct", "then": "next"}
    assert client.post(addresses[0], data=fields).location == addresses[1]
    assert "Record and open the next" not in client.get(addresses[1]).text
    own = desk.session.scalar(sa.text(f"SELECT id FROM decisions WHERE case_id = '{cases[0]}'"))
    refused = client.get(f"{sample}/{own}")
    assert refused.status_code == 403
    assert "You had a part in this case" in refused.text


def test_legal_reads_samples_and_draws_and_judges_none(desk: Desk) -> None:
    (case_id,) = decided(1)
    sample = drawn(signed_in(desk)).location
    legal = signed_in(desk, Role.LEGAL)
    page = legal.get("/quality").text
    assert 'action="/quality/samples"' not in page
    assert sample in page
    shown = legal.get(sample).text
    assert f'href="/records/{case_id}"' in shown
    assert "Judge the next case" not in shown
    decision = desk.session.scalar(sa.text("SELECT id FROM decisions"))
    assert legal.get(f"{sample}/{decision}").status_code == 403
    for address in ("/quality/samples", f"{sample}/{decision}"):
        assert legal.post(address, data={"csrf_token": token(legal.get("/display").text)}).status_code == 403
    for role in (Role.MODERATOR, Role.ADMIN, Role.SENDER):
        other = signed_in(desk, role)
        assert other.get("/quality").status_code == other.get(sample).status_code == 403


def test_addresses_of_no_sample_are_not_found(desk: Desk) -> None:
    decided(1)
    client = signed_in(desk)
    sample = drawn(client).location
    for address in ("/quality/samples/Y-0000-0000-0000-1", "/quality/samples/none", f"{sample}/D-none"):
        assert client.get(address).status_code == 404


def test_a_day_without_decisions_says_nothing_of_errors(desk: Desk, at_ten: Any) -> None:
    decided(2)
    at_ten.shift(timedelta(days=1))
    page = text_of(signed_in(desk, Role.LEGAL).get(drawn(signed_in(desk)).location).text)
    assert "0 of 2" in page
    assert "Errors found" not in page


def test_the_trail_names_the_sample_and_leads_to_it(desk: Desk) -> None:
    decided(1)
    sample = drawn(signed_in(desk)).location
    while sequence_events() is not None:
        pass
    page = signed_in(desk, Role.LEGAL).get("/trail?type=quality.sampled").text
    assert f'href="{sample}"' in page
    assert "Sample for quality drawn" in page
