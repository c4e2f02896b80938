"""Second factors: whole sign-ins begin only after one, each works once, and every change is on the trail."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import accounts, factors, sign_ins
from review.actions.enrolling import Offered, OfferedTotp
from review.actions.showing import Shown
from review.domain import totp
from review.domain.factors import Factor, FactorPolicy, Step
from review.domain.keys import digest_of
from review.domain.permissions import ANONYMOUS, OPERATOR, Role
from review.errors import (
    AlreadyExists,
    InvalidInput,
    SignInFailed,
    SignInRequired,
)
from review.models import Opening, RecoveryCode, SignIn
from review.queries.factors import enrolled_of
from tests.authenticator import Authenticator
from tests.conftest import Desk
from tests.factor_desks import (
    ADDRESS,
    REQUIRED,
    enter,
    events_of,
    finish,
    is_alive,
    make_person,
    offer_app,
    offer_passkey,
    rules,
    whole,
)
from tests.threads import together


def enrol(half: str, offered: Offered, policy: FactorPolicy = REQUIRED) -> factors.Begun:
    return factors.enrol_and_sign_in(half, offered, rules=rules(policy), address=ADDRESS, actor=ANONYMOUS)


def test_a_right_password_alone_opens_nothing(desk: Desk) -> None:
    person = make_person(app=True)
    admitted = enter(person.email)
    assert admitted.step is Step.SHOW
    assert not is_alive(admitted.token)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0
    assert events_of(person.account_id)[-1] == "account.half_signed_in"


@pytest.mark.parametrize("way", ["totp", "recovery", "passkey"])
def test_each_factor_begins_a_sign_in_and_is_on_the_trail(desk: Desk, way: str) -> None:
    person = make_person(app=True, key=True)
    half = person.half()
    shown: Shown = getattr(person, way)()
    begun = finish(half, shown)
    assert is_alive(begun.token)
    row = desk.session.execute(sa.select(SignIn.factor, SignIn.confirmed_at)).one()
    assert (row.factor, row.confirmed_at is not None) == (shown.kind, True)
    names = events_of(person.account_id)
    assert ("recovery_code.used" in names) == (way == "recovery")
    assert "account.signed_in" in names[-2:]
    envelope = desk.session.scalar(
        sa.select(Opening.envelope).where(Opening.event_type == "account.signed_in")
    )
    assert f'"factor":"{shown.kind}"'.encode() in (envelope or b"")


@pytest.mark.parametrize("way", ["totp", "recovery", "passkey"])
def test_nothing_that_was_shown_works_twice(desk: Desk, way: str) -> None:
    person = make_person(app=True, key=True)
    shown: Shown = getattr(person, way)()
    assert finish(person.half(), shown).token
    with pytest.raises(SignInFailed):
        finish(person.half(), shown)
    assert events_of(person.account_id)[-1] == "account.sign_in_failed"


def test_every_wrong_factor_gets_the_same_answer_and_is_on_the_trail(desk: Desk) -> None:
    person, other = make_person(app=True, key=True), make_person(Role.LEAD, app=True, key=True)
    sentences = set()
    wrong = [
        Shown(Factor.TOTP, "000000"),
        Shown(Factor.TOTP, ""),
        Shown(Factor.TOTP, person.code(-2)),
        other.totp(),
        other.recovery(),
        other.passkey(),
        Shown(Factor.RECOVERY_CODE, "nothing"),
        Shown(Factor.PASSKEY, "{}"),
        replace(person.passkey(), challenge=b"another"),
    ]
    half = person.half()
    for shown in wrong:
        with pytest.raises(SignInFailed) as failed:
            finish(half, shown)
        sentences.add(failed.value.detail)
    assert len(sentences) == 1
    assert events_of(person.account_id).count("account.sign_in_failed") == len(wrong)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0
    assert finish(half, person.totp()).token, "the half sign-in is still there for the right one"


def test_a_code_is_judged_by_the_servers_clock_one_step_around(desk: Desk) -> None:
    person = make_person(app=True)
    start = clock.now() + timedelta(hours=1)
    with time_machine.travel(start, tick=False):
        early, late = person.totp(-2), person.totp(2)
        half = person.half()
        for shown in (early, late):
            with pytest.raises(SignInFailed):
                finish(half, shown)
        assert finish(half, person.totp(1)).token
        with pytest.raises(SignInFailed):
            finish(person.half(), person.totp(0))  # older than the one that was used


def test_a_half_sign_in_lives_for_minutes_and_ends_when_used(desk: Desk) -> None:
    person = make_person(app=True)
    start = clock.now()
    with time_machine.travel(start, tick=False):
        half = person.half()
    with time_machine.travel(start + timedelta(seconds=300), tick=False), pytest.raises(SignInRequired):
        finish(half, person.totp())
    half = person.half()
    assert finish(half, person.totp()).token
    with pytest.raises(SignInRequired):
        finish(half, person.recovery())


@pytest.mark.parametrize("change", ["closed", "password", "others ended", "reset"])
def test_a_half_sign_in_dies_with_what_it_stands_on(desk: Desk, change: str) -> None:
    person = make_person(app=True)
    half = person.half()
    shown = person.totp()
    if change == "closed":
        accounts.close_account(person.account_id, actor=OPERATOR)
    elif change == "password":
        link = accounts.issue_reset(person.account_id, actor=OPERATOR)
        accounts.redeem_link(link, "a quite different password", actor=ANONYMOUS)
    elif change == "reset":
        factors.reset_factors(person.account_id, actor=OPERATOR)
    else:
        sign_ins.end_other_sign_ins(digest_of(whole(person)), actor=person.actor)
    with pytest.raises(SignInRequired):
        finish(half, shown)


def test_one_code_at_two_doors_opens_one(desk: Desk) -> None:
    person = make_person(app=True)
    halves, shown = [person.half(), person.half()], person.totp()
    results = together(desk.app, [lambda half=half: finish(half, shown) for half in halves])  # type: ignore[misc]
    assert sorted(type(result).__name__ for result in results) == ["Begun", "SignInFailed"]
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 1


def test_two_factors_at_one_half_sign_in_open_one_and_use_up_one(desk: Desk) -> None:
    person = make_person(app=True)
    half = person.half()
    calls = [lambda: finish(half, person.totp()), lambda: finish(half, person.recovery())]
    results = together(desk.app, calls)
    assert sorted(type(result).__name__ for result in results) == ["Begun", "SignInRequired"]
    used = desk.session.scalar(
        sa.select(sa.func.count()).select_from(RecoveryCode).where(RecoveryCode.used_at.is_not(None))
    )
    assert used == events_of(person.account_id).count("recovery_code.used")


def test_the_first_factor_is_enrolled_before_the_first_page(desk: Desk) -> None:
    person = make_person()
    admitted = enter(person.email)
    assert admitted.step is Step.ENROL
    half = digest_of(admitted.token)
    offered = offer_app()
    for code in ("000000", "", totp.code_at(offered.secret, totp.step_of(clock.now()) - 2)):
        with pytest.raises(InvalidInput):
            enrol(half, OfferedTotp(offered.secret, code))
    begun = enrol(half, offered)
    assert is_alive(begun.token)
    assert len(begun.codes) == 10
    assert enrolled_of(desk.session, person.account_id).recovery_codes == 10
    told = sorted(events_of(person.account_id)[1:])
    assert told == ["account.signed_in", "factor.enrolled", "recovery_codes.issued"]
    with pytest.raises(SignInFailed):
        finish(person.half(), Shown(Factor.TOTP, offered.code))  # the code that enrolled it is used


def test_nobody_adds_a_factor_past_the_one_that_is_there(desk: Desk) -> None:
    person = make_person(app=True)
    with pytest.raises(AlreadyExists):
        enrol(person.half(), offer_app())
    with pytest.raises(SignInRequired):
        enrol("unknown", offer_app())


def test_two_who_enrol_at_once_make_one_factor(desk: Desk) -> None:
    person = make_person()
    halves = [person.half(), person.half()]
    results = together(desk.app, [lambda half=half: enrol(half, offer_app()) for half in halves])  # type: ignore[misc]
    names = sorted(type(result).__name__ for result in results)
    assert names in (["Begun", "SignInRequired"], ["AlreadyExists", "Begun"])
    assert events_of(person.account_id).count("factor.enrolled") == 1


def test_a_role_that_needs_a_passkey_begins_with_one(desk: Desk) -> None:
    person = make_person(Role.LEGAL)
    half = person.half()
    with pytest.raises(InvalidInput):
        enrol(half, offer_app())
    begun = enrol(half, offer_passkey(Authenticator()))
    assert is_alive(begun.token)
    assert len(begun.codes) == 10


def test_a_role_that_comes_to_need_a_passkey_shows_the_app_and_adds_one(desk: Desk) -> None:
    person = make_person(Role.LEGAL, app=True)
    half = person.half()
    begun = finish(half, person.totp())
    assert begun.token is None
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0
    with pytest.raises(SignInFailed):
        finish(half, person.recovery())  # one step after the other
    with pytest.raises(InvalidInput):
        enrol(half, offer_app())
    begun = enrol(half, offer_passkey(Authenticator()))
    assert is_alive(begun.token)
    assert begun.codes == (), "the codes that are there stay good"
    with pytest.raises(SignInFailed):
        finish(person.half(), person.totp(1))


def test_nobody_adds_a_passkey_before_showing_what_is_there(desk: Desk) -> None:
    person = make_person(Role.LEGAL, app=True)
    with pytest.raises(AlreadyExists):
        enrol(person.half(), offer_passkey(Authenticator()))
