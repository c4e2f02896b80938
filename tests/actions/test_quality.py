"""Quality samples: drawn once per seed, judged once, by leads without a part in the case, on the trail."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.actions.quality import draw_quality_sample, judge_decision, open_drawn_case
from review.domain.permissions import SERVICE, Actor, Role
from review.domain.sampling import Draw
from review.errors import AlreadyClosed, InvalidInput, NotFound, NotPermitted
from review.models import Opening, QualitySample
from review.queries.quality import Sample, sample_of, samples_listed
from review.queries.stored_rows import differences
from tests.actions.races import at_once
from tests.actions.test_cases import DECLINE
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
YESTERDAY = NOW.date() - timedelta(days=1)


def draw(**changes: Any) -> Draw:
    given: dict[str, Any] = {"since": YESTERDAY, "until": YESTERDAY, "size": 2, "seed": "7f3a"}
    return Draw(**given | changes)


def decided(count: int, *people: Actor) -> list[str]:
    """So many cases that these people declined yesterday."""
    reviewers, sender = people or (make_account(),), sender_actor(make_sender())
    cases = []
    with time_machine.travel(NOW - timedelta(days=1), tick=False) as hand:
        for number in range(count):
            receive(sender, f"https://video.example/{number}")
        waiting = db.session().scalars(sa.text("SELECT id FROM cases WHERE state = 'open' ORDER BY id")).all()
        for number, case_id in enumerate(waiting):
            person = reviewers[number % len(reviewers)]
            claim = claim_case(case_id, actor=person)
            given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
            recorded = record_review(case_id, DECLINE, actor=person, **given)
            hand.shift(timedelta(seconds=61))
            assert decide(recorded.review_id)
            cases.append(case_id)
    db.session().rollback()
    return cases


def decide(review_id: str) -> bool:
    dispatch_review(review_id, actor=SERVICE)
    return True


def sample(desk: Desk, sample_id: str, actor: Actor | None = None) -> Sample:
    desk.session.rollback()
    found = sample_of(desk.session, sample_id, account_id=actor.account_id if actor else None)
    assert found is not None
    return found


def change_behind(statement: str) -> None:
    db.session().rollback()
    with db.extension.engine.begin() as connection:
        connection.execute(sa.text(statement))


def told(desk: Desk, object_id: str) -> list[str]:
    rows = sa.select(Opening.event_type).where(Opening.object_id == object_id)
    return list(desk.session.scalars(rows.order_by(Opening.object_version)))


@pytest.fixture
def at_ten() -> Any:
    with time_machine.travel(NOW, tick=False) as hand:
        yield hand


@pytest.mark.usefixtures("at_ten")
def test_a_sample_is_drawn_with_its_seed_and_is_on_the_trail(desk: Desk) -> None:
    cases, lead = decided(3), make_account(Role.LEAD)
    drawn = draw_quality_sample(draw(), actor=lead)
    assert drawn.new
    found = sample(desk, drawn.sample_id)
    assert found.draw == draw()
    assert (len(found.entries), found.population, found.judged) == (2, 3, 0)
    assert {one.case_id for one in found.entries} < set(cases)
    assert told(desk, drawn.sample_id) == ["quality.sampled"]
    assert [one.id for one in samples_listed(desk.session)] == [drawn.sample_id]
    assert list(differences(desk.session, evidence=None)) == []


@pytest.mark.usefixtures("at_ten")
def test_the_same_seed_span_and_size_are_the_same_sample(desk: Desk) -> None:
    decided(3)
    first = draw_quality_sample(draw(), actor=make_account(Role.LEAD))
    again = draw_quality_sample(draw(), actor=make_account(Role.LEAD))
    assert (again.sample_id, again.new) == (first.sample_id, False)
    assert told(desk, first.sample_id) == ["quality.sampled"]
    larger = draw_quality_sample(draw(size=3), actor=make_account(Role.LEAD))
    assert larger.new
    before = {one.decision_id for one in sample(desk, first.sample_id).entries}
    assert before < {one.decision_id for one in sample(desk, larger.sample_id).entries}


@pytest.mark.usefixtures("at_ten")
def test_only_leads_draw_read_and_judge(desk: Desk) -> None:
    decided(1)
    drawn = draw_quality_sample(draw(), actor=make_account(Role.LEAD))
    (entry,) = sample(desk, drawn.sample_id).entries
    for role in (Role.MODERATOR, Role.LEGAL, Role.ADMIN, Role.SENDER):
        other = make_account(role, sender_id=make_sender() if role is Role.SENDER else None)
        with pytest.raises(NotPermitted):
            draw_quality_sample(draw(seed="b"), actor=other)
        with pytest.raises(NotPermitted):
            open_drawn_case(drawn.sample_id, entry.decision_id, actor=other)
        with pytest.raises(NotPermitted):
            judge_decision(drawn.sample_id, entry.decision_id, "correct", "", actor=other)
    assert len(desk.session.scalars(sa.select(QualitySample)).all()) == 1
    assert told(desk, drawn.sample_id) == ["quality.sampled"]


@pytest.mark.usefixtures("at_ten")
def test_nothing_is_drawn_of_days_without_decisions_or_not_over(desk: Desk) -> None:
    decided(1)
    lead = make_account(Role.LEAD)
    earlier = YESTERDAY - timedelta(days=1)
    for wrong in (draw(since=earlier, until=earlier), draw(until=NOW.date())):
        with pytest.raises(InvalidInput):
            draw_quality_sample(wrong, actor=lead)
    assert samples_listed(desk.session) == ()


@pytest.mark.usefixtures("at_ten")
def test_two_leads_who_draw_the_same_at_once_get_one_sample(desk: Desk) -> None:
    decided(3)
    leads = [make_account(Role.LEAD) for _number in range(4)]
    results = at_once(desk.app, [partial(draw_quality_sample, draw(), actor=lead) for lead in leads])
    drawn = [one for one in results if not isinstance(one, Exception)]
    assert sorted(one.new for one in drawn) == [False, False, False, True]
    assert len({one.sample_id for one in drawn}) == 1
    assert told(desk, drawn[0].sample_id) == ["quality.sampled"]


@pytest.mark.usefixtures("at_ten")
def test_a_judgement_is_recorded_once_with_its_remark(desk: Desk) -> None:
    decided(2)
    lead = make_account(Role.LEAD)
    sample_id = draw_quality_sample(draw(), actor=lead).sample_id
    one, other = sample(desk, sample_id).entries
    judge_decision(sample_id, one.decision_id, "false_decline", "It praises the group.", actor=lead)
    judge_decision(sample_id, other.decision_id, "correct", "", actor=lead)
    found = sample(desk, sample_id)
    assert [each.finding for each in found.entries] == ["false_decline", "correct"]
    assert found.entries[0].remark == "It praises the group."
    assert found.findings == {"false_decline": 1, "correct": 1}
    (result,) = found.results
    assert (result.judged, result.errors) == (2, 1)
    assert told(desk, sample_id) == ["quality.sampled", "quality.judged", "quality.judged"]
    assert list(differences(desk.session, evidence=None)) == []


@pytest.mark.usefixtures("at_ten")
def test_reading_a_drawn_case_is_on_the_trail_and_names_nobody(desk: Desk) -> None:
    author, lead = make_account(), make_account(Role.LEAD)
    (case_id,) = decided(1, author)
    sample_id = draw_quality_sample(draw(), actor=lead).sample_id
    (entry,) = sample(desk, sample_id).entries
    found = open_drawn_case(sample_id, entry.decision_id, actor=lead)
    assert found.id == case_id
    assert found.reviews[0].rationale == DECLINE.rationale
    assert "record.opened" in told(desk, case_id)
    name = desk.session.scalar(sa.text(f"SELECT pseudonym FROM accounts WHERE id = '{author.account_id}'"))
    assert name not in repr(found)


@pytest.mark.usefixtures("at_ten")
def test_whoever_had_a_part_in_the_case_neither_reads_nor_judges_it(desk: Desk) -> None:
    lead = make_account(Role.LEAD)
    (case_id,) = decided(1, lead)
    sample_id = draw_quality_sample(draw(), actor=lead).sample_id
    (entry,) = sample(desk, sample_id, lead).entries
    assert entry.own
    with pytest.raises(NotPermitted):
        open_drawn_case(sample_id, entry.decision_id, actor=lead)
    with pytest.raises(NotPermitted):
        judge_decision(sample_id, entry.decision_id, "correct", "", actor=lead)
    assert "record.opened" not in told(desk, case_id)
    assert not sample(desk, sample_id, make_account(Role.LEAD)).entries[0].own


@pytest.mark.usefixtures("at_ten")
def test_what_is_judged_or_not_in_the_sample_is_not_judged(desk: Desk) -> None:
    decided(1)
    lead = make_account(Role.LEAD)
    sample_id = draw_quality_sample(draw(), actor=lead).sample_id
    (entry,) = sample(desk, sample_id).entries
    with pytest.raises(NotFound):
        judge_decision(sample_id, "D-0000-0000-0000", "correct", "", actor=lead)
    with pytest.raises(NotFound):
        open_drawn_case("Y-0000-0000-0000", entry.decision_id, actor=lead)
    with pytest.raises(InvalidInput):
        judge_decision(sample_id, entry.decision_id, "false_accept", "It was declined.", actor=lead)
    judge_decision(sample_id, entry.decision_id, "correct", "", actor=lead)
    for attempt in (
        lambda: judge_decision(sample_id, entry.decision_id, "technical", "Again.", actor=lead),
        lambda: open_drawn_case(sample_id, entry.decision_id, actor=lead),
    ):
        with pytest.raises(AlreadyClosed):
            attempt()
    assert told(desk, sample_id) == ["quality.sampled", "quality.judged"]


@pytest.mark.usefixtures("at_ten")
def test_of_two_who_judge_at_once_one_is_told_that_it_is_done(desk: Desk) -> None:
    decided(1)
    leads = [make_account(Role.LEAD) for _number in range(4)]
    sample_id = draw_quality_sample(draw(), actor=leads[0]).sample_id
    (entry,) = sample(desk, sample_id).entries
    results = at_once(
        desk.app,
        [
            partial(judge_decision, sample_id, entry.decision_id, "correct", lead.id, actor=lead)
            for lead in leads
        ],
    )
    assert sorted(isinstance(one, AlreadyClosed) for one in results) == [False, True, True, True]
    assert told(desk, sample_id) == ["quality.sampled", "quality.judged"]
    assert list(differences(desk.session, evidence=None)) == []


@pytest.mark.parametrize("change", ["finding = 'correct'", "remark = 'Fine.'", "judged_at = drawn_at"])
@pytest.mark.usefixtures("at_ten")
def test_a_finding_that_was_changed_behind_the_program_shows(desk: Desk, change: str) -> None:
    decided(1)
    lead = make_account(Role.LEAD)
    sample_id = draw_quality_sample(draw(), actor=lead).sample_id
    (entry,) = sample(desk, sample_id).entries
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        judge_decision(sample_id, entry.decision_id, "technical", "No statement.", actor=lead)
    value = change.replace("drawn_at", "(SELECT drawn_at FROM quality_samples)")
    change_behind(f"UPDATE quality_entries SET {value}")
    (difference,) = differences(desk.session, evidence=None)
    assert difference.column == change.partition(" ")[0]
    assert (difference.noun, difference.id) == ("decision", entry.decision_id)


@pytest.mark.usefixtures("at_ten")
def test_an_entry_that_was_never_drawn_or_is_gone_shows(desk: Desk) -> None:
    decided(3)
    sample_id = draw_quality_sample(draw(), actor=make_account(Role.LEAD)).sample_id
    one, _other = (entry.decision_id for entry in sample(desk, sample_id).entries)
    absent = "SELECT id FROM decisions WHERE id NOT IN (SELECT decision_id FROM quality_entries)"
    other = str(desk.session.scalars(sa.text(absent)).one())
    change_behind(f"UPDATE quality_entries SET decision_id = '{other}' WHERE decision_id = '{one}'")
    found = {(each.way, each.id) for each in differences(desk.session, evidence=None)}
    assert found == {("surplus", other), ("gone", one)}
