"""What stands in the head of every page: the places of a role, and who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from flask_login import current_user

from review.domain.permissions import Permission, Role, can
from review.web import guard
from review.web.marked import N_
from review.web.texts import gettext

blueprint = Blueprint("signin_navigation", __name__)

_WORK = ((N_("Queue"), "/queue"), (N_("My work"), "/my-work"), (N_("Search"), "/search"))
_NUMBERS = (N_("Numbers"), "/numbers")
_RESTRICTIONS = (N_("Restrictions"), "/restrictions")
_QUALITY = ((N_("Agreement"), "/agreement"), (N_("Quality"), "/quality"))
KEYS = {"/queue": "g q", "/my-work": "g m", "/search": "g s"}
"""The keys that lead to places of people who review (`review.domain.shortcuts`)."""
PLACES: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.MODERATOR: _WORK,
    Role.LEAD: (
        *_WORK,
        (N_("E-mail"), "/emailed"),
        (N_("Complaints"), "/complaints"),
        _RESTRICTIONS,
        (N_("Team"), "/team"),
        _NUMBERS,
        *_QUALITY,
    ),
    Role.LEGAL: (
        (N_("Records"), "/records"),
        (N_("Escalations"), "/escalations"),
        _RESTRICTIONS,
        (N_("Trail"), "/trail"),
        (N_("Clauses"), "/admin/clauses"),
        (N_("Senders"), "/senders"),
        (N_("Retention"), "/retention"),
        _NUMBERS,
        *_QUALITY,
    ),
    Role.ADMIN: (
        (N_("Health"), "/admin"),
        (N_("Accounts"), "/admin/accounts"),
        (N_("Senders"), "/admin/senders"),
        (N_("Clauses"), "/admin/clauses"),
        (N_("Settings"), "/admin/settings"),
        (N_("Permissions"), "/admin/permissions"),
        (N_("Erasures"), "/erasures"),
        _NUMBERS,
    ),
    Role.SENDER: (
        (N_("Overview"), "/sender"),
        (N_("Referrals"), "/sender/referrals"),
        (N_("Files"), "/sender/batches"),
        (N_("API keys"), "/sender/keys"),
        (N_("Endpoints"), "/sender/endpoints"),
    ),
}


BELOW: Mapping[str, tuple[str, ...]] = {
    "/sender/endpoints": ("/sender/deliveries", "/sender/notices"),
    "/retention": ("/holds", "/erasures"),
    "/erasures": ("/holds",),
}
"""What belongs to a place by its subject and not by its address."""


@dataclass(frozen=True)
class Place:
    """One entry of the navigation, with the key that leads there if there is one."""

    label: str
    address: str
    current: bool
    key: str = ""


@dataclass(frozen=True)
class Viewer:
    """Who is signed in, as the head of the page shows it."""

    role: str
    pseudonym: str


def home_of(role: Role | None) -> str:
    """The first page of a role; without one the page to sign in."""
    return PLACES[role][0][1] if role is not None else "/sign-in"


def _is_below(address: str) -> bool:
    places = (address, *BELOW.get(address, ()))
    return any(f"{request.path}/".startswith(f"{place}/") for place in places)


@blueprint.app_context_processor
def head_of_page() -> dict[str, Any]:
    """Navigation, viewer and sign-out for a person whom the guard has found; else nothing.

    Asks the guard's actor first, so that a page about a broken database does not ask the database again.
    """
    actor = guard.actor()
    if actor.kind != "account" or actor.role is None:
        return {}
    # the innermost: /admin/accounts lies below /admin, which is a place as well
    inside = [address for _label, address in PLACES[actor.role] if _is_below(address)]
    here = max(inside, key=len, default="")
    places = tuple(
        Place(gettext(label), address, current=address == here, key=KEYS.get(address, ""))
        for label, address in PLACES[actor.role]
    )
    return {
        "navigation": places,
        "viewer": Viewer(role=actor.role, pseudonym=current_user.pseudonym),
        "sign_out_address": "/sign-out",
        "signed_in_until": current_user.ends_at,
        "reviews": can(actor, Permission.WORK_QUEUE),
    }
