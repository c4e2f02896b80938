"""Reads never write, but for read events and last-use times (architecture.md, rule 8)."""

import sqlalchemy as sa
from flask.testing import FlaskClient

from review.domain.permissions import Permission, Role
from review.models import Opening
from review.web import guard
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.signs import beat_all
from tests.stored import REFUSED, contents

MAY_CHANGE = {"openings", "pending_events", "rate_counts", "refusal_marks"}
READ_EVENTS = {"record.opened", "records.listed", "trail.listed", REFUSED} | {
    f"{register}.listed" for register in ("holds", "erasures", "retention")
}
"""And that somebody was refused, which is as much an event as a look."""


def test_no_get_writes_beyond_the_rule(desk: Desk) -> None:
    clients: list[tuple[FlaskClient, dict[str, str]]] = []
    for role in Role:
        client = desk.client()
        make_sign_in(client, role)
        clients.append((client, {}))
    clients.append((desk.client(), {"Authorization": f"Bearer {make_key(make_sender())}"}))
    beat_all()
    before = contents(desk)
    for rule in desk.app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or "<" in rule.rule:
            continue
        assert isinstance(guard.permission_of(desk.app, rule.endpoint), Permission)
        for client, headers in clients:
            with client.get(rule.rule, headers=headers) as answer:
                assert answer.status_code < 500
    after = contents(desk)
    assert {name for name in after if after[name] != before[name]} <= MAY_CHANGE
    events = set(desk.session.scalars(sa.select(Opening.event_type)))
    assert events - {row[5] for row in before["openings"]} <= READ_EVENTS
    assert len(after["pending_events"]) == len(after["openings"])
