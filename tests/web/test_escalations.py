"""A moderator asks legal through the review form; legal advises in the record; the next holder reads it."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review.domain.permissions import Role
from review.models import Case
from tests.conftest import Desk
from tests.factories import make_case, make_sign_in

NOTE = "CANARY-NOTE: is this satire?"
ADVICE = "CANARY-ADVICE: it is."


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def ask(client: FlaskClient, case_id: str, **changes: Any) -> Any:
    token = field(client.get("/queue").text, "csrf_token")
    client.post(f"/cases/{case_id}/claim", data={"csrf_token": token})
    page = client.get(f"/cases/{case_id}").text
    fields = {name: field(page, name) for name in ("csrf_token", "version", "claim_generation")}
    fields |= {"outcome": "escalate", "rationale": NOTE} | changes
    return client.post(f"/cases/{case_id}/review", data=fields)


def test_the_whole_way_of_a_question(desk: Desk) -> None:
    moderator, legal, case_id = desk.client(), desk.client(), make_case()
    make_sign_in(moderator, Role.MODERATOR)
    make_sign_in(legal, Role.LEGAL)
    assert "No case waits for advice." in legal.get("/escalations").text
    assert ask(moderator, case_id).status_code == 303
    assert f"{case_id} is with legal." in moderator.get("/queue").text
    apart = moderator.get(f"/cases/{case_id}").text
    assert "Legal was asked about this case" in apart
    assert NOTE in apart, "who asked sees what was asked"
    listed = legal.get("/escalations").text
    assert case_id in listed
    assert "CANARY" not in listed
    record = legal.get(f"/records/{case_id}").text
    assert NOTE in record
    token = field(record, "csrf_token")
    given = legal.post(f"/cases/{case_id}/advice", data={"csrf_token": token, "advice": ADVICE})
    assert (given.status_code, given.location) == (303, "/escalations")
    assert "Advice given." in legal.get("/escalations").text
    assert ADVICE in legal.get(f"/records/{case_id}").text
    assert ADVICE not in moderator.get(f"/cases/{case_id}").text
    other = desk.client()
    make_sign_in(other, Role.MODERATOR)
    token = field(other.get("/queue").text, "csrf_token")
    other.post(f"/cases/{case_id}/claim", data={"csrf_token": token})
    page = other.get(f"/cases/{case_id}").text
    assert "Advice of legal" in page
    assert ADVICE in page
    assert NOTE in page


def test_a_question_without_words_is_refused_at_its_field(desk: Desk) -> None:
    client, case_id = desk.client(), make_case()
    make_sign_in(client, Role.MODERATOR)
    answer = ask(client, case_id, rationale=" ", statement="kept text")
    assert answer.status_code == 422
    assert "Write what legal should look at" in answer.text
    assert "kept text" in answer.text
    assert desk.session.scalar(sa.select(Case.state)) == "open"


@pytest.mark.parametrize(("advice", "status"), [("", 422), ("words\x07", 422), ("w" * 20_001, 422)])
def test_a_refused_advice_keeps_its_text(desk: Desk, advice: str, status: int) -> None:
    moderator, legal, case_id = desk.client(), desk.client(), make_case()
    make_sign_in(moderator, Role.MODERATOR)
    make_sign_in(legal, Role.LEGAL)
    ask(moderator, case_id)
    token = field(legal.get(f"/records/{case_id}").text, "csrf_token")
    answer = legal.post(f"/cases/{case_id}/advice", data={"csrf_token": token, "advice": advice})
    assert answer.status_code == status
    assert "Please correct this" in answer.text
    assert advice[:5].replace("\x07", "") in answer.text
    legal.set_cookie("display", "system:comfortable:100:ar:UTC:on")
    answer = legal.post(f"/cases/{case_id}/advice", data={"csrf_token": token, "advice": advice})
    problem = re.search(r'class="field-error"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert problem is not None
    assert re.search(r"[\u0600-\u06ff]", problem[1]), problem[1]


def test_advice_that_comes_too_late_is_told_and_can_be_copied(desk: Desk) -> None:
    moderator, legal, case_id = desk.client(), desk.client(), make_case()
    make_sign_in(moderator, Role.MODERATOR)
    make_sign_in(legal, Role.LEGAL)
    ask(moderator, case_id)
    token = field(legal.get(f"/records/{case_id}").text, "csrf_token")
    for status in (303, 409):
        answer = legal.post(f"/cases/{case_id}/advice", data={"csrf_token": token, "advice": ADVICE})
        assert answer.status_code == status
    assert "does not wait for advice any more" in answer.text
    assert ADVICE in answer.text.split("Not stored")[1]
    legal.set_cookie("display", "system:comfortable:100:ar:UTC:on")
    answer = legal.post(f"/cases/{case_id}/advice", data={"csrf_token": token, "advice": ADVICE})
    assert "لم تعد هذه القضية تنتظر مشورة" in answer.text
    unknown = legal.post("/cases/C-0000-0000-0000/advice", data={"csrf_token": token, "advice": ADVICE})
    assert unknown.status_code == 404
