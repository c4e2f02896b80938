"""People: created, closed, given roles and links; each on the trail, none by the wrong person."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import accounts, sign_ins
from review.domain.factors import Asked, FactorPolicy
from review.domain.keys import digest_of
from review.domain.permissions import ANONYMOUS, OPERATOR, SERVICE, Actor, Role
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted, ReviewError
from review.models import Account, OneTimeLink, Opening, SignIn
from review.queries import accounts as account_queries
from tests.conftest import Desk
from tests.factories import make_account, make_sender
from tests.threads import together

PASSWORD = "harbour lantern seventeen"
OTHER = "seventeen harbour lanterns"


def create(email: str = "jane@desk.example", role: Role = Role.MODERATOR) -> str:
    return accounts.create_account(
        email, role=role, name="Jane", sender_id=None, password=PASSWORD, actor=OPERATOR
    ).account_id


def enter(email: str = "jane@desk.example", password: str = PASSWORD) -> sign_ins.Admitted:
    return sign_ins.sign_in(
        email,
        password,
        address="192.0.2.1",
        lifetime_seconds=3600,
        policy=FactorPolicy(Asked.OFF),
        actor=ANONYMOUS,
    )


def events(desk: Desk) -> list[str]:
    return list(
        desk.session.scalars(sa.select(Opening.event_type).order_by(Opening.recorded_at, Opening.eid))
    )


def alive(desk: Desk, token: str) -> bool:
    found = account_queries.signed_in(desk.session, digest_of(token), at=clock.now(), idle_seconds=1800)
    return found is not None


def staff(role: Role = Role.ADMIN) -> Actor:
    return Actor(kind="account", id="person-0", account_id="A-0", role=role)


def test_a_created_person_can_sign_in_and_is_on_the_trail(desk: Desk) -> None:
    made = accounts.create_account(
        " Jane@Desk.example",
        role=Role.LEGAL,
        name=" Jane  Doe ",
        sender_id=None,
        password=PASSWORD,
        actor=OPERATOR,
    )
    row = desk.session.execute(sa.select(Account)).scalar_one()
    assert (row.email, row.name, row.role) == ("jane@desk.example", "Jane Doe", "legal")
    assert row.pseudonym == made.pseudonym
    assert made.one_time_password is None
    assert row.password_hash is not None
    assert PASSWORD not in row.password_hash
    assert alive(desk, enter().token)
    assert events(desk) == ["account.created", "account.signed_in"]


def test_a_one_time_password_opens_nothing_but_the_page_for_a_lasting_one(desk: Desk) -> None:
    made = accounts.create_account(
        "jane@desk.example", role=Role.LEAD, name="Jane", sender_id=None, password=None, actor=OPERATOR
    )
    assert made.one_time_password
    admitted = enter(password=made.one_time_password)
    assert admitted.must_set_password
    assert not alive(desk, admitted.token)
    accounts.redeem_link(admitted.token, PASSWORD, actor=ANONYMOUS)
    with pytest.raises(ReviewError, match="wrong"):
        enter(password=made.one_time_password)
    assert alive(desk, enter().token)


def test_creating_refuses_what_breaks_a_rule(desk: Desk) -> None:
    sender_id = make_sender()
    create()
    for email, role, name, sender, password, kind in (
        ("jane@desk.example", Role.LEAD, "Jane", None, PASSWORD, AlreadyExists),
        ("JANE@desk.example", Role.LEAD, "Jane", None, PASSWORD, AlreadyExists),
        ("jane", Role.LEAD, "Jane", None, PASSWORD, InvalidInput),
        ("joe@desk.example", Role.LEAD, " ", None, PASSWORD, InvalidInput),
        ("joe@desk.example", Role.LEAD, "Joe", sender_id, PASSWORD, InvalidInput),
        ("joe@desk.example", Role.SENDER, "Joe", None, PASSWORD, InvalidInput),
        ("joe@desk.example", Role.SENDER, "Joe", "S-unknown", PASSWORD, InvalidInput),
        ("joe@desk.example", Role.LEAD, "Joe", None, "short", InvalidInput),
    ):
        with pytest.raises(kind):
            accounts.create_account(
                email, role=role, name=name, sender_id=sender, password=password, actor=OPERATOR
            )
    assert events(desk) == ["account.created"]


def test_a_sender_account_belongs_to_its_organisation(desk: Desk) -> None:
    sender_id = make_sender()
    accounts.create_account(
        "officer@unit.example",
        role=Role.SENDER,
        name="O",
        sender_id=sender_id,
        password=PASSWORD,
        actor=OPERATOR,
    )
    actor = account_queries.actor_of(desk.session, "officer@unit.example")
    assert actor is not None
    assert (actor.role, actor.sender_id) == (Role.SENDER, sender_id)


def test_one_address_created_twice_at_once_is_one_account(desk: Desk) -> None:
    results = together(desk.app, [create, create])
    assert sorted(isinstance(result, AlreadyExists) for result in results) == [False, True]
    assert events(desk) == ["account.created"]


@pytest.mark.parametrize(
    "actor",
    [ANONYMOUS, SERVICE, *(staff(role) for role in Role if role is not Role.ADMIN)],
    ids=lambda actor: actor.role or actor.kind,
)
def test_only_an_administrator_or_a_command_changes_people(actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        accounts.create_account(
            "a@b.example", role=Role.LEAD, name="A", sender_id=None, password=PASSWORD, actor=actor
        )
    with pytest.raises(NotPermitted):
        accounts.invite_account("a@b.example", role=Role.LEAD, name="A", sender_id=None, actor=actor)
    with pytest.raises(NotPermitted):
        accounts.set_role("A-1", Role.LEAD, actor=actor)
    for change in (
        accounts.close_account,
        accounts.issue_reset,
        accounts.end_sign_ins,
        accounts.draw_pseudonym,
    ):
        with pytest.raises(NotPermitted):
            change("A-1", actor=actor)


def test_closing_ends_all_sign_ins_and_links(desk: Desk) -> None:
    account_id = create()
    tokens = [enter().token, enter().token]
    link = accounts.issue_reset(account_id, actor=OPERATOR)
    accounts.close_account(account_id, actor=OPERATOR)
    assert not any(alive(desk, token) for token in tokens)
    assert desk.session.scalar(sa.select(sa.func.count()).where(SignIn.ended_at.is_(None))) == 0
    with pytest.raises(NotFound):
        accounts.redeem_link(link, OTHER, actor=ANONYMOUS)
    with pytest.raises(ReviewError, match="wrong"):
        enter()
    assert "account.closed" in events(desk)


def test_a_closed_or_unknown_account_takes_no_change(desk: Desk) -> None:
    account_id = create()
    accounts.close_account(account_id, actor=OPERATOR)
    with pytest.raises(AlreadyClosed):
        accounts.close_account(account_id, actor=OPERATOR)
    with pytest.raises(AlreadyClosed):
        accounts.set_role(account_id, Role.LEAD, actor=OPERATOR)
    with pytest.raises(AlreadyClosed):
        accounts.issue_reset(account_id, actor=OPERATOR)
    for missing in ("A-unknown", ""):
        with pytest.raises(NotFound):
            accounts.close_account(missing, actor=OPERATOR)
        with pytest.raises(NotFound):
            accounts.set_role(missing, Role.LEAD, actor=OPERATOR)
        with pytest.raises(NotFound):
            accounts.issue_reset(missing, actor=OPERATOR)
    assert events(desk) == ["account.created", "account.closed"]


def test_the_last_open_administrator_stays(desk: Desk) -> None:
    first = create(role=Role.ADMIN)
    second = create("second@desk.example", role=Role.ADMIN)
    accounts.close_account(second, actor=OPERATOR)
    with pytest.raises(InvalidInput, match="last open administrator"):
        accounts.close_account(first, actor=OPERATOR)
    with pytest.raises(InvalidInput, match="last open administrator"):
        accounts.set_role(first, Role.LEAD, actor=OPERATOR)


def test_the_last_two_administrators_cannot_go_at_once(desk: Desk) -> None:
    pair = [create(f"admin{number}@desk.example", role=Role.ADMIN) for number in (1, 2)]

    def close() -> str:
        accounts.close_account(pair[0], actor=OPERATOR)
        return "closed"

    def demote() -> str:
        accounts.set_role(pair[1], Role.LEAD, actor=OPERATOR)
        return "demoted"

    results = together(desk.app, [close, demote])
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, InvalidInput) for result in results) == 1
    admins = sa.select(sa.func.count()).where(Account.role == "admin", Account.closed_at.is_(None))
    assert desk.session.scalar(admins) == 1


def test_closing_twice_at_once_is_one_closing(desk: Desk) -> None:
    account_id = create()

    def close() -> str:
        accounts.close_account(account_id, actor=OPERATOR)
        return "closed"

    results = together(desk.app, [close, close])
    assert sorted(str(type(result).__name__) for result in results) == ["AlreadyClosed", "str"]
    assert events(desk).count("account.closed") == 1


def test_a_new_role_ends_sign_ins_and_is_on_the_trail(desk: Desk) -> None:
    account_id = create()
    token = enter().token
    accounts.set_role(account_id, Role.LEGAL, actor=OPERATOR)
    assert not alive(desk, token)
    assert events(desk)[-1] == "account.role_changed"
    token = enter().token
    row = account_queries.signed_in(desk.session, digest_of(token), at=clock.now(), idle_seconds=1800)
    assert row is not None
    assert row.role == "legal"


def test_roles_that_make_no_sense_are_refused(desk: Desk) -> None:
    account_id = create()
    officer = make_account(Role.SENDER, sender_id=make_sender()).account_id or ""
    with pytest.raises(InvalidInput):
        accounts.set_role(account_id, Role.MODERATOR, actor=OPERATOR)
    with pytest.raises(InvalidInput):
        accounts.set_role(account_id, Role.SENDER, actor=OPERATOR)
    with pytest.raises(InvalidInput):
        accounts.set_role(officer, Role.ADMIN, actor=OPERATOR)
    assert "account.role_changed" not in events(desk)


def test_two_new_roles_at_once_leave_one_of_them_and_a_whole_chain(desk: Desk) -> None:
    account_id = create()

    def change(role: Role) -> str:
        accounts.set_role(account_id, role, actor=OPERATOR)
        return role

    results = together(desk.app, [lambda: change(Role.LEAD), lambda: change(Role.LEGAL)])
    changed = [result for result in results if isinstance(result, str)]
    assert len(changed) == events(desk).count("account.role_changed") >= 1
    assert desk.session.scalar(sa.select(Account.role)) in changed


def test_a_link_sets_a_new_password_once_and_ends_sign_ins(desk: Desk) -> None:
    account_id = create()
    token = enter().token
    link = accounts.issue_reset(account_id, actor=OPERATOR)
    assert desk.session.scalar(sa.select(OneTimeLink.token_digest)) == digest_of(link)
    accounts.redeem_link(link, OTHER, actor=ANONYMOUS)
    assert not alive(desk, token)
    with pytest.raises(ReviewError, match="wrong"):
        enter(password=PASSWORD)
    assert alive(desk, enter(password=OTHER).token)
    with pytest.raises(NotFound):
        accounts.redeem_link(link, PASSWORD, actor=ANONYMOUS)
    recorded = events(desk)
    assert recorded.count("account.reset_issued") == recorded.count("account.password_set") == 1


def test_a_link_is_good_for_a_day_and_only_the_newest(desk: Desk) -> None:
    account_id = create()
    first = accounts.issue_reset(account_id, actor=OPERATOR)
    second = accounts.issue_reset(account_id, actor=OPERATOR)
    for dead in (first, "unknown", ""):
        with pytest.raises(NotFound):
            accounts.redeem_link(dead, OTHER, actor=ANONYMOUS)
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1)), pytest.raises(NotFound):
        accounts.redeem_link(second, OTHER, actor=ANONYMOUS)
    with pytest.raises(InvalidInput):
        accounts.redeem_link(second, "short", actor=ANONYMOUS)
    accounts.redeem_link(second, OTHER, actor=ANONYMOUS)


def test_a_link_redeemed_twice_at_once_sets_one_password(desk: Desk) -> None:
    link = accounts.issue_reset(create(), actor=OPERATOR)

    def redeem(password: str) -> str:
        accounts.redeem_link(link, password, actor=ANONYMOUS)
        return password

    results = together(desk.app, [lambda: redeem(OTHER), lambda: redeem("lanterns of the harbour")])
    assert sum(isinstance(result, NotFound) for result in results) == 1
    winner = next(result for result in results if isinstance(result, str))
    assert alive(desk, enter(password=winner).token)


def test_last_use_moves_forward_only_and_leaves_no_event(desk: Desk) -> None:
    create()
    token, now = enter().token, clock.now()
    before = events(desk)
    accounts.touch_sign_in(digest_of(token), at=now + timedelta(minutes=5))
    accounts.touch_sign_in(digest_of(token), at=now)
    assert desk.session.scalar(sa.select(SignIn.last_used_at)) == now + timedelta(minutes=5)
    assert events(desk) == before


def test_no_secret_stands_in_the_database(desk: Desk) -> None:
    account_id = create()
    secrets = [PASSWORD, enter().token, accounts.issue_reset(account_id, actor=OPERATOR)]
    session = db.session()
    tables = session.scalars(
        sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")
        if desk.database == "sqlite"
        else sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ).all()
    stored = repr([session.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])
    assert not any(secret in stored for secret in secrets)
