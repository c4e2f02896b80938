"""C-07: nothing is done that the trail does not take; the refusal is clean and the next try works."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import clock, db
from review.domain.permissions import Role
from review.models.base import Base
from review.workers import dispatching
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in, referral_body
from tests.faults import invariants
from tests.faults.load import hidden_fields
from tests.faults.trail_events import Events

pytestmark = pytest.mark.faults

SCENARIOS, STEPS = 5, 11
# they say when somebody was last here, or who is at work, not what was decided
NOTED_APART = frozenset({"sign_ins", "sender_keys", "rate_counts", "heartbeats"})
TRIGGER = {
    "sqlite": (
        "CREATE TRIGGER fault BEFORE INSERT ON openings WHEN EXISTS"
        " (SELECT 1 FROM faulty WHERE faulty.event_type = NEW.event_type)"
        " BEGIN SELECT RAISE(ABORT, 'injected'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION inject() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT 1 FROM faulty WHERE faulty.event_type = NEW.event_type)"
        " THEN RAISE EXCEPTION 'injected'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER fault BEFORE INSERT ON openings FOR EACH ROW EXECUTE FUNCTION inject()",
    ),
}


def everything(desk: Desk) -> dict[str, list[str]]:
    """All rows of all tables, to compare."""
    return {
        table.name: sorted(repr(tuple(row)) for row in desk.session.execute(sa.select(table)))
        for table in Base.metadata.sorted_tables
        if table.name not in NOTED_APART
    }


def statements(*texts: str) -> None:
    with db.transaction() as writer:
        for text in texts:
            writer.execute(sa.text(text))


def refused_then_done(desk: Desk, event_type: str, act: Callable[[], TestResponse]) -> TestResponse:
    """The act fails cleanly and changes nothing while the trail refuses this event, then succeeds."""
    before = everything(desk)
    statements(f"INSERT INTO faulty VALUES ('{event_type}')")
    answer = act()
    assert answer.status_code == 503, (event_type, answer.status_code, answer.text[:500])
    assert "Retry-After" in answer.headers
    assert "injected" not in answer.text
    assert everything(desk) == before, event_type
    statements("DELETE FROM faulty")
    done = act()
    assert done.status_code in (200, 201, 303), (event_type, done.text[:500])
    assert everything(desk) != before
    return done


class Person:
    """A moderator's client: forms with their token."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        make_sign_in(client, Role.MODERATOR)
        self.token = hidden_fields(client.get("/queue").text)["csrf_token"]

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token, **fields})


def a_case_from_start_to_end(desk: Desk, person: Person, key: str, number: int) -> int:
    """Each step of a case is refused once by the trail; how many failures were injected."""
    injected = 0
    sender = desk.client()

    def send(path: str, body: bytes = b"") -> TestResponse:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return sender.post(path, data=body, headers=headers)

    def step(event_type: str, act: Callable[[], TestResponse]) -> TestResponse:
        nonlocal injected
        injected += 1
        return refused_then_done(desk, event_type, act)

    for name in ("decided", "withdrawn"):
        body = referral_body(f"{name}-{number}", f"https://video.example/{name}/{number}")
        answer = step("referral.received", lambda body=body: send("/api/v1/referrals", body))  # type: ignore[misc]
    withdrawn = answer.get_json()["id"]
    step("referral.withdrawn", lambda: send(f"/api/v1/referrals/{withdrawn}/withdraw"))
    path = step("case.claimed", lambda: person.post("/queue/next")).headers["Location"]
    assert re.fullmatch(r"/cases/C-[-0-9A-Z]+", path)
    fields = hidden_fields(person.client.get(path).text)
    held = {"claim_generation": fields["claim_generation"]}
    step("case.claim_renewed", lambda: person.post(path + "/renew", **held))
    step("case.draft_saved", lambda: person.post(path + "/draft", rationale="Half a thought.", **held))
    review = fields | {
        "outcome": "declined", "decline_reason": "no_breach", "then": "stay",
        "rationale": "Nothing here breaks the terms.", "statement": "We found no breach.",
    }  # fmt: skip
    step("case.review_recorded", lambda: person.post(path + "/review", **review))
    step("case.review_undone", lambda: person.post(path + "/undo"))
    review |= hidden_fields(person.client.get(path).text)
    step("case.review_recorded", lambda: person.post(path + "/review", **review))
    return injected + dispatch_is_refused(desk)


def dispatch_is_refused(desk: Desk) -> int:
    """The loop passes a review over that the trail refuses; it stays due and goes out later."""
    due = clock.now() + timedelta(seconds=desk.settings.undo_seconds + 1)
    with time_machine.travel(due, tick=False):
        for event_type in ("item.answered", "case.decided"):
            before = everything(desk)
            statements(f"INSERT INTO faulty VALUES ('{event_type}')")
            assert dispatching.dispatch_due() == 0
            assert everything(desk) == before
            statements("DELETE FROM faulty")
        assert dispatching.dispatch_due() == 1
    return 2


def test_what_the_trail_does_not_take_is_not_done(desk: Desk, times: int) -> None:
    statements("CREATE TABLE faulty (event_type VARCHAR(60))", *TRIGGER[desk.database])
    key, person = make_key(make_sender()), Person(desk.client())
    injected = sum(a_case_from_start_to_end(desk, person, key, number) for number in range(SCENARIOS * times))
    print(f"\n{injected} refusals by the trail injected, 0 changes without an event")
    assert injected == STEPS * SCENARIOS * times
    reader = desk.session
    scene = invariants.Scene(reader, desk.settings.data_dir, [], None, Events(reader))
    for invariant in (invariants.changes_match_events, invariants.claims_have_one_holder):
        assert invariant(scene) == []
