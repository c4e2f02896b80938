"""Reading a record leaves its event, in the transaction that fetches; nobody but legal reads."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from review import clock
from review.actions import records
from review.domain.permissions import Role
from review.errors import NotFound, NotPermitted
from review.models import Opening
from tests.conftest import Desk
from tests.factories import make_account, make_key, make_sender
from tests.threads import together
from tests.trails import refer


def told(desk: Desk) -> list[tuple[str, str]]:
    rows = desk.session.execute(
        sa.select(Opening.event_type, Opening.object_id).where(Opening.event_type.like("record%"))
    )
    return sorted((row.event_type, row.object_id) for row in rows)


def test_a_reading_is_on_the_trail_and_a_refused_one_is_not(desk: Desk) -> None:
    refer(desk.client(), make_key(make_sender()))
    legal = make_account(Role.LEGAL)
    (listed,) = records.list_records(actor=legal).found.rows
    assert records.open_record(listed.id, actor=legal).items[0].status == "in_review"
    assert told(desk) == [("record.opened", listed.id), ("records.listed", "trail")]
    with pytest.raises(NotFound):
        records.open_record("C-0000-0000-0000", actor=legal)
    for role in (Role.MODERATOR, Role.LEAD, Role.ADMIN):
        with pytest.raises(NotPermitted):
            records.open_record(listed.id, actor=make_account(role))
        with pytest.raises(NotPermitted):
            records.list_records(actor=make_account(role))
    for role in (Role.LEGAL, Role.ADMIN):
        with pytest.raises(NotPermitted):
            records.find_cases(listed.id, actor=make_account(role))
    assert len(told(desk)) == 2


def test_readers_at_once_each_leave_their_event(desk: Desk) -> None:
    refer(desk.client(), make_key(make_sender()))
    legal = make_account(Role.LEGAL)
    (listed,) = records.list_records(actor=legal).found.rows
    results = together(desk.app, [lambda: records.open_record(listed.id, actor=legal)] * 6)
    assert not [result for result in results if isinstance(result, Exception)]
    assert told(desk).count(("record.opened", listed.id)) == 6


def test_only_legal_lists_what_was_accepted(desk: Desk) -> None:
    span = {"since": clock.now() - timedelta(days=1), "before": clock.now()}
    assert records.list_acceptance(actor=make_account(Role.LEGAL), **span) == ()
    for role in (Role.MODERATOR, Role.LEAD, Role.ADMIN):
        with pytest.raises(NotPermitted):
            records.list_acceptance(actor=make_account(role), **span)
