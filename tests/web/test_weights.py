"""Pages are light: what a browser loads for them, uncompressed, with style sheet, scripts and pictures."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review.actions.cases import claim_case
from review.actions.dispatching import dispatch_review
from review.actions.snippets import write_snippet
from review.domain.permissions import SERVICE, Role
from review.domain.precedents import MOST_SHOWN
from review.models import Case, ClauseVersion
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import (
    join_case,
    make_account,
    make_case,
    make_clause,
    make_sender,
    make_sign_in,
    receive,
    sender_actor,
)
from tests.judging import accept, judge

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STYLES, SCRIPTS, QUEUE, CASE, FORM = 40_000, 25_000, 120_000, 100_000, 43_000
LONG = "One of many sentences of an ordinary reason. " * 20


def weight(client: FlaskClient, address: str) -> int:
    """Bytes of a page and of everything that it names."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text))
    kinds = sorted(part.partition("?")[0].rpartition(".")[2] for part in named)
    assert kinds == ["css", *["js"] * (len(kinds) - 2), "svg"], "styles, scripts and favicon, nothing else"
    sizes: dict[str, int] = {}
    for part in named:
        with client.get(part) as loaded:
            assert loaded.status_code == 200
            sizes[part] = len(loaded.data)
    assert sum(size for part, size in sizes.items() if ".js" in part) <= SCRIPTS
    return len(answer.data) + sum(sizes.values())


def test_the_queue_of_a_lead_with_fifty_boxes_and_a_case_of_several_items_are_light(desk: Desk) -> None:
    place = "https://video.example/watch/several"
    case_id = make_case(url=place, reason=LONG)
    for number in range(1, 6):
        join_case(case_id, url=f"{place}?utm_source={number}", reason=f"{number} {LONG}")
    for _number in range(50):
        make_case()
    make_account()
    client = desk.client()
    lead = make_sign_in(client, Role.LEAD)
    assert client.get("/queue").text.count('name="cases"') == 50
    assert weight(client, "/queue") <= QUEUE
    claim_case(case_id, actor=lead)
    assert client.get(f"/cases/{case_id}").text.count('class="item-head"') == 6
    assert weight(client, f"/cases/{case_id}") <= CASE


def test_the_queue_with_fifty_rows_and_a_case_are_light(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    for number in range(60):
        receive(sender, f"https://video.example/watch/{number}", reason=LONG, reference=f"W-{number}")
    client = desk.client()
    make_sign_in(client, Role.MODERATOR)
    page = client.get("/queue").text
    assert page.count('href="/cases/') == 50
    assert weight(client, "/queue") <= QUEUE
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    case = client.post("/queue/next", data={"csrf_token": token[1]}).headers["Location"]
    assert "rationale" in client.get(case).text
    assert weight(client, case) <= CASE


def test_a_case_after_the_look_with_five_earlier_decisions_is_light(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, undo_seconds=0)
    place, version = "https://video.example/watch/again", make_clause("4.2", LONG)
    for _case in range(MOST_SHOWN):
        review = judge(
            make_case(url=place),
            make_account(),
            accept(version, rationale=f"At 0:12 the speaker asks all viewers to join him. {LONG}"),
        )
        dispatch_review(review.review_id, actor=SERVICE, lot=NOT_DRAWN)
    receive(sender_actor(make_sender()), place, reason=LONG)
    case_id = desk.session.scalars(sa.select(Case.id).where(Case.state == "open")).one()
    client = desk.client()
    claimed = claim_case(case_id, actor=make_sign_in(client, Role.MODERATOR))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(f"/cases/{case_id}").text)
    assert token is not None
    fields = {"version": claimed.version, "claim_generation": claimed.claim_generation}
    answer = client.post(f"/cases/{case_id}/look", data={"csrf_token": token[1], **fields})
    assert answer.status_code == 303
    page = client.get(f"/cases/{case_id}").text
    assert page.count('class="precedent"') == MOST_SHOWN
    assert weight(client, f"/cases/{case_id}") <= CASE


def test_a_case_with_many_clauses_and_ready_made_texts_is_light(desk: Desk) -> None:
    person = make_account(Role.ADMIN)
    for number in range(30):
        version = desk.session.get_one(ClauseVersion, make_clause(f"{number}.1", LONG))
        for kind in ("rationale", "statement"):
            write_snippet(
                version.clause_id, language="en", kind=kind, text=LONG[:200], version=0, actor=person
            )
    urls = [f"https://video.example/watch/{number}" for number in range(60)]
    receive(sender_actor(make_sender()), *urls, reason=LONG)
    client = desk.client()
    moderator = make_sign_in(client, Role.MODERATOR)
    case_id = claim_case(desk.session.scalars(sa.select(Case.id).limit(1)).one(), actor=moderator).case_id
    page = client.get(f"/cases/{case_id}").text
    assert page.count('name="clauses"') == 30
    assert page.count('name="also"') == 20
    assert len(page.encode()) <= FORM, "the rest is for styles and scripts"
    assert weight(client, f"/cases/{case_id}") <= CASE


def test_the_style_sheet_is_light(desk: Desk) -> None:
    with desk.client().get("/static/desk.css") as answer:
        assert len(answer.data) <= STYLES
