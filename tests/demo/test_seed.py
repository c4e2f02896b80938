"""The demonstration shows at once what the desk is for: urgent, overdue, folded, and in many languages."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from review import clock
from review.actions.trail import verify_trail
from review.demo import content, plan, reasons, staff
from review.domain.clause_drafts import may_publish
from review.domain.escalations import WAITS
from review.domain.permissions import OPERATOR
from review.domain.questions import WAITS as QUESTION_WAITS
from review.models import (
    Answer,
    Case,
    ClauseVersion,
    Complaint,
    Decision,
    Draft,
    Escalation,
    FlaggerStatus,
    Item,
    Note,
    Question,
    Referral,
    Review,
    ReviewClause,
    Sender,
)
from review.queries.accounts import actor_of
from review.queries.case_content import live_cases_of_other_kinds
from review.queries.cases import queue_page
from review.queries.clause_history import clause_histories
from review.queries.complaints import complaints_listed
from review.queries.escalations import advice_on, escalations_listed
from review.queries.factors import enrolled_of
from review.queries.notes import mentions_of
from review.queries.own_left import set_aside_by
from review.queries.queue_counts import queue_counts


def test_the_queue_has_something_of_everything(reader: Session) -> None:
    now = clock.now()
    rows = queue_page(reader, account_id=None, now=now).rows
    assert [row.why for row in rows][:3] == ["threat", "threat", "overdue"]
    counts = queue_counts(reader, account_id=None, now=now)
    assert (counts.overdue, counts.due_soon) == (1, 3)
    assert {row.language for row in rows} == {"en", "de", "fr", "ar", "he", "ru"}
    assert {row.intake_kind for row in rows} == {"referral", "notice"}
    assert Counter(row.held for row in rows)["held"] == 1
    assert reader.scalar(sa.select(sa.func.count()).select_from(Draft)) == 2


def test_twelve_items_are_one_case_beside_a_notice_about_the_same_location(reader: Session) -> None:
    folded = max(queue_page(reader, account_id=None, now=clock.now()).rows, key=lambda row: row.items)
    assert folded.items == 12
    assert live_cases_of_other_kinds(reader, folded.id)


def test_four_hundred_referrals_came_over_ninety_days(reader: Session) -> None:
    references = reader.scalars(sa.select(Referral.reference)).all()
    assert len(references) == plan.ALL
    assert all(reference.startswith("DEMO-") for reference in references)
    first, last = reader.execute(
        sa.select(sa.func.min(Referral.received_at), sa.func.max(Referral.received_at))
    ).one()
    assert first is not None
    assert last is not None
    assert timedelta(days=80) < last - first < timedelta(days=plan.DAYS)
    assert {"open", "decided", "withdrawn"} <= set(reader.scalars(sa.select(Case.state).distinct()))


def test_everything_older_than_the_target_but_one_is_answered_in_time(reader: Session) -> None:
    rows = reader.execute(sa.select(Case.opened_at, Case.decided_at).where(Case.state == "decided")).all()
    assert len(rows) > 300
    assert all(decided is not None and opened < decided < clock.now() for opened, decided in rows)
    answered = reader.scalar(sa.select(sa.func.count(sa.distinct(Answer.item_id))))
    decided = reader.scalar(sa.select(sa.func.count()).where(Item.status == "decided"))
    assert answered == decided


def test_both_outcomes_and_four_reasons_to_decline_stand_on_record(reader: Session) -> None:
    outcomes = Counter(reader.scalars(sa.select(Decision.outcome)))
    assert min(outcomes["accepted"], outcomes["declined"]) > 100
    reasons = set(reader.scalars(sa.select(Review.decline_reason).distinct())) - {None}
    assert reasons == {"no_breach", "not_found", "already_removed", "insufficient_information"}


def test_one_complaint_waits_one_was_upheld_and_one_reversed_the_decision(reader: Session) -> None:
    ended = reader.scalars(sa.select(Complaint.result).order_by(Complaint.complained_at)).all()
    assert ended == ["upheld", "reversed", None]
    (waiting,) = complaints_listed(reader, account_id=None, now=clock.now()).rows
    assert (waiting.complaints, waiting.own, waiting.held) == (1, False, "free")
    (superseding,) = reader.scalars(sa.select(Decision).where(Decision.supersedes_id.is_not(None)))
    assert superseding.outcome == "accepted"
    told = reader.scalars(sa.select(Sender.name).join(Referral).join(Item).join(Complaint)).all()
    assert content.SENDERS[0].name in told, "the sender of the sign-in page is told of the reversal"


def test_some_cases_wait_for_a_second_review_and_one_for_a_lead(reader: Session) -> None:
    states = Counter(reader.scalars(sa.select(Case.state)))
    assert (states["second_review"], states["resolving"]) == (2, 1)
    of_the_two = sa.select(Review.case_id).where(
        Review.account_id.in_([staff.actor_of(email).account_id for email in staff.MODERATORS])
    )
    waiting = sa.select(Case.id).where(Case.state == "second_review", Case.id.in_(of_the_two))
    assert reader.scalars(waiting).all() == [], "either of the two may take them"


def test_about_eight_in_a_hundred_second_reviews_differed_and_a_lead_resolved_them(reader: Session) -> None:
    rounds = Counter(
        reader.scalars(sa.select(Review.round).join(Decision, Decision.case_id == Review.case_id))
    )
    assert 40 < rounds["second"] < 110
    assert 0.03 < rounds["resolving"] / rounds["second"] < 0.15


def test_the_terms_changed_in_between_and_decisions_name_both_versions(reader: Session) -> None:
    versions = set(
        reader.scalars(
            sa.select(ClauseVersion.version)
            .join(ReviewClause, ReviewClause.clause_version_id == ClauseVersion.id)
            .distinct()
        )
    )
    assert versions == {1, 2}


def test_the_story_is_the_same_at_each_start() -> None:
    assert plan.planned() == plan.planned()


def test_the_trail_of_the_demonstration_is_intact(demo: Flask) -> None:
    folder: Path = demo.config["REVIEW_SETTINGS"].data_dir
    assert verify_trail(folder=folder, actor=OPERATOR).finding.intact


def test_one_case_waits_for_advice_and_one_came_back_with_it(reader: Session) -> None:
    now = clock.now()
    (waiting,) = escalations_listed(reader)
    assert waiting.asked_at < now < waiting.asked_at + WAITS
    row = reader.execute(
        sa.select(Escalation.case_id, Escalation.asked_by).where(Escalation.advice.is_not(None))
    ).one()
    assert row.case_id in {listed.id for listed in queue_page(reader, account_id=None, now=now).rows}
    (shown,) = advice_on(reader, row.case_id)
    assert shown.advice == content.ADVICE
    assert reader.scalar(sa.select(Case.state).where(Case.id == waiting.case_id)) == "escalated"


def test_a_threat_to_life_speaks_of_a_threat_and_no_two_reasons_are_alike(reader: Session) -> None:
    rows = reader.execute(sa.select(Referral.reference, Referral.reason, Referral.urgency)).all()
    assert len({row.reason for row in rows}) == plan.ALL
    assert all(row.reason[0] + row.reason[-1] == "[]" for row in rows), "placeholders, as they say"
    threats = {row.reason for row in rows if row.urgency == "threat_to_life"}
    assert threats == {reasons.text_of(number, threat=True).reason for number in plan.THREATS}


def test_the_text_of_one_referral_finds_that_referral_alone(reader: Session) -> None:
    sentence = reasons.text_of(201, threat=False).reason
    found = reader.scalars(sa.select(Referral.reference).where(Referral.reason.contains(sentence)))
    assert found.all() == ["DEMO-201"]


def test_one_clause_has_a_draft_that_a_second_person_may_publish(reader: Session) -> None:
    drafts = [history.draft for history in clause_histories(reader, on=clock.now().date()) if history.draft]
    (draft,) = drafts
    assert draft.number == content.DRAFTED_CLAUSE
    assert draft.valid_from > clock.now().date()
    assert may_publish(staff.actor_of(staff.LEGAL), drafted_by=draft.author_id)
    assert not may_publish(staff.actor_of(staff.ADMINISTRATOR), drafted_by=draft.author_id)


def test_everybody_in_the_demonstration_has_a_second_factor(demo: Flask, reader: Session) -> None:
    for person in demo.config["REVIEW_DEMO_ACCOUNTS"]:
        actor = actor_of(reader, person.email)
        assert actor is not None
        assert enrolled_of(reader, actor.account_id or "").totp, "the real second step runs"


def test_one_trusted_flagger_has_lapsed_and_one_is_to_come(reader: Session) -> None:
    today = clock.now().date()
    rows = reader.execute(
        sa.select(Sender.name, FlaggerStatus.valid_from, FlaggerStatus.valid_until)
        .join(FlaggerStatus, FlaggerStatus.sender_id == Sender.id)
        .order_by(Sender.name)
    ).all()
    assert [name for name, _first, _last in rows] == ["Harbour Watch", "Saltmarsh Trusted Flagger"]
    assert rows[0].valid_from > today > (rows[1].valid_until or today)


def test_colleagues_left_notes_one_mentions_the_first_moderator_and_a_case_is_set_aside(
    reader: Session,
) -> None:
    person = actor_of(reader, staff.MODERATORS[0])
    assert person is not None
    account_id, now = person.account_id or "", clock.now()
    (mention,), _more = mentions_of(reader, account_id=account_id, now=now)
    assert mention.state == "open"
    (aside,), _more = set_aside_by(reader, account_id=account_id, now=now)
    assert (aside.woken, aside.drafted_at is not None) == (False, True)
    assert aside.until < aside.case.due_at
    assert len(reader.scalars(sa.select(Note)).all()) == 3


def test_one_case_waits_for_its_sender_and_one_came_back_with_the_answer(reader: Session) -> None:
    now = clock.now()
    rows = reader.execute(
        sa.select(Question.answer, Question.asked_at, Case.id, Case.state, Sender.name)
        .join(Case, Case.id == Question.case_id)
        .join(Item, Item.id == Question.item_id)
        .join(Referral, Referral.id == Item.referral_id)
        .join(Sender, Sender.id == Referral.sender_id)
        .order_by(Question.answer.is_(None), Question.asked_at)
    ).all()
    answered, waiting = rows
    assert (answered.answer, answered.state) == (content.ANSWER, "open")
    assert answered.id in {listed.id for listed in queue_page(reader, account_id=None, now=now).rows}
    assert waiting.asked_at < now < waiting.asked_at + QUESTION_WAITS
    assert (waiting.state, waiting.name) == ("waiting_sender", content.SENDERS[0].name), "who can sign in"
