"""Signing in and out: one living row per sign-in, the same answer to every failure, all on the trail."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import accounts, sign_ins
from review.domain.factors import Asked, FactorPolicy
from review.domain.keys import digest_of
from review.domain.permissions import ANONYMOUS, OPERATOR, Actor, Role
from review.errors import NotFound, NotPermitted, SignInFailed, SignInRequired
from review.models import Opening, SignIn
from review.queries import accounts as account_queries
from tests.conftest import Desk
from tests.factories import make_account
from tests.threads import together

EMAIL = "jane@desk.example"
PASSWORD = "harbour lantern seventeen"


def create() -> Actor:
    accounts.create_account(
        EMAIL, role=Role.MODERATOR, name="Jane", sender_id=None, password=PASSWORD, actor=OPERATOR
    )
    return person()


def person() -> Actor:
    actor = account_queries.actor_of(db.session(), EMAIL)
    assert actor is not None
    return actor


def enter(email: str = EMAIL, password: str = PASSWORD, *, replaces: str | None = None) -> str:
    return sign_ins.sign_in(
        email,
        password,
        address="192.0.2.1",
        lifetime_seconds=43_200,
        policy=FactorPolicy(Asked.OFF),
        replaces=replaces,
        actor=ANONYMOUS,
    ).token


def alive(desk: Desk, token: str) -> bool:
    found = account_queries.signed_in(desk.session, digest_of(token), at=clock.now(), idle_seconds=1800)
    return found is not None


def events(desk: Desk) -> list[tuple[str, str]]:
    rows = desk.session.execute(
        sa.select(Opening.event_type, Opening.object_id).order_by(Opening.recorded_at)
    )
    return [(row.event_type, row.object_id) for row in rows][1:]


def test_a_sign_in_is_a_new_random_row_and_on_the_trail(desk: Desk) -> None:
    account_id = create().account_id
    first, second = enter(), enter(" JANE@desk.example ")
    assert first != second
    assert len(first) == 43
    assert alive(desk, first)
    assert alive(desk, second)
    assert events(desk) == [("account.signed_in", account_id)] * 2
    assert set(desk.session.scalars(sa.select(SignIn.token_digest))) == {digest_of(first), digest_of(second)}


def test_every_failure_is_the_same_and_on_the_trail(desk: Desk) -> None:
    account_id = create().account_id
    make_account()
    sentences = set()
    for email, password in (
        (EMAIL, "wrong"),
        (EMAIL, PASSWORD + " "),
        (EMAIL, PASSWORD * 20),
        ("nobody@desk.example", PASSWORD),
        ("no address", PASSWORD),
        ("zero\x00@desk.example", PASSWORD),
        ("person1@desk.example", PASSWORD),
        ("", ""),
    ):
        with pytest.raises(SignInFailed) as failed:
            enter(email, password)
        sentences.add((failed.value.detail, str(failed.value.values)))
    assert len(sentences) == 1
    assert events(desk)[:4] == [("account.sign_in_failed", account_id)] * 3 + [
        ("account.sign_in_failed", sign_ins.UNKNOWN)
    ]
    assert len(events(desk)) == 8
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0


def test_signing_in_again_in_one_browser_ends_the_sign_in_before(desk: Desk) -> None:
    create()
    first = enter()
    second = enter(replaces=digest_of(first))
    assert not alive(desk, first)
    assert alive(desk, second)


def test_a_sign_in_dies_when_idle_and_in_any_case_after_its_life(desk: Desk) -> None:
    create()
    start = clock.now()
    with time_machine.travel(start, tick=False):
        token = enter()
        assert alive(desk, token)
    with time_machine.travel(start + timedelta(seconds=1799), tick=False):
        assert alive(desk, token)
    with time_machine.travel(start + timedelta(seconds=1800), tick=False):
        assert not alive(desk, token)
    end = start + timedelta(seconds=43_200)
    accounts.touch_sign_in(digest_of(token), at=end - timedelta(seconds=10))
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert alive(desk, token)
    with time_machine.travel(end, tick=False):
        assert not alive(desk, token)


def test_a_sign_out_kills_its_own_sign_in_and_no_other(desk: Desk) -> None:
    actor = create()
    first, second = enter(), enter()
    sign_ins.sign_out(digest_of(first), actor=actor)
    assert not alive(desk, first)
    assert alive(desk, second)
    assert events(desk)[-1] == ("account.signed_out", actor.account_id)
    for digest in (digest_of(first), "unknown"):
        with pytest.raises(SignInRequired):
            sign_ins.sign_out(digest, actor=actor)
    assert len(events(desk)) == 3


def test_nobody_signs_somebody_else_out(desk: Desk) -> None:
    actor = create()
    token = enter()
    with pytest.raises(NotPermitted):
        sign_ins.sign_out(digest_of(token), actor=ANONYMOUS)
    with pytest.raises(SignInRequired):
        sign_ins.sign_out(digest_of(token), actor=make_account(Role.ADMIN))
    with pytest.raises(SignInRequired):
        sign_ins.sign_out(digest_of(token), actor=replace(actor, account_id="A-other"))
    assert alive(desk, token)


def test_signing_out_twice_at_once_is_one_sign_out(desk: Desk) -> None:
    actor = create()
    token = enter()

    def leave() -> str:
        sign_ins.sign_out(digest_of(token), actor=actor)
        return "out"

    results = together(desk.app, [leave, leave])
    assert sorted(type(result).__name__ for result in results) == ["SignInRequired", "str"]
    assert [name for name, _object in events(desk)].count("account.signed_out") == 1


def test_a_sign_in_that_races_with_the_closing_never_lives(desk: Desk) -> None:
    account_id = create().account_id or ""

    def close() -> str:
        accounts.close_account(account_id, actor=OPERATOR)
        return "closed"

    results = together(desk.app, [close, enter, enter])
    assert results[0] == "closed"
    assert not any(isinstance(result, str) and alive(desk, result) for result in results[1:])


def one_time() -> str:
    """The one-time password of a new account."""
    once = accounts.create_account(
        EMAIL, role=Role.MODERATOR, name="Jane", sender_id=None, password=None, actor=OPERATOR
    ).one_time_password
    assert once is not None
    return once


def living(desk: Desk, token: str) -> bool:
    return account_queries.holder_of_link(desk.session, digest_of(token), at=clock.now()) is not None


def test_a_one_time_password_used_twice_at_once_leaves_one_living_link(desk: Desk) -> None:
    once = one_time()
    results = together(desk.app, [lambda: enter(password=once), lambda: enter(password=once)])
    assert [living(desk, str(result)) for result in results].count(True) == 1


def test_a_one_time_password_is_used_up_only_when_the_new_one_is_set(desk: Desk) -> None:
    once = one_time()
    lost = enter(password=once)  # the answer never came: a crash, a closed window
    link = enter(password=once)
    assert (living(desk, lost), living(desk, link)) == (False, True)
    with pytest.raises(NotFound):
        accounts.redeem_link(lost, "a quite different password", actor=ANONYMOUS)
    accounts.redeem_link(link, "a quite different password", actor=ANONYMOUS)
    with pytest.raises(SignInFailed):
        enter(password=once)
    assert alive(desk, enter(password="a quite different password"))


def test_a_reset_ends_a_one_time_password_and_no_lasting_one(desk: Desk) -> None:
    once = one_time()
    link = accounts.issue_reset(person().account_id or "", actor=OPERATOR)
    with pytest.raises(SignInFailed):
        enter(password=once)
    assert living(desk, link)
    accounts.redeem_link(link, PASSWORD, actor=ANONYMOUS)
    accounts.issue_reset(person().account_id or "", actor=OPERATOR)
    assert alive(desk, enter())
