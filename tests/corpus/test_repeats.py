"""Idempotency, replays and the clock, in this process so that the clock can be moved."""

from tests.conftest import Desk
from tests.corpus.desks import judge_in_process
from tests.corpus.repeat_cases import CASES


def test_what_is_sent_again_is_answered_again_and_stored_once(desk: Desk) -> None:
    judge = judge_in_process(desk)
    for case in CASES:
        judge.judge(case)
    assert judge.failures == []
    assert judge.sent > len(CASES)
