"""Who may read the desk's own figures: this machine, a holder of the token, an administrator."""

import hmac
import ipaddress

from flask import current_app, request
from flask_login import current_user

from review.domain.permissions import Permission, can

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def is_insider() -> bool:
    """Whether detail may be shown to whoever asks.

    A request that came through a proxy names another address in a header and is never of this machine,
    whatever address it names; so no header can fake nearness, and none that is missing grants it to the
    world behind a proxy that sends one.
    """
    token = current_app.config["REVIEW_SETTINGS"].metrics_token
    given = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    if _is_near():
        return True
    return bool(current_user.is_authenticated) and can(current_user.actor, Permission.SEE_HEALTH)


def _is_near() -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
