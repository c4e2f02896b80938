"""One's own factors: added, removed and confirmed by their owner, reset by others, all on the trail."""

import pytest
import sqlalchemy as sa

from review import db
from review.actions import accounts, factors, sign_ins
from review.actions.enrolling import MOST_PASSKEYS
from review.domain.factors import Asked, FactorPolicy, Step
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
from review.models import RecoveryCode, SignIn, TotpFactor
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
    finish,
    give_app,
    give_passkey,
    is_alive,
    make_person,
    offer_app,
    offer_passkey,
    rules,
    whole,
)
from tests.factories import make_account
from tests.threads import together


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
