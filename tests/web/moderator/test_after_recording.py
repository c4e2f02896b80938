"""The page after a step: which case can be undone, what was judged, and the way on."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import REASON, URL, Moderator, _declined

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "fields", "says"),
    [
        ("review", {"outcome": "ask", "question": "Where is it?"}, "The sender of %s was asked"),
        ("review", {"outcome": "escalate", "rationale": "Is this satire as we see it?"}, "%s is with legal."),
        ("pass", {"reason": "language"}, "%s was passed on."),
    ],
)
def test_a_message_and_the_undo_beside_it_name_their_own_cases(
    desk: Desk, step: str, fields: dict[str, str], says: str
) -> None:
    recorded, other, person = make_case(), make_case(), Moderator(desk)
    person.post(f"/cases/{recorded}/review", **_declined(**person.claim(recorded), then="stay"))
    person.post(f"/cases/{other}/{step}", **(person.claim(other) | fields))
    page = person.get("/queue")
    assert says % other in page
    assert f"Undo {recorded} <kbd>z</kbd>" in page
    if step == "review":
        assert "This cannot be undone; it stands under My work." in page


def test_a_review_just_recorded_shows_what_it_is_about_and_the_next_case_is_one_key_away(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(url=URL, reason=REASON), Moderator(desk)
        person.post(f"/cases/{case_id}/review", **_declined(**person.claim(case_id), then="stay"))
        page = person.get(f"/cases/{case_id}")
        assert "What you judged" in page
        assert "CANARY-PATH" in page
        assert REASON in page
        assert 'data-key="n"' in page
        assert "CANARY" not in Moderator(desk).get(f"/cases/{case_id}"), "for its author alone"
        hand.shift(timedelta(minutes=2))
        page = person.get(f"/cases/{case_id}")
        assert "CANARY" not in page
        assert 'data-key="n"' in page
        assert "data-undo" not in page


def test_a_break_by_the_address_is_begun_there_before_it_can_end(desk: Desk) -> None:
    person = Moderator(desk)
    page = person.get("/break")
    assert "Back to work" not in page
    assert 'data-key="b"' in page
    person.post("/break")
    assert "Back to work" in person.get("/break")
