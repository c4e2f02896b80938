"""What a person is shown for a short time only, kept sealed in their own cookie and nowhere else."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from flask import current_app, session

from review import clock
from review.domain.sealing import open_sealed, seal

KEPT_SECONDS = 900
_PURPOSE = "kept-in-cookie"


def keep(name: str, text: str, *, belongs_to: str) -> None:
    """Keep a text for one account for a quarter of an hour."""
    written = json.dumps([int(clock.now().timestamp()), text]).encode()
    sealed = seal(written, secret_key=_key(), purpose=_PURPOSE, belongs_to=f"{name} {belongs_to}")
    session[name] = urlsafe_b64encode(sealed).decode()


def kept(name: str, *, belongs_to: str) -> str | None:
    """The text that was kept for this account, or None."""
    try:
        sealed = urlsafe_b64decode(str(session.get(name, "")))
    except ValueError:
        return None
    opened = open_sealed(sealed, secret_key=_key(), purpose=_PURPOSE, belongs_to=f"{name} {belongs_to}")
    if opened is None:
        return None
    kept_at, text = json.loads(opened)
    return str(text) if clock.now().timestamp() - kept_at < KEPT_SECONDS else None


def forget(name: str) -> None:
    """Keep it no longer."""
    session.pop(name, None)


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])
