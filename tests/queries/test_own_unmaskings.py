"""Whoever was named to legal learns it, nobody else does, and no case that is still judged tells of it."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from review import db
from review.actions.decisions import undo_review
from review.actions.unmasking import unmask_reviewer
from review.domain.permissions import Actor, Role
from review.queries import own_unmaskings
from review.queries.own_unmaskings import OwnUnmasking, unmaskings_of
from tests.actions.test_cases import NOW
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_case
from tests.judging import judge, settle_review, to_second_review

WHY = "Case 4 O 12/26 asks who decided."


def _listed(desk: Desk, person: Actor) -> tuple[OwnUnmasking, ...]:
    desk.session.rollback()
    return unmaskings_of(desk.session, account_id=person.account_id or "")[0]


def test_the_person_is_told_newest_first_and_nobody_else_is(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person, other, legal, lead = (
            make_account(), make_account(), make_account(Role.LEGAL), make_account(Role.LEAD)
        )  # fmt: skip
        cases = [make_case(), make_case()]
        for case_id in cases:
            recorded = judge(case_id, person)
            assert settle_review(recorded, hand, lot=NOT_DRAWN) is not None
            hand.shift(timedelta(minutes=1))
            unmask_reviewer(case_id, recorded.review_id, f" {WHY}\n", actor=legal)
        assert [(one.case_id, one.reason) for one in _listed(desk, person)] == [
            (cases[1], WHY), (cases[0], WHY),
        ]  # fmt: skip
        assert _listed(desk, person)[0].at > _listed(desk, person)[1].at
        for nobody in (other, legal, lead):
            assert _listed(desk, nobody) == ()


def test_neither_reviewer_is_told_before_the_case_is_decided(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        first, second, legal, case_id = (
            make_account(), make_account(), make_account(Role.LEGAL), make_case()
        )  # fmt: skip
        recorded = to_second_review(case_id, first, hand)
        unmask_reviewer(case_id, recorded.review_id, "The second reviewer disagrees.", actor=legal)
        taken_back = judge(case_id, second)
        undo_review(case_id, actor=second)
        unmask_reviewer(case_id, taken_back.review_id, "The first one declined.", actor=legal)
        assert (_listed(desk, first), _listed(desk, second)) == ((), ())
        hand.shift(timedelta(hours=1))
        assert settle_review(judge(case_id, second), hand) is not None
        assert [one.reason for one in _listed(desk, first)] == ["The second reviewer disagrees."]
        assert [one.reason for one in _listed(desk, second)] == ["The first one declined."]


def test_a_long_list_ends_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_unmaskings, "LISTED", 2)
    with time_machine.travel(NOW, tick=False) as hand:
        person, legal, case_id = make_account(), make_account(Role.LEGAL), make_case()
        recorded = judge(case_id, person)
        settle_review(recorded, hand, lot=NOT_DRAWN)
        for number in range(3):
            hand.shift(timedelta(minutes=1))
            unmask_reviewer(case_id, recorded.review_id, f"Reason {number}", actor=legal)
        rows, more = unmaskings_of(desk.session, account_id=person.account_id or "")
        assert ([one.reason for one in rows], more) == (["Reason 2", "Reason 1"], True)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("desk")
def test_the_index_is_walked_and_no_other_opening_read() -> None:
    """The plan on SQLite is tested beside those of the other lists."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, given: Any, *_more: object) -> None:
        asked.append((text, given))

    person, engine = make_account(), db.extension.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    with Session(engine) as reader:
        unmaskings_of(reader, account_id=person.account_id or "")
    sa.event.remove(engine, "before_cursor_execute", note)
    [(text, given)] = [one for one in asked if "LIMIT" in one[0]]
    with engine.connect() as connection:
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN {text}", given))
    assert "ix_openings_unmasking" in plan
    assert "Sort" not in plan
