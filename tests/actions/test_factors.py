"""Second factors: whole sign-ins begin only after one, each works once, and every change is on the trail."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import accounts, factors, sign_ins
from review.actions.enrolling import MOST_PASSKEYS, Offered, OfferedTotp
from review.actions.showing import Shown
from review.domain import totp
from review.domain.factors import Asked, Factor, FactorPolicy, Step
from review.domain.keys import digest_of
from review.domain.permissions import ANONYMOUS, OPERATOR, Role
from review.errors import (
    AlreadyClosed,
    AlreadyExists,
    InvalidInput,
    NotFound,
    NotPermitted,
    SignInFailed,
    SignInRequired,
)
from review.models import Opening, RecoveryCode, SignIn, TotpFactor
from review.queries.factors import enrolled_of
from tests.authenticator import Authenticator
from tests.conftest import Desk
from tests.factor_desks import (
    ADDRESS,
    KEY,
    PASSWORD,
    REQUIRED,
    Person,
    enter,
    events_of,
    give_app,
    give_passkey,
    is_alive,
    make_person,
    offer_passkey,
    rules,
)
from tests.factories import make_account
from tests.threads import together


def finish(half: str, shown: Shown, policy: FactorPolicy = REQUIRED) -> factors.Begun:
    return factors.finish_sign_in(half, shown, rules=rules(policy), address=ADDRESS, actor=ANONYMOUS)


def enrol(half: str, offered: Offered, policy: FactorPolicy = REQUIRED) -> factors.Begun:
    return factors.enrol_and_sign_in(half, offered, rules=rules(policy), address=ADDRESS, actor=ANONYMOUS)


def offer_app(steps: int = 0) -> OfferedTotp:
    secret = totp.new_secret()
    return OfferedTotp(secret, totp.code_at(secret, totp.step_of(clock.now()) + steps))


def whole(person: Person) -> str:
    """Token of a whole sign-in, past the factor."""
    admitted = enter(person.email, policy=FactorPolicy(Asked.OFF))
    return admitted.token


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


def test_secrets_and_codes_are_not_in_the_database_as_they_are(desk: Desk) -> None:
    person = make_person(app=True)
    sealed = desk.session.scalar(sa.select(TotpFactor.sealed_secret)) or b""
    assert person.secret.encode() not in sealed
    digests = set(desk.session.scalars(sa.select(RecoveryCode.digest)))
    assert len(digests) == 10
    assert not digests & set(person.codes)


def test_another_app_takes_the_place_of_the_one_before(desk: Desk) -> None:
    person = make_person(app=True)
    old, codes = person.totp(1), person.codes
    give_app(person)
    assert person.codes == codes, "recovery codes stay"
    half = person.half()
    with pytest.raises(SignInFailed):
        finish(half, old)
    assert finish(half, person.totp()).token
    assert events_of(person.account_id).count("factor.enrolled") == 2


def test_passkeys_are_named_limited_and_never_shared(desk: Desk) -> None:
    person, other = make_person(key=True), make_person(Role.LEAD)
    assert person.key is not None
    with pytest.raises(AlreadyExists):
        factors.add_factor(offer_passkey(person.key), secret_key=KEY, actor=other.actor)
    for label in ("", "  ", "x" * 81, "bell\x07"):
        with pytest.raises(InvalidInput):
            factors.add_factor(
                offer_passkey(Authenticator(), label=label), secret_key=KEY, actor=person.actor
            )
    for _number in range(MOST_PASSKEYS - 1):
        factors.add_factor(offer_passkey(Authenticator()), secret_key=KEY, actor=person.actor)
    with pytest.raises(InvalidInput):
        factors.add_factor(offer_passkey(Authenticator()), secret_key=KEY, actor=person.actor)


def test_only_a_person_changes_their_own_factors(desk: Desk) -> None:
    for actor in (ANONYMOUS, OPERATOR):
        with pytest.raises(NotPermitted):
            factors.add_factor(offer_app(), secret_key=KEY, actor=actor)
        with pytest.raises(NotPermitted):
            factors.remove_factor(None, policy=REQUIRED, actor=actor)
        with pytest.raises(NotPermitted):
            factors.issue_recovery_codes(secret_key=KEY, actor=actor)


def test_a_factor_is_removed_unless_the_desk_asks_for_it(desk: Desk) -> None:
    person, other = make_person(app=True, key=True), make_person(Role.LEAD, key=True)
    own, foreign = _passkey_id(person), _passkey_id(other)
    with pytest.raises(NotFound):
        factors.remove_factor(foreign, policy=REQUIRED, actor=person.actor)
    factors.remove_factor(own, policy=REQUIRED, actor=person.actor)
    with pytest.raises(NotFound):
        factors.remove_factor(own, policy=REQUIRED, actor=person.actor)
    with pytest.raises(SignInFailed):
        finish(person.half(), person.passkey())
    with pytest.raises(InvalidInput):
        factors.remove_factor(None, policy=REQUIRED, actor=person.actor)
    assert finish(person.half(), person.totp()).token, "the refusal removed nothing"
    factors.remove_factor(None, policy=FactorPolicy(Asked.OPTIONAL), actor=person.actor)
    left = enrolled_of(desk.session, person.account_id)
    assert (left.any, left.recovery_codes) == (False, 0)
    assert events_of(person.account_id).count("factor.removed") == 2


def _passkey_id(person: Person) -> str:
    found = db.session().scalar(
        sa.text("SELECT id FROM passkeys WHERE account_id = :id AND removed_at IS NULL"),
        {"id": person.account_id},
    )
    return str(found)


def test_two_who_remove_at_once_leave_one_factor(desk: Desk) -> None:
    person = make_person(app=True, key=True)
    passkey_id = _passkey_id(person)

    def remove(which: str | None) -> str:
        factors.remove_factor(which, policy=REQUIRED, actor=person.actor)
        return "removed"

    results = together(desk.app, [lambda: remove(None), lambda: remove(passkey_id)])
    assert sorted(type(result).__name__ for result in results) == ["InvalidInput", "str"]
    assert enrolled_of(desk.session, person.account_id).any


def test_new_recovery_codes_end_the_earlier_ones(desk: Desk) -> None:
    person = make_person(app=True)
    old = person.recovery()
    person.codes = factors.issue_recovery_codes(secret_key=KEY, actor=person.actor)
    assert events_of(person.account_id)[-1] == "recovery_codes.issued"
    half = person.half()
    with pytest.raises(SignInFailed):
        finish(half, old)
    assert finish(half, person.recovery(3)).token
    assert enrolled_of(desk.session, person.account_id).recovery_codes == 9
    with pytest.raises(InvalidInput):
        factors.issue_recovery_codes(secret_key=KEY, actor=make_person(Role.LEAD).actor)


def test_a_factor_shown_again_renews_the_confirmation(desk: Desk) -> None:
    person = make_person(app=True)
    digest = digest_of(whole(person))
    before = desk.session.scalar(sa.select(SignIn.confirmed_at))
    factors.confirm(digest, person.totp(), rules=rules(), address=ADDRESS, actor=person.actor)
    after = desk.session.scalar(sa.select(SignIn.confirmed_at))
    assert before is not None
    assert after is not None
    assert after > before
    assert events_of(person.account_id)[-1] == "account.confirmed"
    with pytest.raises(SignInFailed):
        factors.confirm(digest, person.totp(), rules=rules(), address=ADDRESS, actor=person.actor)
    with pytest.raises(SignInRequired):
        factors.confirm("unknown", person.recovery(), rules=rules(), address=ADDRESS, actor=person.actor)
    assert enrolled_of(desk.session, person.account_id).recovery_codes == 10, "a refusal uses nothing up"


def test_the_password_confirms_only_where_there_is_no_factor(desk: Desk) -> None:
    person = make_person()
    digest = digest_of(whole(person))
    factors.confirm_by_password(digest, PASSWORD, address=ADDRESS, actor=person.actor)
    assert events_of(person.account_id)[-1] == "account.confirmed"
    with pytest.raises(SignInFailed):
        factors.confirm_by_password(digest, "wrong", address=ADDRESS, actor=person.actor)
    give_app(person)
    with pytest.raises(SignInFailed):
        factors.confirm_by_password(digest, PASSWORD, address=ADDRESS, actor=person.actor)


def test_a_reset_takes_everything_and_is_on_the_trail(desk: Desk) -> None:
    admin, person = make_account(Role.ADMIN), make_person(app=True, key=True)
    token = finish(person.half(), person.totp()).token
    factors.reset_factors(person.account_id, actor=admin)
    assert not is_alive(token)
    assert enrolled_of(desk.session, person.account_id) == enrolled_of(desk.session, "nobody")
    assert events_of(person.account_id)[-1] == "factor.reset"
    assert enter(person.email).step is Step.ENROL


def test_nobody_resets_themselves_and_only_administrators_others(desk: Desk) -> None:
    person = make_person(Role.ADMIN, app=True)
    with pytest.raises(InvalidInput):
        factors.reset_factors(person.account_id, actor=person.actor)
    for actor in (ANONYMOUS, make_account(Role.LEGAL), make_account(Role.LEAD)):
        with pytest.raises(NotPermitted):
            factors.reset_factors(person.account_id, actor=actor)
    assert enrolled_of(desk.session, person.account_id).any
    factors.reset_factors(person.account_id, actor=OPERATOR)


def test_there_is_nothing_to_reset_twice_or_where_nobody_is(desk: Desk) -> None:
    person = make_person(app=True)

    def reset() -> str:
        factors.reset_factors(person.account_id, actor=OPERATOR)
        return "reset"

    results = together(desk.app, [reset, reset])
    assert sorted(type(result).__name__ for result in results) == ["InvalidInput", "str"]
    with pytest.raises(NotFound):
        factors.reset_factors("A-unknown", actor=OPERATOR)
    give_passkey(person)
    accounts.close_account(person.account_id, actor=OPERATOR)
    with pytest.raises(AlreadyClosed):
        factors.reset_factors(person.account_id, actor=OPERATOR)


def test_ending_all_other_sign_ins_leaves_this_one(desk: Desk) -> None:
    person = make_person(app=True)
    here, others = whole(person), [whole(person), whole(person)]
    assert sign_ins.end_other_sign_ins(digest_of(here), actor=person.actor) == 2
    assert is_alive(here)
    assert not any(is_alive(token) for token in others)
    assert events_of(person.account_id)[-1] == "account.signed_out"
    with pytest.raises(SignInRequired):
        sign_ins.end_other_sign_ins(digest_of(others[0]), actor=person.actor)
    with pytest.raises(SignInRequired):
        sign_ins.end_other_sign_ins(digest_of(here), actor=make_account(Role.ADMIN))
    assert is_alive(here)
