"""Who may act: commands and holders of a permission, and nobody on the own access."""

import pytest

from review.domain.permissions import (
    ANONYMOUS,
    GRANTS,
    OPERATOR,
    SERVICE,
    Actor,
    Permission,
    Role,
    Scope,
    check_not_own_account,
    check_operator_or,
    is_own_account,
)
from review.errors import NotPermitted


def person(role: Role) -> Actor:
    return Actor(kind="account", id="person-1", account_id="A-1", role=role)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_person_acts_by_permission_and_a_command_always(permission: Permission, role: Role) -> None:
    check_operator_or(OPERATOR, permission)
    grant = GRANTS[permission]
    if grant.anyone or role in grant.roles:
        check_operator_or(person(role), permission)
    else:
        with pytest.raises(NotPermitted):
            check_operator_or(person(role), permission)


def test_loops_keys_and_strangers_do_not_manage_accounts() -> None:
    key = Actor(kind="sender", id="S-1", sender_id="S-1", scopes=frozenset(Scope))
    for actor in (SERVICE, ANONYMOUS, key):
        with pytest.raises(NotPermitted):
            check_operator_or(actor, Permission.MANAGE_ACCOUNTS)


def test_nobody_changes_the_own_access_but_a_command_changes_any() -> None:
    admin = person(Role.ADMIN)
    assert is_own_account(admin, "A-1")
    assert not is_own_account(admin, "A-2")
    with pytest.raises(NotPermitted, match="another administrator"):
        check_not_own_account(admin, "A-1")
    check_not_own_account(admin, "A-2")
    check_not_own_account(OPERATOR, "A-1")
