"""Organisations and keys: a key is shown once, dies at once, and no secret is kept."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app import create_app
from review import clock, db
from review.actions import senders
from review.domain.keys import digest_of
from review.domain.permissions import ANONYMOUS, OPERATOR, SERVICE, Actor, Role, Scope
from review.domain.senders import FlaggerEvidence
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted
from review.models import Opening, Sender, SenderKey
from review.queries import senders as sender_queries
from tests.conftest import Desk
from tests.factories import make_sender, sender_actor
from tests.threads import together

BOTH = (Scope.REFER, Scope.READ)
ADMIN = Actor(kind="account", id="person-0", account_id="A-0", role=Role.ADMIN)
LEGAL = Actor(kind="account", id="person-9", account_id="A-9", role=Role.LEGAL)


def create(name: str = "Harbour Watch", **changes: object) -> str:
    values = {"kind": "trusted_flagger", "country": "be", "flagger": None, "actor": OPERATOR} | changes
    return senders.create_sender(name, **values)  # type: ignore[arg-type]


def events(desk: Desk) -> list[str]:
    return list(desk.session.scalars(sa.select(Opening.event_type).order_by(Opening.recorded_at)))


def test_a_created_sender_has_dated_evidence_or_none(desk: Desk) -> None:
    award = FlaggerEvidence(" Coordinator  of X", date(2026, 1, 1), date(2026, 12, 31))
    first = create(" Harbour  Watch ", flagger=award)
    second = create("Civic Net Lab")
    row = desk.session.get(Sender, first)
    assert row is not None
    assert (row.name, row.country) == ("Harbour Watch", "BE")
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [sender_queries.flagger_on(desk.session, first, day) for day in days] == [False, True, True, False]
    assert not sender_queries.flagger_on(desk.session, second, days[1])
    assert events(desk) == ["sender.created"] * 2


def test_evidence_without_an_end_holds_on(desk: Desk) -> None:
    sender_id = create(flagger=FlaggerEvidence("C", date(2026, 1, 1), None))
    assert sender_queries.flagger_on(desk.session, sender_id, date(2099, 1, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"name": "bell\x07"},
        {"kind": "police"},
        {"country": "BEL"},
        {"country": "1é"},
        {"flagger": FlaggerEvidence("C", date(2026, 2, 1), date(2026, 1, 1))},
        {"flagger": FlaggerEvidence("", date(2026, 2, 1), None)},
    ],
)
def test_a_sender_that_breaks_a_rule_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        create(**changes)  # type: ignore[arg-type]


def test_one_name_is_one_sender_also_at_once(desk: Desk) -> None:
    results = together(desk.app, [create, create])
    assert sum(isinstance(result, AlreadyExists) for result in results) == 1
    with pytest.raises(AlreadyExists):
        create()
    assert events(desk) == ["sender.created"]


@pytest.mark.parametrize(
    "actor",
    [ANONYMOUS, SERVICE, LEGAL, sender_actor("S-1", *BOTH)],
    ids=["anyone", "service", "legal", "sender's key"],
)
def test_nobody_else_makes_senders_and_keys(actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        create(actor=actor)
    with pytest.raises(NotPermitted):
        senders.issue_key("S-1", scopes=BOTH, expires_at=None, actor=actor)
    with pytest.raises(NotPermitted):
        senders.issue_platform_key(expires_at=None, actor=actor)
    with pytest.raises(NotPermitted):
        senders.revoke_key("K-1", actor=actor)


def test_an_administrator_does_what_the_commands_do_except_for_the_platform(desk: Desk) -> None:
    sender_id = create(actor=ADMIN)
    key = senders.issue_key(sender_id, scopes=BOTH, expires_at=None, label=" Gate  way ", actor=ADMIN)
    assert desk.session.scalar(sa.select(SenderKey.label)) == "Gate way"
    senders.revoke_key(key.key_id, actor=ADMIN)
    assert events(desk) == ["sender.created", "key.issued", "key.revoked"]
    with pytest.raises(NotPermitted):
        senders.issue_platform_key(expires_at=None, actor=ADMIN)


def test_a_person_of_a_sender_keeps_own_keys_and_finds_no_others(desk: Desk) -> None:
    own, foreign = create("Own"), create("Foreign")
    officer = Actor(kind="account", id="person-1", account_id="A-1", role=Role.SENDER, sender_id=own)
    key = senders.issue_key(own, scopes=BOTH, expires_at=None, actor=officer)
    theirs = senders.issue_key(foreign, scopes=BOTH, expires_at=None, actor=OPERATOR)
    platform = senders.issue_platform_key(expires_at=None, actor=OPERATOR)
    refused = []
    for key_id in (theirs.key_id, platform.key_id, "K-0000-0000-0000"):
        with pytest.raises(NotFound) as caught:
            senders.revoke_key(key_id, actor=officer)
        refused.append(caught.value.detail)
    for sender_id in (foreign, "S-0000-0000-0000"):
        with pytest.raises(NotFound):
            senders.issue_key(sender_id, scopes=BOTH, expires_at=None, actor=officer)
    assert len(set(refused)) == 1
    with pytest.raises(InvalidInput):
        senders.issue_key(own, scopes=(Scope.PLATFORM,), expires_at=None, actor=officer)
    senders.revoke_key(key.key_id, actor=officer)
    assert events(desk).count("key.revoked") == 1


def test_the_same_form_makes_one_key_also_at_once(desk: Desk) -> None:
    sender_id = create()

    def issue() -> object:
        return senders.issue_key(
            sender_id, scopes=BOTH, expires_at=None, key_id="K-0000-0000-0001", actor=ADMIN
        )

    results = together(desk.app, [issue, issue])
    assert sorted(type(result).__name__ for result in results) == ["AlreadyExists", "KeyIssued"]
    assert events(desk).count("key.issued") == 1


def test_a_sender_has_room_for_so_many_keys_in_use(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "MOST_KEYS", 2)
    sender_id = create()

    def issue() -> object:
        return senders.issue_key(sender_id, scopes=BOTH, expires_at=None, actor=ADMIN)

    first = senders.issue_key(sender_id, scopes=BOTH, expires_at=None, actor=ADMIN)
    results = together(desk.app, [issue, issue])
    assert sorted(type(result).__name__ for result in results) == ["InvalidInput", "KeyIssued"]
    senders.revoke_key(first.key_id, actor=ADMIN)
    issue()


def test_a_key_dies_in_every_process_at_once(desk: Desk) -> None:
    other = create_app(desk.settings)
    key = senders.issue_key(create(), scopes=BOTH, expires_at=None, actor=OPERATOR)
    headers = {"Authorization": f"Bearer {key.key}"}
    clients = [desk.client(), other.test_client()]
    asked = [client.get("/api/v1/referrals", headers=headers).status_code for client in clients]
    senders.revoke_key(key.key_id, actor=ADMIN)
    asked += [client.get("/api/v1/referrals", headers=headers).status_code for client in clients]
    assert asked == [200, 200, 401, 401]
    with other.app_context():
        db.extension.engine.dispose()


def test_a_key_is_found_by_its_digest_and_stored_in_no_other_way(desk: Desk) -> None:
    sender_id, end = create(), clock.now() + timedelta(days=1)
    issued = senders.issue_key(sender_id, scopes=BOTH, expires_at=end, actor=OPERATOR)
    assert issued.key.startswith("rr_")
    found = sender_queries.key_by_digest(desk.session, digest_of(issued.key))
    assert found == sender_queries.KeyFound(issued.key_id, sender_id, "read refer", end, None, None)
    row = desk.session.execute(sa.select(SenderKey)).scalar_one()
    assert issued.key not in repr(row.__dict__)
    assert issued.key.startswith(row.prefix)
    assert len(row.prefix) == 10
    assert events(desk) == ["sender.created", "key.issued"]


def test_a_platform_key_has_no_sender_and_one_scope(desk: Desk) -> None:
    issued = senders.issue_platform_key(expires_at=None, actor=OPERATOR)
    found = sender_queries.key_by_digest(desk.session, digest_of(issued.key))
    assert found is not None
    assert (found.sender_id, found.scopes) == (None, "platform")
    assert events(desk) == ["key.issued"]


def test_a_key_that_makes_no_sense_is_not_issued(desk: Desk) -> None:
    sender_id = create()
    past = clock.now() - timedelta(seconds=1)
    with pytest.raises(NotFound):
        senders.issue_key("S-unknown", scopes=BOTH, expires_at=None, actor=OPERATOR)
    for scopes in ((), (Scope.PLATFORM,), (Scope.READ, Scope.PLATFORM)):
        with pytest.raises(InvalidInput):
            senders.issue_key(sender_id, scopes=scopes, expires_at=None, actor=OPERATOR)
    with pytest.raises(InvalidInput):
        senders.issue_key(sender_id, scopes=BOTH, expires_at=past, actor=OPERATOR)
    with pytest.raises(InvalidInput):
        senders.issue_platform_key(expires_at=past, actor=OPERATOR)
    assert events(desk) == ["sender.created"]


def test_a_revoked_key_is_dead_at_once_and_once_only(desk: Desk) -> None:
    key = senders.issue_key(create(), scopes=BOTH, expires_at=None, actor=OPERATOR)
    client, headers = desk.client(), {"Authorization": f"Bearer {key.key}"}
    assert client.get("/api/v1/referrals", headers=headers).status_code == 200
    senders.revoke_key(key.key_id, actor=OPERATOR)
    answer = client.get("/api/v1/referrals", headers=headers)
    assert (answer.status_code, answer.get_json()["type"]) == (401, "/errors/key_not_valid")
    with pytest.raises(AlreadyClosed):
        senders.revoke_key(key.key_id, actor=OPERATOR)
    with pytest.raises(NotFound):
        senders.revoke_key("K-unknown", actor=OPERATOR)
    assert events(desk).count("key.revoked") == 1


def test_revoking_twice_at_once_is_one_revocation(desk: Desk) -> None:
    key_id = senders.issue_key(create(), scopes=BOTH, expires_at=None, actor=OPERATOR).key_id

    def revoke() -> str:
        senders.revoke_key(key_id, actor=OPERATOR)
        return "revoked"

    results = together(desk.app, [revoke, revoke])
    assert sorted(type(result).__name__ for result in results) == ["AlreadyClosed", "str"]
    assert events(desk).count("key.revoked") == 1


def test_last_use_moves_forward_only_and_leaves_no_event(desk: Desk) -> None:
    key_id = senders.issue_key(make_sender(), scopes=BOTH, expires_at=None, actor=OPERATOR).key_id
    before, now = events(desk), clock.now()
    senders.touch_key(key_id, at=now)
    senders.touch_key(key_id, at=now - timedelta(minutes=5))
    assert desk.session.scalar(sa.select(SenderKey.last_used_at)) == now
    assert events(desk) == before
