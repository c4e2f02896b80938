"""Whoever reads what is held, erased and due is on the trail, with what was shown."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from review import clock, ledger
from review.actions import registers
from review.domain.permissions import Actor, Role
from review.errors import NotFound, NotPermitted, TrailBroken
from review.models import Opening
from tests.conftest import Desk
from tests.erasures import WHY, ask, decided_record, hold
from tests.factories import make_account

DAYS = {"referral": 365, "notice": 365, "removal_order": 365}
READINGS: dict[str, Callable[[Actor, str, str], object]] = {
    "holds": lambda who, _hold, _erasure: registers.list_holds(
        state=None, object_id=None, words="", actor=who
    ),
    "hold": lambda who, hold_id, _erasure: registers.open_hold(hold_id, actor=who),
    "erasures": lambda who, _hold, _erasure: registers.list_erasures(actor=who),
    "erasure": lambda who, _hold, erasure_id: registers.open_erasure(erasure_id, actor=who),
    "due": lambda who, _hold, _erasure: registers.list_due(now=clock.now(), days=DAYS, actor=who),
}


def _event(desk: Desk, name: str) -> tuple[str, dict[str, str]]:
    """The object and the fields of the one event of that name, which counts in no chain."""
    found = desk.session.scalars(sa.select(Opening).where(Opening.event_type == name)).one()
    assert found.object_version is None
    return found.object_id, {part: base64.b64decode(pair[1]).decode() for part, pair in found.fields.items()}


def test_a_list_names_what_it_showed_and_what_was_searched(desk: Desk) -> None:
    record = decided_record()
    asked, held, legal = ask(record, "notes"), hold(record), record.second
    later = clock.now() + timedelta(days=400)
    (found,) = registers.list_holds(state="standing", object_id=record.case_id, words="", actor=legal)
    assert found.id == held
    assert json.loads(_event(desk, "holds.listed")[1]["listed"]) == [held]
    assert _event(desk, "holds.listed")[1]["query"] == f"state=standing {record.case_id}"
    (waiting,), settled = registers.list_erasures(actor=legal)
    assert (waiting.id, settled) == (asked, ())
    assert json.loads(_event(desk, "erasures.listed")[1]["listed"]) == [asked]
    (due,) = registers.list_due(now=later, days=DAYS, actor=legal)
    assert due.id == record.case_id
    assert json.loads(_event(desk, "retention.listed")[1]["listed"]) == [record.case_id]


def test_what_is_opened_is_named(desk: Desk) -> None:
    record = decided_record()
    asked, held, legal = ask(record, "notes"), hold(record), record.second
    assert registers.open_hold(held, actor=legal).id == held
    assert registers.open_erasure(asked, actor=legal).reason == WHY
    assert _event(desk, "hold.opened") == (held, {})
    assert _event(desk, "erasure.opened") == (asked, {})
    with pytest.raises(NotFound):
        registers.open_hold("H-0000-0000-0000", actor=legal)
    with pytest.raises(NotFound):
        registers.open_erasure("E-0000-0000-0000", actor=legal)


@pytest.mark.parametrize("reading", READINGS)
def test_nothing_is_read_without_permission_or_trail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, reading: str
) -> None:
    record = decided_record()
    asked, held = ask(record, "notes"), hold(record)
    with pytest.raises(NotPermitted):
        READINGS[reading](make_account(Role.MODERATOR), held, asked)
    monkeypatch.setattr(ledger, "record", _refuse)
    with pytest.raises(TrailBroken):
        READINGS[reading](record.second, held, asked)


def _refuse(*_arguments: object, **_named: object) -> None:
    raise TrailBroken("The trail cannot be written.")
