"""What holds for factors at this address: the desk's rule, and whether browsers offer passkeys here."""

import ipaddress
from urllib.parse import urlsplit

from flask import current_app, request

from review import clock
from review.actions import attempts
from review.actions.factors import FactorRules
from review.config import Settings
from review.domain.factors import Asked, FactorPolicy
from review.domain.passkeys import Site
from review.domain.permissions import Role
from review.web import guard

WINDOW_SECONDS = 300
MOST_BY_ACCOUNT = 10
FRESH_SECONDS = 600
"""How long after showing a factor one may change one's factors."""


def rules_here() -> FactorRules:
    """The rule for factors, the key, and how long a sign-in lasts."""
    settings = _settings()
    return FactorRules(
        policy=policy_here(),
        secret_key=settings.secret_key,
        lifetime_seconds=settings.session_seconds,
    )


def policy_here() -> FactorPolicy:
    """The desk's rule for factors.

    Where plain HTTP on loopback is allowed and the desk is opened by a number (http://127.0.0.1), browsers
    offer no passkey (Web Authentication, section 5.1.2): there nobody needs one, or a fresh installation
    would lock everybody out.
    """
    settings = _settings()
    waived = settings.insecure_cookies and not passkeys_work_here()
    roles = frozenset() if waived else frozenset(Role(role) for role in settings.passkey_roles)
    return FactorPolicy(asked=Asked(settings.second_factor), passkey_roles=roles)


def passkeys_work_here() -> bool:
    """Whether browsers offer passkeys at this address: a host name, by TLS or on this machine."""
    host = _host()
    if _is_number(host):
        return False
    return _is_this_machine(host) or not _settings().insecure_cookies


def site_here() -> Site:
    """The site that passkeys of this address belong to."""
    host = _host()
    schemes = ("https", "http") if _is_this_machine(host) else ("https",)
    return Site(host=host, origins=tuple(f"{scheme}://{request.host}" for scheme in schemes))


def count_showing(account_id: str) -> None:
    """Count an attempt to show a factor; raises `TooManyRequests`."""
    attempts.count_attempt(
        "factor", account_id, at=clock.now(), most=MOST_BY_ACCOUNT, window_seconds=WINDOW_SECONDS
    )


def is_fresh(person: guard.SignedInPerson) -> bool:
    """Whether this person proved a short while ago who they are."""
    if person.confirmed_at is None:
        return False
    return (clock.now() - person.confirmed_at).total_seconds() < FRESH_SECONDS


def caller() -> str:
    """The caller's address, for the trail."""
    return request.remote_addr or "unknown"


def _settings() -> Settings:
    found: Settings = current_app.config["REVIEW_SETTINGS"]
    return found


def _host() -> str:
    return urlsplit("//" + request.host).hostname or ""


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
