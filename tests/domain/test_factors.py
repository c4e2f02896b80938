"""Who must show what: the rule for every role, setting and set of factors."""

import itertools

import pytest

from review import config
from review.domain.factors import Asked, Enrolled, Factor, FactorPolicy, Step
from review.domain.permissions import Role

BY_ROLE = frozenset({Role.LEGAL, Role.ADMIN})
REQUIRED = FactorPolicy(Asked.REQUIRED, BY_ROLE)
NOTHING, APP = Enrolled(), Enrolled(totp=True, recovery_codes=10)
KEY, BOTH = Enrolled(passkeys=1, recovery_codes=10), Enrolled(totp=True, passkeys=1, recovery_codes=10)


def test_the_settings_know_the_roles_and_words_of_the_rule() -> None:
    assert set(config.ROLES) == set(Role)
    assert set(config.SECOND_FACTOR) == set(Asked)


@pytest.mark.parametrize(
    ("asked", "role", "enrolled", "shown", "step"),
    [
        (Asked.OFF, Role.ADMIN, NOTHING, None, Step.DONE),
        (Asked.OFF, Role.ADMIN, APP, None, Step.DONE),
        (Asked.OPTIONAL, Role.ADMIN, NOTHING, None, Step.DONE),
        (Asked.OPTIONAL, Role.ADMIN, APP, None, Step.SHOW),
        (Asked.OPTIONAL, Role.ADMIN, APP, Factor.TOTP, Step.DONE),
        (Asked.REQUIRED, Role.MODERATOR, NOTHING, None, Step.ENROL),
        (Asked.REQUIRED, Role.MODERATOR, APP, None, Step.SHOW),
        (Asked.REQUIRED, Role.MODERATOR, APP, Factor.TOTP, Step.DONE),
        (Asked.REQUIRED, Role.MODERATOR, KEY, None, Step.SHOW),
        (Asked.REQUIRED, Role.LEGAL, NOTHING, None, Step.ENROL),
        (Asked.REQUIRED, Role.LEGAL, APP, None, Step.SHOW),
        (Asked.REQUIRED, Role.LEGAL, APP, Factor.TOTP, Step.ADD_PASSKEY),
        (Asked.REQUIRED, Role.LEGAL, APP, Factor.RECOVERY_CODE, Step.ADD_PASSKEY),
        (Asked.REQUIRED, Role.LEGAL, KEY, Factor.RECOVERY_CODE, Step.DONE),
        (Asked.REQUIRED, Role.LEGAL, BOTH, Factor.PASSKEY, Step.DONE),
    ],
)
def test_what_comes_next(
    asked: Asked, role: Role, enrolled: Enrolled, shown: Factor | None, step: Step
) -> None:
    assert FactorPolicy(asked, BY_ROLE).next_step(role, enrolled, shown=shown) is step


def test_an_app_does_not_stand_in_for_a_passkey_that_is_required() -> None:
    assert REQUIRED.taken(Role.LEGAL, BOTH) == (Factor.PASSKEY, Factor.RECOVERY_CODE)
    assert REQUIRED.taken(Role.MODERATOR, BOTH) == (Factor.PASSKEY, Factor.TOTP, Factor.RECOVERY_CODE)
    assert REQUIRED.taken(Role.LEGAL, APP) == (Factor.TOTP, Factor.RECOVERY_CODE)
    assert REQUIRED.taken(Role.LEGAL, NOTHING) == ()
    assert REQUIRED.taken(Role.LEGAL, Enrolled(recovery_codes=10)) == (), "paper alone is no factor"


def test_one_begins_with_what_the_role_needs() -> None:
    assert REQUIRED.first_factors(Role.ADMIN) == (Factor.PASSKEY,)
    assert REQUIRED.first_factors(Role.SENDER) == (Factor.TOTP, Factor.PASSKEY)
    assert FactorPolicy(Asked.OPTIONAL, BY_ROLE).first_factors(Role.ADMIN)[0] is Factor.TOTP


def test_nobody_removes_what_the_desk_asks_them_for() -> None:
    for role, enrolled, kind in itertools.product(Role, (APP, KEY, BOTH), (Factor.TOTP, Factor.PASSKEY)):
        if (kind is Factor.TOTP and not enrolled.totp) or (kind is Factor.PASSKEY and not enrolled.passkeys):
            continue
        left = Enrolled(
            totp=enrolled.totp and kind is not Factor.TOTP,
            passkeys=enrolled.passkeys - (kind is Factor.PASSKEY),
            recovery_codes=10,
        )
        enough = bool(REQUIRED.taken(role, left)) and (role not in BY_ROLE or left.passkeys > 0)
        if role in BY_ROLE and enrolled == APP:
            continue  # has not what it needs yet
        assert REQUIRED.may_remove(kind, role, enrolled) == enough, (role, enrolled, kind)
        assert FactorPolicy(Asked.OPTIONAL).may_remove(kind, role, enrolled)
