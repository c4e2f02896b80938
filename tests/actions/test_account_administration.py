"""Administrators change other people's accounts: named on the trail, never their own, never the last one."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import accounts, sign_ins
from review.domain.factors import Asked, FactorPolicy
from review.domain.keys import digest_of
from review.domain.permissions import ANONYMOUS, OPERATOR, Actor, Role
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted, ReviewError
from review.models import Account, OneTimeLink, Opening, SignIn
from review.queries import accounts as account_queries
from tests.conftest import Desk
from tests.factories import make_account, make_sender
from tests.threads import together

PASSWORD = "harbour lantern seventeen"


def told(desk: Desk, account_id: str) -> list[tuple[str, str]]:
    """The changes of an account in order, each with the trail's name of who did it."""
    rows = desk.session.execute(
        sa.select(Opening.event_type, Opening.envelope)
        .where(Opening.object_id == account_id, Opening.object_version.is_not(None))
        .order_by(Opening.object_version)
    )
    return [(row.event_type, json.loads(row.envelope)["actor"]["id"]) for row in rows]


def invite(actor: Actor, email: str = "jane@desk.example", role: Role = Role.MODERATOR) -> str:
    return accounts.invite_account(email, role=role, name="Jane", sender_id=None, actor=actor).account_id


def enter(email: str = "jane@desk.example") -> str:
    admitted = sign_ins.sign_in(
        email,
        PASSWORD,
        address="192.0.2.1",
        lifetime_seconds=3600,
        policy=FactorPolicy(Asked.OFF),
        actor=ANONYMOUS,
    )
    return admitted.token


def settled(actor: Actor, role: Role = Role.MODERATOR) -> str:
    """An invited person who has set a password."""
    made = accounts.invite_account("jane@desk.example", role=role, name="Jane", sender_id=None, actor=actor)
    accounts.redeem_link(made.token, PASSWORD, actor=ANONYMOUS)
    return made.account_id


def alive(desk: Desk, token: str) -> bool:
    found = account_queries.signed_in(desk.session, digest_of(token), at=clock.now(), idle_seconds=1800)
    return found is not None


def id_of(actor: Actor) -> str:
    assert actor.account_id is not None
    return actor.account_id


def test_an_invited_person_has_no_password_until_the_link_is_used(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    made = accounts.invite_account(
        " Jane@Desk.example", role=Role.LEGAL, name=" Jane  Doe ", sender_id=None, actor=admin
    )
    row = desk.session.execute(sa.select(Account).where(Account.id == made.account_id)).scalar_one()
    assert (row.email, row.name, row.role, row.pseudonym) == (
        "jane@desk.example",
        "Jane Doe",
        "legal",
        made.pseudonym,
    )
    assert row.password_hash is None
    with pytest.raises(ReviewError, match="wrong"):
        enter()
    accounts.redeem_link(made.token, PASSWORD, actor=ANONYMOUS)
    assert alive(desk, enter())
    assert told(desk, made.account_id)[:3] == [
        ("account.created", admin.id),
        ("account.invited", admin.id),
        ("account.password_set", row.trail_id),
    ]


def test_an_invitation_is_good_for_a_day_and_once(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    made = accounts.invite_account(
        "jane@desk.example", role=Role.LEAD, name="Jane", sender_id=None, actor=admin
    )
    assert desk.session.scalar(sa.select(OneTimeLink.token_digest)) == digest_of(made.token)
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1)), pytest.raises(NotFound):
        accounts.redeem_link(made.token, PASSWORD, actor=ANONYMOUS)
    again = accounts.issue_reset(made.account_id, actor=admin)
    with pytest.raises(NotFound):
        accounts.redeem_link(made.token, PASSWORD, actor=ANONYMOUS)
    accounts.redeem_link(again, PASSWORD, actor=ANONYMOUS)


def test_an_invitation_refuses_what_breaks_a_rule(desk: Desk) -> None:
    admin, sender_id = make_account(Role.ADMIN), make_sender()
    invite(admin)
    for email, role, name, sender, kind in (
        ("JANE@desk.example", Role.LEAD, "Jane", None, AlreadyExists),
        ("jane", Role.LEAD, "Jane", None, InvalidInput),
        ("joe@desk.example", Role.LEAD, "J\u202eoe", None, InvalidInput),
        ("joe@desk.example", Role.LEAD, "Joe", sender_id, InvalidInput),
        ("joe@desk.example", Role.SENDER, "Joe", None, InvalidInput),
        ("joe@desk.example", Role.SENDER, "Joe", "S-unknown", InvalidInput),
    ):
        with pytest.raises(kind):
            accounts.invite_account(email, role=role, name=name, sender_id=sender, actor=admin)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(OneTimeLink)) == 1


def test_the_organisation_of_an_invited_officer_is_on_the_trail(desk: Desk) -> None:
    admin, sender_id = make_account(Role.ADMIN), make_sender()
    made = accounts.invite_account(
        "officer@unit.example", role=Role.SENDER, name="O", sender_id=sender_id, actor=admin
    )
    opening = desk.session.scalars(
        sa.select(Opening).where(
            Opening.object_id == made.account_id, Opening.event_type == "account.created"
        )
    ).one()
    assert set(opening.fields) == {"email", "name", "sender"}


def test_one_address_invited_twice_at_once_is_one_account(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    results = together(desk.app, [lambda: invite(admin), lambda: invite(admin)])
    assert sorted(isinstance(result, AlreadyExists) for result in results) == [False, True]
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(OneTimeLink)) == 1


def test_what_an_administrator_does_is_on_the_trail_under_that_name(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    account_id = invite(admin)
    accounts.set_role(account_id, Role.LEGAL, actor=admin)
    accounts.draw_pseudonym(account_id, actor=admin)
    accounts.issue_reset(account_id, actor=admin)
    accounts.end_sign_ins(account_id, actor=admin)
    accounts.close_account(account_id, actor=admin)
    assert told(desk, account_id) == [
        (f"account.{name}", admin.id)
        for name in (
            "created",
            "invited",
            "role_changed",
            "renamed",
            "reset_issued",
            "sign_ins_ended",
            "closed",
        )
    ]


def test_nobody_changes_the_own_access(desk: Desk) -> None:
    admin, _other = make_account(Role.ADMIN), make_account(Role.ADMIN)
    for change in (
        lambda: accounts.close_account(id_of(admin), actor=admin),
        lambda: accounts.set_role(id_of(admin), Role.MODERATOR, actor=admin),
        lambda: accounts.issue_reset(id_of(admin), actor=admin),
    ):
        with pytest.raises(NotPermitted, match="your own account"):
            change()
    assert told(desk, id_of(admin)) == []


CHANGES: dict[str, Callable[[str, Actor], object]] = {
    "close": lambda account_id, actor: accounts.close_account(account_id, actor=actor),
    "role": lambda account_id, actor: accounts.set_role(account_id, Role.LEAD, actor=actor),
    "link": lambda account_id, actor: accounts.issue_reset(account_id, actor=actor),
    "sign-ins": lambda account_id, actor: accounts.end_sign_ins(account_id, actor=actor),
    "pseudonym": lambda account_id, actor: accounts.draw_pseudonym(account_id, actor=actor),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_administrator_who_was_closed_or_demoted_meanwhile_does_nothing(
    desk: Desk, change: Callable[[str, Actor], object]
) -> None:
    closed, demoted, account = make_account(Role.ADMIN), make_account(Role.ADMIN), make_account()
    make_account(Role.ADMIN)
    accounts.close_account(id_of(closed), actor=OPERATOR)
    accounts.set_role(id_of(demoted), Role.LEGAL, actor=OPERATOR)
    for stale in (closed, demoted):
        with pytest.raises(NotPermitted, match="changed meanwhile"):
            change(id_of(account), stale)
        with pytest.raises(NotPermitted, match="changed meanwhile"):
            invite(stale)
    assert told(desk, id_of(account)) == []


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_closed_or_unknown_account_takes_no_change(
    desk: Desk, change: Callable[[str, Actor], object]
) -> None:
    admin, account = make_account(Role.ADMIN), make_account()
    accounts.close_account(id_of(account), actor=admin)
    with pytest.raises(AlreadyClosed):
        change(id_of(account), admin)
    with pytest.raises(NotFound):
        change("A-unknown", admin)
    assert told(desk, id_of(account)) == [("account.closed", admin.id)]


@pytest.mark.parametrize("others", [0, 1])
def test_two_administrators_who_close_each_other_at_once_leave_one(desk: Desk, others: int) -> None:
    """The loser's account is closed by then, so that it may do nothing any more."""
    pair = [make_account(Role.ADMIN) for _ in range(2)]
    for _ in range(others):
        make_account(Role.ADMIN)

    def close(by: int) -> str:
        accounts.close_account(id_of(pair[1 - by]), actor=pair[by])
        return "closed"

    results = together(desk.app, [lambda: close(0), lambda: close(1)])
    assert sum(result == "closed" for result in results) == 1
    assert sum(isinstance(result, NotPermitted) for result in results) == 1
    admins = sa.select(sa.func.count()).where(Account.role == "admin", Account.closed_at.is_(None))
    assert desk.session.scalar(admins) == 1 + others


def test_two_administrators_who_close_and_demote_each_other_at_once_leave_one(desk: Desk) -> None:
    pair = [make_account(Role.ADMIN) for _ in range(2)]

    def close() -> str:
        accounts.close_account(id_of(pair[1]), actor=pair[0])
        return "done"

    def demote() -> str:
        accounts.set_role(id_of(pair[0]), Role.MODERATOR, actor=pair[1])
        return "done"

    results = together(desk.app, [close, demote])
    assert sum(result == "done" for result in results) == 1
    assert sum(isinstance(result, NotPermitted) for result in results) == 1
    admins = sa.select(sa.func.count()).where(Account.role == "admin", Account.closed_at.is_(None))
    assert desk.session.scalar(admins) == 1


def test_ending_sign_ins_ends_them_all_and_leaves_the_password(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    account_id = settled(admin)
    tokens = [enter(), enter()]
    accounts.end_sign_ins(account_id, actor=admin)
    assert not any(alive(desk, token) for token in tokens)
    assert alive(desk, enter())


def test_ending_sign_ins_while_the_account_closes_leaves_none(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    account_id = settled(admin)
    enter()

    def end() -> str:
        accounts.end_sign_ins(account_id, actor=admin)
        return "ended"

    def close() -> str:
        accounts.close_account(account_id, actor=admin)
        return "closed"

    ended, closed = together(desk.app, [end, close])
    assert closed == "closed"
    assert ended == "ended" or isinstance(ended, AlreadyClosed)
    assert desk.session.scalar(sa.select(sa.func.count()).where(SignIn.ended_at.is_(None))) == 0


def test_an_administrator_may_end_the_own_sign_ins(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    accounts.end_sign_ins(id_of(admin), actor=admin)
    assert told(desk, id_of(admin)) == [("account.sign_ins_ended", admin.id)]


def test_another_pseudonym_is_drawn_and_sign_ins_go_on(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    account_id = settled(admin)
    token, before = enter(), desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == account_id))
    drawn = accounts.draw_pseudonym(account_id, actor=admin)
    assert drawn.startswith("Reviewer ")
    assert drawn != before
    assert desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == account_id)) == drawn
    assert alive(desk, token)


def test_two_pseudonyms_drawn_at_once_are_drawn_one_after_the_other(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    account_id = invite(admin)

    def draw() -> str:
        return accounts.draw_pseudonym(account_id, actor=admin)

    drawn = together(desk.app, [draw, draw])
    assert all(isinstance(name, str) for name in drawn)
    assert desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == account_id)) in drawn
    assert [name for name, _who in told(desk, account_id)].count("account.renamed") == 2


def test_a_link_issued_twice_at_once_leaves_one_that_works(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    account_id = invite(admin)

    def issue() -> str:
        return accounts.issue_reset(account_id, actor=admin)

    tokens = together(desk.app, [issue, issue])
    living = sa.select(OneTimeLink.token_digest).where(OneTimeLink.used_at.is_(None))
    assert desk.session.scalars(living).one() in {digest_of(str(token)) for token in tokens}
