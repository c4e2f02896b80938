"""Changes to a sender: old and new value on the trail, nothing overwritten, one of two wins."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions import sender_changes, senders
from review.domain.permissions import ANONYMOUS, OPERATOR, SERVICE, Actor, Role
from review.domain.senders import Contact, FlaggerEvidence, Limits, Profile
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted, StaleVersion
from review.models import FlaggerStatus, Opening, Sender
from review.queries import senders as sender_queries
from review.queries.sender_details import sender_details
from review.queries.stored_rows import differences
from tests.conftest import Desk
from tests.factories import sender_actor
from tests.threads import together

ADMIN = Actor(kind="account", id="person-0", account_id="A-0", role=Role.ADMIN)
DESK = Contact("Duty desk", "duty@unit.example", "+32 2 555 01 00", "Call twice.")
AWARD = FlaggerEvidence("Coordinator of X", date(2026, 1, 1), date(2026, 12, 31), "TF-7")
PROFILE = Profile("Harbour Watch", "iru", "BE")


def create(name: str = "Harbour Watch") -> str:
    return senders.create_sender(name, kind="iru", country="BE", flagger=None, actor=OPERATOR)


def told(desk: Desk, event_type: str) -> list[dict[str, Any]]:
    """What the events of this type commit to, oldest first."""
    rows = desk.session.scalars(
        sa.select(Opening.fields).where(Opening.event_type == event_type).order_by(Opening.object_version)
    )
    return [
        {name: _value(b64decode(value)) for name, (_key, value) in json.loads(fields).items()}
        if isinstance(fields, str)
        else {name: _value(b64decode(value)) for name, (_key, value) in fields.items()}
        for fields in rows
    ]


def _value(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode()


def test_a_changed_profile_tells_old_and_new_and_contacts_apart(desk: Desk) -> None:
    sender_id = create()
    changed = Profile(
        "Harbour Watch 2", "iru", "be", ("nl", "BE", "fr"), (DESK, Contact()), "Called back.\r\n"
    )
    sender_changes.change_sender(sender_id, changed, version=0, actor=ADMIN)
    found = sender_details(desk.session, sender_id)
    assert found is not None
    assert found.version == 1
    assert found.profile == Profile("Harbour Watch 2", "iru", "BE", ("FR", "NL"), (DESK,), "Called back.")
    assert told(desk, "sender.changed") == [
        {
            "before": {"name": "Harbour Watch", "further_countries": [], "identity_note": ""},
            "after": {
                "name": "Harbour Watch 2",
                "further_countries": ["FR", "NL"],
                "identity_note": "Called back.",
            },
            "contacts_before": [],
            "contacts_after": [DESK.as_dict()],
        }
    ]


def test_verification_follows_a_change_and_finds_one_behind_the_program(desk: Desk) -> None:
    sender_id = create()
    sender_changes.change_sender(sender_id, Profile("New name", "other"), version=0, actor=ADMIN)
    assert list(differences(desk.session, evidence=None)) == []
    with db.extension.engine.begin() as connection:
        connection.execute(sa.text("UPDATE senders SET name = 'Harbour Watch'"))
    (found,) = differences(desk.session, evidence=None)
    assert (found.noun, found.column) == ("sender", "name")
    assert (found.stored, found.told) == ("Harbour Watch", "New name")


def test_own_limits_are_set_and_given_up(desk: Desk) -> None:
    sender_id = create()
    sender_changes.change_limits(sender_id, Limits(30, None), version=0, actor=OPERATOR)
    sender_changes.change_limits(sender_id, Limits(None, 500), version=1, actor=ADMIN)
    found = sender_details(desk.session, sender_id)
    assert found is not None
    assert (found.version, found.limits) == (2, Limits(None, 500))
    assert told(desk, "sender.limits_changed") == [
        {"before": {"requests_per_minute": None}, "after": {"requests_per_minute": 30}},
        {
            "before": {"requests_per_minute": 30, "batch_lines": None},
            "after": {"requests_per_minute": None, "batch_lines": 500},
        },
    ]


def test_evidence_is_added_beside_and_ended_without_being_overwritten(desk: Desk) -> None:
    sender_id = create()
    with time_machine.travel("2026-06-01T10:00:00Z", tick=False):
        first = sender_changes.add_flagger(sender_id, AWARD, version=0, actor=ADMIN)
        sender_changes.add_flagger(sender_id, replace(AWARD, reference=None), version=1, actor=ADMIN)
        sender_changes.end_flagger(sender_id, first, ended_on=date(2026, 6, 30), actor=ADMIN)
    rows = desk.session.execute(
        sa.select(FlaggerStatus.valid_until, FlaggerStatus.ended_on).order_by(FlaggerStatus.id)
    ).all()
    assert [tuple(row) for row in rows] == [
        (date(2026, 12, 31), date(2026, 6, 30)),
        (date(2026, 12, 31), None),
    ]
    assert told(desk, "sender.flagger_ended") == [
        {"status": first, "valid_until": "2026-12-31", "ended_on": "2026-06-30"}
    ]
    assert told(desk, "sender.flagger_added")[0] == {
        "status": first,
        "coordinator": "Coordinator of X",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "reference": "TF-7",
    }


def test_status_holds_until_the_day_on_which_it_was_ended(desk: Desk) -> None:
    sender_id = create()
    with time_machine.travel("2026-06-01T10:00:00Z", tick=False):
        award = sender_changes.add_flagger(
            sender_id, replace(AWARD, valid_until=None), version=0, actor=ADMIN
        )
        sender_changes.end_flagger(sender_id, award, ended_on=date(2026, 6, 30), actor=ADMIN)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [sender_queries.flagger_on(desk.session, sender_id, day) for day in days] == [
        False, True, True, False
    ]  # fmt: skip
    (listed,) = sender_queries.list_senders(desk.session)
    assert listed.flagger[0].valid_until == date(2026, 6, 30)


@pytest.mark.parametrize(
    "actor",
    [
        ANONYMOUS,
        SERVICE,
        sender_actor("S-1"),
        *(Actor(kind="account", id="p", account_id="A", role=role, sender_id="S-1")
          for role in Role if role is not Role.ADMIN),
    ],
    ids=lambda actor: actor.role or actor.kind,
)  # fmt: skip
def test_only_administrators_and_commands_change_senders(actor: Actor) -> None:
    calls: list[Callable[[], object]] = [
        lambda: sender_changes.change_sender("S-1", PROFILE, version=0, actor=actor),
        lambda: sender_changes.change_limits("S-1", Limits(), version=0, actor=actor),
        lambda: sender_changes.add_flagger("S-1", AWARD, version=0, actor=actor),
        lambda: sender_changes.end_flagger("S-1", 1, ended_on=date(2026, 1, 1), actor=actor),
    ]
    for call in calls:
        with pytest.raises(NotPermitted):
            call()


def test_an_older_form_changes_nothing(desk: Desk) -> None:
    sender_id = create()
    sender_changes.change_limits(sender_id, Limits(30, None), version=0, actor=ADMIN)
    with pytest.raises(StaleVersion):
        sender_changes.change_sender(sender_id, replace(PROFILE, kind="other"), version=0, actor=ADMIN)
    with pytest.raises(StaleVersion):
        sender_changes.change_limits(sender_id, Limits(31, None), version=0, actor=ADMIN)
    with pytest.raises(StaleVersion):
        sender_changes.add_flagger(sender_id, AWARD, version=0, actor=ADMIN)
    for call in (sender_changes.change_sender, sender_changes.change_limits):
        with pytest.raises(NotFound):
            call("S-9", PROFILE if call is sender_changes.change_sender else Limits(), version=0, actor=ADMIN)  # type: ignore[arg-type]
    assert desk.session.scalar(sa.select(Sender.kind)) == "iru"
    assert told(desk, "sender.changed") == []


def test_what_changes_nothing_is_no_change(desk: Desk) -> None:
    sender_id = create()
    with pytest.raises(InvalidInput):
        sender_changes.change_sender(sender_id, PROFILE, version=0, actor=ADMIN)
    with pytest.raises(InvalidInput):
        sender_changes.change_limits(sender_id, Limits(), version=0, actor=ADMIN)
    assert desk.session.scalar(sa.select(Sender.version)) == 0


def test_a_name_stays_with_the_sender_that_has_it(desk: Desk) -> None:
    create("First")
    with pytest.raises(AlreadyExists) as caught:
        sender_changes.change_sender(create("Second"), replace(PROFILE, name="First"), version=0, actor=ADMIN)
    assert caught.value.errors[0].pointer == "name"


def test_of_two_changes_at_once_one_is_stored(desk: Desk) -> None:
    sender_id = create()

    def change(name: str) -> Callable[[], object]:
        return lambda: sender_changes.change_sender(
            sender_id, replace(PROFILE, name=name), version=0, actor=ADMIN
        )

    results = together(desk.app, [change("One"), change("Two"), lambda: _limit(sender_id)])
    assert sum(isinstance(result, StaleVersion) for result in results) == 2
    assert desk.session.scalar(sa.select(Sender.version)) == 1
    assert len(told(desk, "sender.changed")) + len(told(desk, "sender.limits_changed")) == 1


def _limit(sender_id: str) -> str:
    sender_changes.change_limits(sender_id, Limits(5, 5), version=0, actor=ADMIN)
    return "changed"


def test_an_award_ends_once_within_its_days_and_at_its_own_sender(desk: Desk) -> None:
    sender_id, other = create(), create("Other")
    with time_machine.travel("2026-06-01T10:00:00Z", tick=False):
        award = sender_changes.add_flagger(sender_id, AWARD, version=0, actor=ADMIN)
        past = sender_changes.add_flagger(
            sender_id, replace(AWARD, valid_until=date(2026, 5, 31)), version=1, actor=ADMIN
        )
        for day in (date(2025, 12, 31), date(2026, 12, 31), date(2027, 1, 1)):
            with pytest.raises(InvalidInput):
                sender_changes.end_flagger(sender_id, award, ended_on=day, actor=ADMIN)
        with pytest.raises(AlreadyClosed):
            sender_changes.end_flagger(sender_id, past, ended_on=date(2026, 5, 1), actor=ADMIN)
        for of, number in ((other, award), (sender_id, past + 1)):
            with pytest.raises(NotFound):
                sender_changes.end_flagger(of, number, ended_on=date(2026, 6, 2), actor=ADMIN)

        def end() -> str:
            sender_changes.end_flagger(sender_id, award, ended_on=date(2026, 6, 2), actor=ADMIN)
            return "ended"

        results = together(desk.app, [end, end])
    assert sorted(type(result).__name__ for result in results) == ["AlreadyClosed", "str"]
    assert len(told(desk, "sender.flagger_ended")) == 1
