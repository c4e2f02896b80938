"""The permission matrix: which role may do what, drawn from the table that the guard itself asks."""

from dataclasses import dataclass

from flask import Blueprint, render_template

from review.domain.permissions import GRANTS, Permission, Role
from review.web import guard
from review.web.texts import gettext

blueprint = Blueprint("admin_permissions", __name__)

ROLES = tuple(Role)


@dataclass(frozen=True)
class Right:
    """One line of the matrix: what may be done, by which of the roles in order, and by which API keys."""

    code: str
    sentence: str
    held: tuple[bool, ...]
    scopes: tuple[str, ...]


@blueprint.get("/admin/permissions")
@guard.access(Permission.MANAGE_ACCOUNTS)
def page() -> str:
    """All permissions that somebody needs an account or a key for."""
    return render_template(
        "admin/permissions.html",
        roles=[role.value for role in ROLES],
        rights=[
            Right(
                permission.value,
                gettext(grant.sentence),
                tuple(role in grant.roles for role in ROLES),
                tuple(sorted(grant.scopes)),
            )
            for permission, grant in GRANTS.items()
            if not grant.anyone
        ],
    )
