"""Legal is told once who recorded a review, for a reason that stays; nobody else is."""

from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import clock
from review.domain.permissions import Role
from review.models import Account, Opening
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_case, make_sign_in
from tests.judging import judge, settle_review

REASON = "Case 4 O 12/26 <b>asks</b> who decided."


def place(desk: Desk) -> tuple[str, str, str]:
    """A case with one review: the case, the address that asks, the name behind it."""
    actor, case_id = make_account(), make_case()
    recorded = judge(case_id, actor)
    name = desk.session.scalar(sa.select(Account.name).where(Account.trail_id == actor.id))
    assert name
    return case_id, f"/records/{case_id}/reviewers/{recorded.review_id}", name


def token_on(client: FlaskClient, address: str) -> str:
    return client.get(address).text.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]


def unmaskings(desk: Desk) -> list[dict[str, Any]]:
    desk.session.rollback()
    rows = desk.session.scalars(
        sa.select(Opening.fields).where(Opening.event_type == "record.reviewer_unmasked")
    )
    return [dict(row) for row in rows]


def test_a_reason_names_the_person_once_and_stays_in_the_record(desk: Desk) -> None:
    case_id, address, name = place(desk)
    legal = desk.client()
    make_sign_in(legal, Role.LEGAL)
    record = legal.get(f"/records/{case_id}").text
    assert f'href="{address}"' in record
    assert name not in record
    asked = legal.get(address).text
    assert name not in asked
    assert unmaskings(desk) == []
    answer = legal.post(address, data={"csrf_token": token_on(legal, address), "reason": REASON})
    assert answer.status_code == 200
    assert name in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(unmaskings(desk)) == 1
    record = legal.get(f"/records/{case_id}").text
    assert name not in record
    readings = record.partition("Who opened this record")[2]
    assert "Reviewer named" in readings
    assert "Case 4 O 12/26 &lt;b&gt;asks" in readings
    assert name not in legal.get(address).text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "Write why"),
        (" \n", "Write why"),
        ("w" * 2_001, "at most 2000"),
        ("a\x07b", "control characters"),
    ],
)
def test_without_a_reason_nobody_is_named(desk: Desk, reason: str, words: str) -> None:
    _case_id, address, name = place(desk)
    legal = desk.client()
    make_sign_in(legal, Role.LEGAL)
    answer = legal.post(address, data={"csrf_token": token_on(legal, address), "reason": reason})
    assert answer.status_code == 422
    assert words in answer.text
    assert name not in answer.text
    assert unmaskings(desk) == []


def test_only_legal_asks_and_only_about_a_review_of_the_case(desk: Desk) -> None:
    _case_id, address, name = place(desk)
    other_case, _address, _name = place(desk)
    for role in set(Role) - {Role.LEGAL, Role.SENDER}:
        client = desk.client()
        make_sign_in(client, role)
        assert client.get(address).status_code == 403, role
    legal = desk.client()
    make_sign_in(legal, Role.LEGAL)
    token = token_on(legal, address)
    mixed = f"/records/{other_case}/reviewers/{address.rpartition('/')[2]}"
    for wrong in (mixed, mixed[:-4] + "0000", "/records/C-0/reviewers/V-0"):
        assert legal.get(wrong).status_code == 404
        answer = legal.post(wrong, data={"csrf_token": token, "reason": REASON})
        assert answer.status_code == 404
        assert name not in answer.text
    assert unmaskings(desk) == []


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD])
def test_the_person_reads_it_on_the_own_work_and_nobody_else_does(desk: Desk, role: Role) -> None:
    with time_machine.travel(clock.now(), tick=False) as hand:
        reviewer, legal = desk.client(), desk.client()
        person, case_id = make_sign_in(reviewer, role), make_case()
        asker = make_sign_in(legal, Role.LEGAL)
        recorded = judge(case_id, person)
        settle_review(recorded, hand, lot=NOT_DRAWN)
        assert "Never so far. When legal asks" in reviewer.get("/my-work").text
        address = f"/records/{case_id}/reviewers/{recorded.review_id}"
        assert "The person is told" in legal.get(address).text
        legal.post(address, data={"csrf_token": token_on(legal, address), "reason": REASON})
        page = reviewer.get("/my-work").text
        told = page.partition("Your name was shown")[2].partition("</table>")[0]
        assert case_id in told
        assert "Case 4 O 12/26 &lt;b&gt;asks" in told
        assert ">Legal<" in told
        asking = desk.session.get_one(Account, asker.account_id)
        for word in (asking.name, asking.pseudonym, asking.email, asker.id):
            assert word not in page
        for other in (Role.MODERATOR, Role.LEAD):
            client = desk.client()
            make_sign_in(client, other)
            page = client.get("/my-work").text
            assert "Never so far. When legal asks" in page
            assert "4 O 12/26" not in page
            for place in ("/queue", f"/search?q={case_id}", f"/cases/{case_id}"):
                assert "4 O 12/26" not in client.get(place).text
        sender = desk.client()
        make_sign_in(sender, Role.SENDER)
        assert sender.get("/my-work").status_code == 403
        for place in ("/sender", "/sender/referrals"):
            assert "4 O 12/26" not in sender.get(place).text


def test_while_the_case_is_judged_nobody_who_judges_reads_of_it(desk: Desk) -> None:
    reviewer, legal = desk.client(), desk.client()
    person, case_id = make_sign_in(reviewer, Role.MODERATOR), make_case()
    make_sign_in(legal, Role.LEGAL)
    before = reviewer.get("/my-work").text.partition("Your name was shown")[2]
    recorded = judge(case_id, person)
    address = f"/records/{case_id}/reviewers/{recorded.review_id}"
    legal.post(address, data={"csrf_token": token_on(legal, address), "reason": REASON})
    assert len(unmaskings(desk)) == 1
    page = reviewer.get("/my-work").text
    assert "4 O 12/26" not in page
    assert (
        page.partition("Your name was shown")[2].partition("</section>")[0]
        == (before.partition("</section>")[0])
    )
