"""The demonstration shows at once what the desk is for: urgent, overdue, folded, and in many languages."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from review import clock, db
from review.actions.trail import verify_trail
from review.cli.demo import demo_environment, make_demo
from review.config import read_settings
from review.demo import plan
from review.domain.permissions import OPERATOR
from review.models import (
    Answer,
    Case,
    ClauseVersion,
    Decision,
    Draft,
    FlaggerStatus,
    Item,
    Referral,
    Review,
    ReviewClause,
    Sender,
)
from review.queries.accounts import actor_of
from review.queries.case_content import live_cases_of_other_kinds
from review.queries.cases import queue_counts, queue_page
from review.queries.factors import enrolled_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The seeded desk, made once for this file: nothing here changes it."""
    settings = read_settings(demo_environment(tmp_path_factory.mktemp("demo")), demo=True)
    people = make_demo(settings)
    assert [person.label for person in people][:2] == ["Moderator", "Second moderator"]
    app = create_app(settings)
    app.config["REVIEW_DEMO_ACCOUNTS"] = people
    with app.app_context():
        yield app
        db.session().close()
        db.extension.engine.dispose()


@pytest.fixture
def reader(demo: Flask) -> Session:
    return db.session()


def test_the_queue_has_something_of_everything(reader: Session) -> None:
    now = clock.now()
    rows = queue_page(reader, account_id=None, now=now).rows
    assert [row.why for row in rows][:3] == ["threat", "threat", "overdue"]
    counts = queue_counts(reader, account_id=None, now=now)
    assert (counts.overdue, counts.due_soon) == (1, 3)
    assert {row.language for row in rows} == {"en", "de", "fr", "ar", "he", "ru"}
    assert {row.intake_kind for row in rows} == {"referral", "notice"}
    assert Counter(row.held for row in rows)["held"] == 1
    assert reader.scalar(sa.select(sa.func.count()).select_from(Draft)) == 1


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
    answered = reader.scalar(sa.select(sa.func.count()).select_from(Answer))
    decided = reader.scalar(sa.select(sa.func.count()).where(Item.status == "decided"))
    assert answered == decided


def test_both_outcomes_and_four_reasons_to_decline_stand_on_record(reader: Session) -> None:
    outcomes = Counter(reader.scalars(sa.select(Decision.outcome)))
    assert min(outcomes["accepted"], outcomes["declined"]) > 100
    reasons = set(reader.scalars(sa.select(Review.decline_reason).distinct())) - {None}
    assert reasons == {"no_breach", "not_found", "already_removed", "insufficient_information"}


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
