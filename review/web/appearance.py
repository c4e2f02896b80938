"""The look that the asking person chose: from a cookie, once a request, so that the first paint is right.

Whether single keys act is the person's own, not the machine's: who is signed in has that from the account.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace

from flask import Flask, Response, current_app, has_request_context, request

from review.domain.appearance import LANGUAGE_NAMES, Appearance, read_appearance, zone_named
from review.errors import InvalidInput

COOKIE = "display"
COOKIE_SECONDS = 365 * 86_400

_current: ContextVar[Appearance | None] = ContextVar("appearance", default=None)


def current() -> Appearance:
    """The look of this request: what the cookie says, else the desk's own."""
    found = _current.get()
    if found is None:
        found = _chosen() or standard()
        if has_request_context():
            _current.set(found)
    return found


def follow(single_keys: str | None) -> None:
    """Let keys act as the signed-in person chose, on whatever machine; None leaves what the browser keeps."""
    if single_keys is not None:
        _current.set(replace(current(), single_keys=single_keys))


def take(chosen: Appearance) -> None:
    """Draw the rest of this request in another look than the cookie's."""
    _current.set(chosen)


def chosen_in(form: Mapping[str, str]) -> Appearance:
    """The look that a form asks for; `InvalidInput` for what is not on offer."""
    try:
        return Appearance(
            theme=form.get("theme", ""),
            density=form.get("density", ""),
            text_size=form.get("text_size", ""),
            language=form.get("language", ""),
            zone=zone_named(form.get("zone", "")),
            single_keys=form.get("single_keys", "on"),
        )
    except ValueError:
        raise InvalidInput("This choice is not on offer; open the display page and choose again.") from None


def standard() -> Appearance:
    """The look for whoever has not chosen."""
    found: Appearance = current_app.config.setdefault("REVIEW_APPEARANCE", Appearance())
    return found


def _chosen() -> Appearance | None:
    """What the cookie says; a bad one is ignored."""
    kept = request.cookies.get(COOKIE) if has_request_context() else None
    return read_appearance(kept) if kept else None


def keep(response: Response, chosen: Appearance) -> None:
    """Let the browser keep a choice. Nothing secret and nothing that opens anything stands in it."""
    response.set_cookie(
        COOKIE,
        chosen.written(),
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        path="/",
    )


def language_names() -> tuple[tuple[str, str], ...]:
    """The languages on offer, each with its name in itself."""
    return tuple(LANGUAGE_NAMES.items())


def _forget(_error: BaseException | None) -> None:
    _current.set(None)


def install(app: Flask) -> None:
    """Forget the look with the request, because threads serve many."""
    app.teardown_request(_forget)
