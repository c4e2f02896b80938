"""Asking the sender or legal instead of deciding: words that fit, times that are said, nothing cut."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WORDS = "Is this satire, or does it praise?"


def _words(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def test_an_empty_form_names_no_choice_of_two_where_four_are_offered(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    answer = person.post(f"/cases/{case_id}/review", **person.claim(case_id))
    assert answer.status_code == 422
    assert "Choose one of the outcomes." in answer.text
    assert "accept or decline" not in answer.text


def test_every_label_that_another_choice_changes_has_its_words(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    label = re.search(r'<label for="rationale">(.*?)</label>', page, re.S)
    assert label is not None
    assert '<span class="not-escalate">Rationale, internal</span>' in label[1]
    assert '<span class="for-escalate">Question to legal</span>' in label[1]
    button = re.search(r'data-key="Ctrl\+Enter">(.*?)</button>', page, re.S)
    assert button is not None
    for span in (
        '<span class="not-ask not-escalate">Record and open next</span>',
        '<span class="for-ask">Ask and open next</span>',
        '<span class="for-escalate">Escalate and open next</span>',
    ):
        assert span in button[1]
    assert 'class="field for-reasons"' in page
    context = page.rpartition('name="context"')[0].rpartition('<div class="for-answer">')[2]
    assert "</form>" not in context, "context is of reviews alone"
    assert "<details" not in context, "what asks for a second review is not folded away"


def test_an_empty_question_to_legal_is_missed_by_its_own_name(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    answer = person.post(f"/cases/{case_id}/review", outcome="escalate", **person.claim(case_id))
    assert answer.status_code == 422
    assert "Question to legal: Write what legal should look at" in answer.text


@pytest.mark.parametrize(
    ("outcome", "field", "waits"), [("escalate", "rationale", 3), ("ask", "question", 7)]
)
@pytest.mark.parametrize("late", [True, False])
def test_what_may_come_back_after_the_target_says_so_before_and_afterwards(
    desk: Desk, outcome: str, field: str, waits: int, late: bool
) -> None:
    with time_machine.travel(NOW, tick=False):
        target = timedelta(days=waits, hours=-1 if late else 1)
        case_id, person = make_case(due_in=target), Moderator(desk)
        seen = person.claim(case_id)
        due = (NOW + target).strftime("%-d %b %Y, %H:%M UTC")
        page = person.get(f"/cases/{case_id}")
        said = re.search(rf'<p class="hint for-{outcome}"><span class="warn">(.*?)</p>', page, re.S)
        assert (said is not None) is late
        if said is not None:
            assert f"after the target of this case: {due}" in _words(said[1])
        answer = person.post(f"/cases/{case_id}/review", **seen, outcome=outcome, **{field: WORDS})
        assert answer.status_code == 303
        assert (f"That may be after its target, {due}." in _words(person.get("/queue"))) is late


def test_a_question_that_is_too_long_is_refused_and_not_cut(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    for field in ("question", "rationale", "statement", "note"):
        area = re.search(rf'<textarea[^>]*name="{field}"[^>]*>', page)
        assert area is not None
        assert "maxlength" not in area[0], "browsers cut silently"
        assert "data-most=" in area[0]
    answer = person.post(f"/cases/{case_id}/review", **seen, outcome="ask", question="x" * 5_001)
    assert answer.status_code == 422
    assert "Write at most 5000 characters; these are 5001." in answer.text
    assert "x" * 5_001 in answer.text
