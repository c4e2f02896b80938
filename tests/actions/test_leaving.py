"""Setting aside and passing on: the claim ends, others may take the case, one's own "next" leaves it out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import offering
from review.actions.assigning import assign_case
from review.actions.cases import claim_case, claim_next, release_claim
from review.actions.decisions import save_draft
from review.actions.leaving import Left, pass_case, set_aside_case
from review.clock import rfc3339
from review.domain.permissions import Actor, Role
from review.errors import ClaimLost, InvalidInput, NotFound, NotPermitted
from review.models import Account, Case, Draft, Opening, Pass, SetAside
from review.queries.record_timeline import text_in
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_cases
from tests.threads import together

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def events(desk: Desk, case_id: str) -> list[Opening]:
    ordered = sa.select(Opening).where(Opening.object_id == case_id).order_by(Opening.object_version)
    return list(desk.session.scalars(ordered))


def aside(case_id: str, actor: Actor, *, until: timedelta = HOUR) -> Left:
    claim = claim_case(case_id, actor=actor)
    end = clock.now() + until
    return set_aside_case(case_id, end, claim_generation=claim.claim_generation, actor=actor)


def passed(case_id: str, actor: Actor, reason: str = "personal_impact") -> None:
    claim = claim_case(case_id, actor=actor)
    pass_case(case_id, reason, claim_generation=claim.claim_generation, actor=actor)


def next_of(actor: Actor) -> str | None:
    """The case that "next" gives, given back at once."""
    claim = claim_next(actor=actor)
    if claim is None:
        return None
    release_claim(claim.case_id, claim_generation=claim.claim_generation, actor=actor)
    return claim.case_id


def test_a_case_set_aside_is_free_for_others_and_left_out_for_oneself_until_its_time(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        first, second = make_case(due_in=2 * HOUR), make_case(due_in=3 * HOUR)
        person, other = make_account(), make_account()
        assert aside(first, person) == Left(NOW + HOUR, NOW + 2 * HOUR)
        case = desk.session.get_one(Case, first)
        assert (case.claimed_by, case.claimed_until) == (None, None)
        assert next_of(person) == second
        assert next_of(other) == first
        hand.shift(HOUR)
        assert next_of(person) == first, "its time has come"


def test_setting_aside_is_on_the_trail_with_its_time_as_a_committed_value(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    left = aside(case_id, person)
    event = events(desk, case_id)[-1]
    assert event.event_type == "case.set_aside"
    assert text_in(event.fields, "until") == rfc3339(left.until)
    assert b"until" not in event.envelope.partition(b'"meta"')[2]


def test_the_draft_stays_and_taking_the_case_again_ends_the_setting_aside(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    claim = claim_case(case_id, actor=person)
    generation = claim.claim_generation
    save_draft(case_id, {"rationale": "Half"}, claim_generation=generation, actor=person)
    set_aside_case(case_id, clock.now() + HOUR, claim_generation=generation, actor=person)
    assert desk.session.scalar(sa.select(Draft.account_id)) == person.account_id
    again = claim_case(case_id, actor=person)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SetAside)) == 0
    release_claim(case_id, claim_generation=again.claim_generation, actor=person)
    assert next_of(person) == case_id


def test_setting_aside_again_counts_from_the_last_time(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(), make_account()
        aside(case_id, person)
        lead = make_account(Role.LEAD)
        name = desk.session.get_one(Account, person.account_id).pseudonym
        claim = assign_case(case_id, to=name, actor=lead)  # what a lead gives does not end it
        generation = claim.claim_generation
        set_aside_case(case_id, NOW + 3 * HOUR, claim_generation=generation, actor=person)
        hand.shift(2 * HOUR)
        assert next_of(person) is None


def test_a_time_after_the_target_is_taken_and_said(desk: Desk) -> None:
    assert aside(make_case(due_in=HOUR), make_account(), until=2 * HOUR).is_late
    assert not aside(make_case(due_in=2 * HOUR), make_account(), until=HOUR).is_late


@pytest.mark.parametrize("until", [timedelta(0), -HOUR, timedelta(days=8)])
def test_a_time_that_is_over_or_far_away_changes_nothing(desk: Desk, until: timedelta) -> None:
    case_id, person = make_case(), make_account()
    with pytest.raises(InvalidInput):
        aside(case_id, person, until=until)
    assert desk.session.get_one(Case, case_id).claimed_by == person.account_id
    assert [event.event_type for event in events(desk, case_id)] == ["case.claimed"]


def test_a_case_passed_on_is_never_offered_again_and_may_be_claimed_on_purpose(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person, other = make_case(), make_account(), make_account()
        passed(case_id, person)
        assert next_of(person) is None
        assert next_of(other) == case_id
        hand.shift(timedelta(days=60))
        assert next_of(person) is None
        passed(case_id, person, "language")
        assert desk.session.scalars(sa.select(Pass.reason)).all() == ["language"]


def test_passing_is_told_like_a_release_with_the_reason_committed_alone(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    passed(case_id, person)
    event = events(desk, case_id)[-1]
    assert event.event_type == "case.released"
    assert text_in(event.fields, "passed") == "personal_impact"
    assert b"impact" not in event.envelope


def test_a_reason_of_ones_own_is_refused(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    with pytest.raises(InvalidInput):
        passed(case_id, person, "tired")
    assert desk.session.get_one(Case, case_id).claimed_by == person.account_id


def _ways(case_id: str, generation: int) -> list[Callable[..., object]]:
    until = clock.now() + HOUR
    return [
        partial(set_aside_case, case_id, until, claim_generation=generation),
        partial(pass_case, case_id, "language", claim_generation=generation),
    ]


def test_only_people_who_review_leave_cases(desk: Desk) -> None:
    case_id = make_case()
    for role in (Role.LEGAL, Role.ADMIN):
        for way in _ways(case_id, 1):
            with pytest.raises(NotPermitted):
                way(actor=make_account(role))


def test_only_the_holder_of_this_claim_leaves_the_case(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person, lead = make_case(), make_account(), make_account(Role.LEAD)
        generation = claim_case(case_id, actor=person).claim_generation
        wrong: list[tuple[str, int, Actor, type[Exception]]] = [
            (case_id, generation, lead, ClaimLost),
            (case_id, generation + 1, person, ClaimLost),
            ("C-0000-0000-0000", generation, person, NotFound),
        ]
        for of, number, actor, refusal in wrong:
            for way in _ways(of, number):
                with pytest.raises(refusal):
                    way(actor=actor)
        hand.shift(timedelta(minutes=15))
        for way in _ways(case_id, generation):
            with pytest.raises(ClaimLost):
                way(actor=person)
        kept = [event.event_type for event in events(desk, case_id)]
        assert kept == ["case.claimed"]


def test_of_two_clicks_one_leaves_the_case(desk: Desk) -> None:
    for way in range(2):
        case_id, person = make_case(), make_account()
        generation = claim_case(case_id, actor=person).claim_generation
        act: Any = partial(_ways(case_id, generation)[way], actor=person)
        results = together(desk.app, [act] * 4)
        lost = [result for result in results if isinstance(result, Exception)]
        assert [type(result) for result in lost] == [ClaimLost] * 3
        assert len(events(desk, case_id)) == 2


def test_next_looks_up_each_case_once_by_key_and_keeps_the_order_of_the_queue(desk: Desk) -> None:
    """However much a person has set aside, and passed on, beside cases of others."""
    ids, person, other, now = make_cases(400), make_account(), make_account(), clock.now()
    with db.transaction() as writer:
        for account in (person, other):
            key = {"account_id": account.account_id, "at": now}
            writer.execute(
                sa.insert(SetAside), [key | {"case_id": one, "until": now + HOUR} for one in ids[:150]]
            )
            writer.execute(
                sa.insert(Pass), [key | {"case_id": one, "reason": "language"} for one in ids[150:300]]
            )
    prepared, given = offering._first_parts(())[0], {"account_id": person.account_id, "now": now}
    with db.transaction() as writer:
        assert prepared.first(writer, **given).id == ids[300]
    plan = _plan(desk, prepared, given)
    keys = ("pk_set_asides", "pk_passes")
    if desk.database == "sqlite":
        keys = ("autoindex_set_asides", "autoindex_passes")
    for index in ("ix_cases_next", *keys):
        assert index in plan, plan
    for word in (
        "TEMP B-TREE",
        "Sort",
        "SCAN set_asides",
        "SCAN passes",
        "Scan on set_asides",
        "Scan on passes",
    ):
        assert word not in plan, plan


def _plan(desk: Desk, prepared: Any, given: dict[str, Any]) -> str:
    """How the database runs a prepared statement, its figures about the tables being fresh."""
    compiled = prepared._compiled[desk.database]
    connection = desk.session.connection()
    connection.exec_driver_sql("ANALYZE")
    values = compiled.fixed | given
    if desk.database == "sqlite":
        bound = [str(values[name]) for name, _process in compiled.binds]
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.text}", tuple(bound))
    else:
        rows = connection.exec_driver_sql(f"EXPLAIN {compiled.text}", values)
    return "\n".join(str(row) for row in rows)
