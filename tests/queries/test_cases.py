"""The queue as it is read: order, reasons, who holds what, and what was decided at a place before."""

from datetime import UTC, datetime, timedelta

import time_machine

from review.actions.cases import claim_case
from review.queries import case_content, cases
from review.queries.queue_counts import QueueCounts, queue_counts
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import join_case, make_account, make_case
from tests.judging import judge, settle_review

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URL = "https://video.example/watch/earlier"


def test_queue_order_and_why_first(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        hours = {"late": 9, "near": 2, "overdue": -1}
        ids = {name: make_case(due_in=timedelta(hours=due)) for name, due in hours.items()}
        with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
            ids["after"] = make_case(due_in=timedelta(hours=9, minutes=-1))
        ids["order"] = make_case(rank=1, due_in=timedelta(hours=1), intake_kind="removal_order")
        ids["threat"] = make_case(rank=0, due_in=timedelta(hours=50))
        page = cases.queue_page(desk.session, account_id="nobody", now=NOW)
        names = {case_id: name for name, case_id in ids.items()}
        assert [(names[row.id], row.why) for row in page.rows] == [
            ("threat", "threat"),
            ("order", "order"),
            ("overdue", "overdue"),
            ("near", "target"),
            ("late", "target"),
            ("after", "arrival"),
        ]
        assert page.next_place is None


def test_pages_follow_each_other_without_gap_or_repeat(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        ids = {make_case(due_in=timedelta(hours=number // 2)) for number in range(7)}
        seen: list[str] = []
        after = None
        for _page in range(4):
            page = cases.queue_page(desk.session, account_id="nobody", now=NOW, after=after, limit=2)
            seen += [row.id for row in page.rows]
            after = page.next_place
        assert after is None
        assert len(seen) == 7
        assert set(seen) == ids


def test_held_cases_show_as_such_and_ones_own_apart(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        mine, theirs, free = make_case(), make_case(), make_case()
        me, colleague = make_account(), make_account()
        claim_case(mine, actor=me)
        claim_case(theirs, actor=colleague)
        page = cases.queue_page(desk.session, account_id=me.account_id, now=NOW)
        assert {row.id: (row.held, row.claimable) for row in page.rows} == {
            theirs: ("held", False),
            free: ("free", True),
        }
        held = cases.held_cases(desk.session, account_id=me.account_id, now=NOW)
        assert [(row.id, row.held, row.held_until) for row in held] == [
            (mine, "yours", NOW + timedelta(minutes=15))
        ]
        counts = queue_counts(desk.session, account_id=me.account_id, now=NOW)
        assert (counts.waiting, counts.held_by_you, counts.overdue, counts.due_soon) == (1, 1, 0, 0)
        clock.shift(timedelta(minutes=15))
        later = NOW + timedelta(minutes=15)
        assert cases.held_cases(desk.session, account_id=me.account_id, now=later) == ()
        assert queue_counts(desk.session, account_id=me.account_id, now=later).waiting == 3


def test_counts_of_an_empty_queue_are_zero(desk: Desk) -> None:
    counts = queue_counts(desk.session, account_id="nobody", now=NOW)
    assert counts == QueueCounts(0, 0, 0, 0, None)


def test_live_cases_of_other_kinds_are_named_and_no_others(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        settle_review(judge(make_case(url=URL), make_account()), hand, lot=NOT_DRAWN)
        again, notice = make_case(url=URL), make_case(url=URL, intake_kind="notice")
        make_case()
        assert case_content.live_cases_of_other_kinds(desk.session, again) == ((notice, "notice"),)
        assert case_content.live_cases_of_other_kinds(desk.session, notice) == ((again, "referral"),)


def test_referrals_of_a_case_come_in_order_of_receipt(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        case_id = make_case(reason="first")
        clock.shift(timedelta(minutes=1))
        join_case(case_id, reason="second")
        shown = case_content.referrals_of(desk.session, case_id)
        assert [(referral.reason, len(referral.items)) for referral in shown] == [("first", 1), ("second", 1)]
        assert case_content.count_senders(desk.session, case_id) == 2
