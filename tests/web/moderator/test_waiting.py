"""The page of a case that waits for its sender or legal: who asked reads what, since when, how long."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from review.domain.permissions import Role
from tests.conftest import Desk
from tests.factories import make_case
from tests.pieces import first_item
from tests.web.moderator.test_pages import Moderator
from tests.web.test_questions import words_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WORDS = "CANARY-WORDS: at which minute?"


def test_who_asked_the_sender_reads_the_question_its_item_and_its_times(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, asker = make_case(url="https://video.example/watch/asked"), Moderator(desk)
        seen = asker.claim(case_id)
        answer = asker.post(f"/cases/{case_id}/review", outcome="ask", question=WORDS, then="stay", **seen)
        assert answer.status_code == 303
        hand.shift(timedelta(minutes=5))
        page = words_of(asker.get(f"/cases/{case_id}"))
        for expected in (
            WORDS, "What you asked", first_item(case_id), "hxxps://video[.]example/watch/asked",
            "23 Nov 2026, 10:00 UTC", "30 Nov 2026, 10:00 UTC", "Waiting for the sender",
        ):  # fmt: skip
            assert expected in page
        assert f'href="/cases/{case_id}"' in asker.get("/my-work")
        for role in (Role.MODERATOR, Role.LEAD):
            other = words_of(Moderator(desk, role).get(f"/cases/{case_id}"))
            assert "CANARY" not in other
            assert "video" not in other, "the content of a case is for its holder"
            assert "30 Nov 2026, 10:00 UTC" in other


def test_who_asked_legal_reads_the_question_and_nobody_else_here_does(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, asker = make_case(), Moderator(desk)
        seen = asker.claim(case_id)
        answer = asker.post(
            f"/cases/{case_id}/review", outcome="escalate", rationale=WORDS, then="stay", **seen
        )
        assert answer.status_code == 303
        page = words_of(asker.get(f"/cases/{case_id}"))
        for expected in (WORDS, "Waiting for legal", "23 Nov 2026, 10:00 UTC", "26 Nov 2026, 10:00 UTC"):
            assert expected in page
        for role in (Role.MODERATOR, Role.LEAD):
            other = words_of(Moderator(desk, role).get(f"/cases/{case_id}"))
            assert "CANARY" not in other
            assert "26 Nov 2026, 10:00 UTC" in other
