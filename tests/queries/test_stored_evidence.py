"""Captures are compared with the trail: one that is changed, gone or put in by hand is named."""

from hashlib import sha256

import pytest
import sqlalchemy as sa

from review import clock, db
from review.actions.cases import claim_next
from review.actions.evidence import Captured, capture_evidence
from review.domain.permissions import Role
from review.models import Evidence
from review.queries.records import record_of
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.pieces import first_item
from tests.queries.test_stored_rows import found, found_event_by_event, undefended
from tests.trails import settle


def captured_case(desk: Desk) -> str:
    """A case with a capture, everything on the trail; the case's id."""
    person = make_account()
    receive(sender_actor(make_sender()), "https://video.example/captured")
    claim = claim_next(actor=person)
    assert claim is not None
    capture = Captured("shot.png", "image/png", sha256(b"shot").hexdigest(), 4)
    capture_evidence(claim.case_id, first_item(claim.case_id), capture, actor=person)
    settle(desk.settings.data_dir)
    return claim.case_id


def test_a_capture_as_recorded_is_found_right(desk: Desk) -> None:
    case_id = captured_case(desk)
    with undefended() as connection:
        assert found(desk, connection).intact, found(desk, connection).sentence
        assert found_event_by_event(desk, connection).intact
    record = record_of(desk.session, case_id, on=clock.now().date())
    assert record is not None
    assert (record.differences, record.broken) == ((), ())
    assert [one.name for one in record.evidence] == ["shot.png"]
    assert "evidence.captured" in [entry.event_type for entry in record.timeline]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE evidence SET name = 'other.png'", "the name stored differs"),
        ("UPDATE evidence SET sha256 = 'ab'", "the sha256 stored differs"),
        ("UPDATE evidence SET length = 5", "the length stored differs"),
        ("DELETE FROM evidence", "its row is gone"),
    ],
)
def test_a_capture_that_was_changed_is_named(desk: Desk, change: str, words: str) -> None:
    case_id = captured_case(desk)
    with undefended() as connection:
        connection.execute(sa.text(change))
        finding = found(desk, connection)
        assert not finding.intact
        assert words in finding.sentence
    with db.transaction() as writer:
        writer.execute(sa.text(change))
    record = record_of(desk.session, case_id, on=clock.now().date())
    assert record is not None
    assert any(words in one.sentence for one in record.differences)


def test_a_capture_that_no_event_tells_of_is_named(desk: Desk) -> None:
    receive(sender_actor(make_sender()), "https://video.example/plain")
    settle(desk.settings.data_dir)
    person, now = make_account(Role.LEAD), clock.now()
    item_id = desk.session.scalar(sa.text("SELECT id FROM items")) or ""
    row = Evidence(
        id="E-0000-0000-0001", item_id=item_id, name="a", media_type="b", sha256="c", length=1,
        received_at=now, account_id=person.account_id, captured_at=now,
    )  # fmt: skip
    with db.transaction() as writer:
        writer.add(row)
    with undefended() as connection:
        assert "no event on the trail tells of it" in found(desk, connection).sentence
