"""The page on agreement: what leads and legal are told of cases judged twice, and what stays untold."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.domain.ids import new_id
from review.domain.permissions import Actor, Role
from review.models import Review, ReviewClause
from review.queries.agreement import twice_judged
from tests.conftest import Desk
from tests.factories import make_accounts, make_case, make_clause, make_sign_in

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ACCEPT: dict[str, Any] = {"outcome": "accepted", "ground": "terms"}
DECLINE: dict[str, Any] = {"outcome": "declined", "decline_reason": "no_breach"}
GONE: dict[str, Any] = {"outcome": "declined", "decline_reason": "not_found"}


def judged(case_id: str, round_: str, person: Actor, found: dict[str, Any], *, clause: str = "") -> None:
    """A review as it stands when its undo window is over and the service has moved the case on."""
    now = clock.now()
    row: dict[str, Any] = {
        "id": new_id("V"), "case_id": case_id, "round": round_, "account_id": person.account_id,
        "rationale": "Compared with the clause.", "statement": "Compared.", "account_measure": "none",
        "territory": "world", "context": "none", "over_broad": False, "case_version": 1,
        "claim_generation": 1, "recorded_at": now, "undo_until": now, "dispatched_at": now,
    }  # fmt: skip
    with db.transaction() as writer:
        writer.add(Review(**row | found))
        writer.flush()
        if clause:
            writer.add(ReviewClause(review_id=row["id"], clause_version_id=clause))


def twice(people: list[Actor], pairs: list[tuple[dict[str, Any], dict[str, Any]]], **case: Any) -> list[str]:
    """Cases that two of these people judged apart."""
    clause, cases = make_clause(f"9.{len(pairs)}"), []
    for number, (one, other) in enumerate(pairs):
        case_id = make_case(**case)
        for round_, found, place in (("first", one, number), ("second", other, number + 1)):
            named = clause if found is ACCEPT else ""
            judged(case_id, round_, people[place % len(people)], found, clause=named)
        cases.append(case_id)
    return cases


def page(desk: Desk, role: Role, query: str = "") -> str:
    client = desk.client()
    make_sign_in(client, role)
    answer = client.get(f"/agreement{query}")
    assert answer.status_code == 200
    return answer.text


def cells(text: str, panel: str) -> list[list[str]]:
    section = unescape(text).partition(f'id="{panel}"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr.*?</tr>", section, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh] .*?</t[dh]>", row)]
        for row in rows
    ]


@pytest.fixture(autouse=True)
def at_ten() -> Any:
    with time_machine.travel(NOW, tick=False) as hand:
        yield hand


PAIRS = [(ACCEPT, ACCEPT)] * 4 + [(DECLINE, DECLINE)] * 3 + [(ACCEPT, DECLINE)] * 2 + [(DECLINE, GONE)]


def test_shares_kappa_and_alpha_are_told_with_their_intervals(desk: Desk) -> None:
    twice(make_accounts(5), PAIRS)
    text = page(desk, Role.LEAD)
    told = {row[0]: row[1:] for row in cells(text, "outcomes")}
    assert told["Same outcome"] == ["80%", "49% to 94%", "10"]
    assert told["Both, where one said: Accepted"] == ["80%", "46% to 95%", "6"]
    assert told["Both, where one said: Declined"][0] == "80%"
    assert told["Cohen's kappa"][0] == "0.62"
    assert told["Krippendorff's alpha"][0] == "0.62"
    assert "Both reviews had the same outcome in 80% of 10 cases; 95% interval 49% to 94%." in text
    assert "A kappa of 0.62 is called substantial after Landis and Koch (1977)" in text
    reasons = {row[0]: row[1:] for row in cells(text, "reasons")}
    assert reasons["Same ground or reason"][0] == "70%"
    assert "Not found" not in reasons
    assert cells(text, "kinds")[1][:2] == ["Referral", "80%"]
    assert cells(text, "clauses")[1][:2] == ["Terms: 9.10", "80%"]
    assert 'class="interval"' in text


def test_too_few_cases_are_not_told_of_to_anybody(desk: Desk) -> None:
    twice(make_accounts(5), PAIRS[:4])
    for role in (Role.LEAD, Role.LEGAL):
        text = page(desk, role)
        assert "Too few cases to tell of" in text
        assert "<svg class" not in text
        assert "<table" not in text


def test_too_few_people_are_not_told_of_to_a_lead(desk: Desk) -> None:
    twice(make_accounts(4), PAIRS)
    text = page(desk, Role.LEAD)
    assert "Too few people to show numbers" in text
    assert "<table" not in text
    assert "80%" in page(desk, Role.LEGAL)


def test_kinds_and_clauses_of_few_cases_or_people_stay_out_of_sight(desk: Desk) -> None:
    people = make_accounts(5)
    twice(people, PAIRS)
    twice(people[:2], PAIRS[:5], intake_kind="notice")
    text = page(desk, Role.LEAD)
    assert [row[0] for row in cells(text, "kinds")] == ["Figure", "Referral"]
    assert "2 kinds and clauses are not shown" in text
    assert [row[0] for row in cells(page(desk, Role.LEGAL), "kinds")] == [
        "Figure",
        "Notice (DSA Article 16)",
        "Referral",
    ]


def test_one_outcome_only_is_unknown_beyond_chance(desk: Desk) -> None:
    twice(make_accounts(5), [(ACCEPT, ACCEPT)] * 6)
    text = page(desk, Role.LEAD)
    told = {row[0]: row[1:] for row in cells(text, "outcomes")}
    assert told["Same outcome"][0] == "100%"
    assert told["Cohen's kappa"] == ["unknown", "–", "6"]
    assert "Everybody chose the same, so that kappa and alpha are unknown" in text


def test_only_days_of_the_address_count_and_only_what_stands(desk: Desk, at_ten: Any) -> None:
    people = make_accounts(5)
    at_ten.move_to(NOW - timedelta(days=40))
    twice(people, PAIRS)
    at_ten.move_to(NOW)
    (undone, waiting, *_rest) = twice(people, [(ACCEPT, DECLINE)] * 2)
    with db.extension.engine.begin() as connection:
        for column, case_id in (("undone_at = recorded_at", undone), ("dispatched_at = NULL", waiting)):
            connection.execute(
                sa.text(f"UPDATE reviews SET {column} WHERE round = 'second' AND case_id = '{case_id}'")
            )
    assert "in 80% of 10 cases" in page(desk, Role.LEGAL)
    assert "Too few cases" in page(desk, Role.LEGAL, "?since=2026-11-01")
    assert "in 80% of 10 cases" in page(desk, Role.LEGAL, "?since=2026-10-14&until=2026-10-14")
    wrong = page(desk, Role.LEGAL, "?since=2026-11-20&until=2026-11-01")
    assert "This is before the start" in wrong
    assert "in 80% of 10 cases" in wrong


def test_what_a_lead_resolved_is_counted_as_a_third_round(desk: Desk) -> None:
    people = make_accounts(5)
    for case_id in twice(people, PAIRS)[7:9]:
        judged(case_id, "resolving", people[0], ACCEPT)
    found = twice_judged(desk.session, since=NOW - timedelta(days=1), before=NOW + timedelta(days=1))
    assert sum(one.cases for one in found.judged) == 10
    assert sum(one.cases for one in found.judged if one.resolving is not None) == 2
    rows = {row[0]: row[1:] for row in cells(page(desk, Role.LEAD), "outcomes")}
    assert rows["Alpha with the resolving reviews"][0] != rows["Krippendorff's alpha"][0]


def test_nobody_is_named_and_others_see_nothing(desk: Desk) -> None:
    people = make_accounts(5)
    twice(people, PAIRS)
    text = page(desk, Role.LEAD)
    for person in people:
        assert person.id not in text
        assert f"Reviewer {person.id.removeprefix('person-')}<" not in text
    for role in (Role.MODERATOR, Role.ADMIN, Role.SENDER):
        client = desk.client()
        make_sign_in(client, role)
        assert client.get("/agreement").status_code == 403
