"""Exposure of the team as it is read: what reviewers were shown, once a day for each person; and breaks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import time_machine

from review import db
from review.actions.breaks import end_break, start_break
from review.domain.ids import new_id
from review.domain.media import Stage
from review.domain.permissions import Actor, Role
from review.domain.team_exposure import DayCount, Part, whole_days
from review.models import Reveal
from review.queries.team_exposure import exposure_by_day
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.pieces import add_evidence, first_item

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
YESTERDAY = date(2026, 11, 22)


def show(actor: Actor, case_id: str, evidence_id: str | None, at: datetime, **columns: Any) -> None:
    """A reveal as it is stored, at a time of its own."""
    row: dict[str, Any] = {
        "id": new_id("W"), "case_id": case_id, "item_id": first_item(case_id), "evidence_id": evidence_id,
        "account_id": actor.account_id, "claim_generation": 1, "stage": Stage.SMALL.value, "width": 160,
        "height": 120, "bytes": 900, "revealed_at": at,
    }  # fmt: skip
    db.session().rollback()
    with db.transaction() as writer:
        writer.add(Reveal(**row | columns))


def read(desk: Desk) -> list[DayCount]:
    return sorted(exposure_by_day(desk.session, days=whole_days(NOW.date())))


def test_a_picture_counts_once_a_day_for_each_person_by_severity(desk: Desk) -> None:
    high, low = make_case(severity="high"), make_case()
    one, other = make_account(), make_account(Role.LEAD)
    picture, second = add_evidence(high), add_evidence(low)
    noon = NOW - timedelta(hours=22)
    for person in (one, other):
        show(person, high, picture, noon)
        show(person, high, picture, noon + timedelta(minutes=1), stage=Stage.COLOUR.value)
    show(one, low, second, noon)
    show(one, low, second, noon - timedelta(days=1))
    assert read(desk) == [
        DayCount(Part.HIGH, YESTERDAY, 2, 2),
        DayCount(Part.LOW, YESTERDAY - timedelta(days=1), 1, 1),
        DayCount(Part.LOW, YESTERDAY, 1, 1),
    ]


def test_today_and_what_legal_was_shown_are_left_out(desk: Desk) -> None:
    case_id, person, legal = make_case(), make_account(), make_account(Role.LEGAL)
    evidence_id, noon = add_evidence(case_id), NOW - timedelta(hours=22)
    show(legal, case_id, evidence_id, noon, claim_generation=None)
    show(person, case_id, evidence_id, datetime(2026, 11, 23, tzinfo=UTC))
    show(person, case_id, evidence_id, datetime(2026, 10, 24, tzinfo=UTC) - timedelta(microseconds=1))
    assert read(desk) == []
    show(person, case_id, evidence_id, datetime(2026, 10, 24, tzinfo=UTC))
    assert read(desk) == [DayCount(Part.LOW, date(2026, 10, 24), 1, 1)]


def test_a_file_of_text_and_a_long_text_of_an_item_count_like_a_picture(desk: Desk) -> None:
    case_id, person, noon = make_case(), make_account(), NOW - timedelta(hours=22)
    evidence_id = add_evidence(case_id)
    for _twice in range(2):
        show(person, case_id, evidence_id, noon, stage=Stage.TEXT.value)
        show(person, case_id, None, noon, stage=Stage.TEXT.value)
    assert read(desk) == [DayCount(Part.LOW, YESTERDAY, 1, 2)]


def test_breaks_count_on_the_day_on_which_they_ended(desk: Desk) -> None:
    people = [make_account(), make_account()]
    with time_machine.travel(datetime(2026, 11, 21, 23, 50, tzinfo=UTC), tick=False) as hand:
        for person in people:
            start_break(actor=person)
        hand.shift(timedelta(minutes=20))
        for person in people:
            end_break(actor=person)
        start_break(actor=people[0])
        hand.shift(timedelta(minutes=20))
        end_break(actor=people[0])
        start_break(actor=people[1])
    assert read(desk) == [DayCount(Part.BREAKS, YESTERDAY, 2, 3)]
