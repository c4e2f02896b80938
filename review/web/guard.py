"""Default deny: who is asking, may they, and the headers that every answer carries."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, redirect, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user
from itsdangerous import Serializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

from review import clock, db
from review.actions import accounts as account_actions
from review.actions import senders as sender_actions
from review.domain.keys import state_of
from review.domain.permissions import ANONYMOUS, Actor, Permission, Role, Scope, check_permission
from review.errors import (
    BadRequest,
    DatabaseBusy,
    FormExpired,
    KeyNotValid,
    KeyRequired,
    MethodNotAllowed,
    NotPermitted,
    SignInRequired,
    StorageFull,
)
from review.queries import accounts as account_queries
from review.queries import senders as sender_queries
from review.web import appearance, errors, limits, running
from review.web.form_tokens import FormTokens

View = TypeVar("View", bound=Callable[..., Any])

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SEAL = [(name.lower(), (name, value)) for name, value in (HEADERS | {"Cache-Control": "no-store"}).items()]
TOUCH_SECONDS = 60
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")

_PAGES_AMONG_PROGRAMS = "/api/v1/docs"

form_tokens = FormTokens()


class CookieWriter(URLSafeTimedSerializer):
    """Flask's format of signed cookies, never compressed: ours are short."""

    def dump_payload(self, obj: Any, *_more: Any) -> bytes:
        """The payload that every reader of the format understands."""
        return base64_encode(Serializer.dump_payload(self, obj))


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookies, with the key derived from the secret once instead of at every cookie."""

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says; programs have no session, and none can be written."""
        path = request.path
        if path.startswith(limits.PROGRAMS) and not path.startswith(_PAGES_AMONG_PROGRAMS):
            return None
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer of this application."""
        if self._signer is None and app.secret_key:
            secret = app.secret_key.encode() if isinstance(app.secret_key, str) else app.secret_key
            self._signer = CookieWriter(
                hmac.digest(secret, self.salt.encode(), "sha1"),
                salt=self.salt,
                serializer=self.serializer,
                signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha1},
            )
        return self._signer


class SignedInPerson(UserMixin):
    """What Flask-Login keeps of a person: the sign-in's token, and what the pages show of them.

    ``ends_at`` is when the sign-in ends unless the person does something before.
    """

    def __init__(self, token: str, row: account_queries.SignedIn, *, ends_at: datetime) -> None:
        self.token = token
        self.account_id = row.account_id
        self.pseudonym = row.pseudonym
        self.role = Role(row.role)
        self.ends_at = ends_at
        self.confirmed_at = row.confirmed_at
        self.single_keys = row.single_keys
        self.actor = Actor(
            kind="account",
            id=row.trail_id,
            account_id=row.account_id,
            role=Role(row.role),
            sender_id=row.sender_id,
            session_digest=token_digest(token)[:16],
        )

    def get_id(self) -> str:
        """The random token of this sign-in, never the account's id."""
        return self.token


def token_digest(token: str) -> str:
    """SHA-256 in hex: what is stored of tokens and keys."""
    return hashlib.sha256(token.encode()).hexdigest()


def access(permission: Permission) -> Callable[[View], View]:
    """Declare which permission a view needs; a view without one is refused to everybody."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def takes(most_bytes: int) -> Callable[[View], View]:
    """Declare that a view takes larger bodies than others; asked only of who may use it."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


def unattended(view: View) -> View:
    """Declare that pages ask for a view by themselves: it keeps nobody signed in; nobody goes back to it."""
    view.unattended = True  # type: ignore[attr-defined]
    return view


def _is_unattended() -> bool:
    """Whether nobody asked: a view for pages alone, or a page that says so when it reads itself anew."""
    if request.method == "GET" and "X-Unattended" in request.headers:
        return True
    return getattr(current_app.view_functions.get(request.endpoint or ""), "unattended", False)


def permission_of(app: Flask, endpoint: str) -> Permission | None:
    """The permission that a route declares; stylesheets and pictures are open."""
    if endpoint == "static":
        return Permission.ANYONE
    return getattr(app.view_functions[endpoint], "permission", None)


def actor() -> Actor:
    """Who is asking in this request."""
    found: Actor = g.get("actor", ANONYMOUS)
    return found


def signed_in() -> SignedInPerson | None:
    """Who is signed in, on a page that is for anybody; None for nobody."""
    person = current_user._get_current_object()
    return person if person.is_authenticated else None


def _actor_of_key() -> Actor:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        limits.count_failed_key()
        raise KeyRequired("Send the header Authorization: Bearer <key>.")
    now = clock.now()
    row = sender_queries.key_by_digest(db.session(), token_digest(key.strip()))
    if row is None or state_of(expires_at=row.expires_at, revoked_at=row.revoked_at, at=now) != "in_use":
        limits.count_failed_key()
        raise KeyNotValid("The key is unknown, expired or revoked; ask your contact for a new one.")
    limits.check_key(row)
    if row.last_used_at is None or (now - row.last_used_at).total_seconds() >= TOUCH_SECONDS:
        with suppress(DatabaseBusy, StorageFull):  # a read does not fail because a write is blocked
            sender_actions.touch_key(row.id, at=now)
    return Actor(
        kind="sender",
        id=row.sender_id or "platform",
        sender_id=row.sender_id,
        scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
        key_id=row.id,
    )


def _load_person(token: str) -> SignedInPerson | None:
    """Flask-Login's look-up: the sign-in's row decides, whatever the cookie says.

    Where it cannot be read the request fails, and the page that says so knows nobody: it would ask again.
    """
    if g.get("nobody_known"):
        return None
    now = clock.now()
    settings = current_app.config["REVIEW_SETTINGS"]
    g.nobody_known = True
    row = account_queries.signed_in(
        db.session(), token_digest(token), at=now, idle_seconds=settings.session_idle_seconds
    )
    g.nobody_known = False
    if row is None:
        return None
    used_at = row.last_used_at
    rested = (now - used_at).total_seconds()
    if rested >= min(TOUCH_SECONDS, settings.session_idle_seconds // 3) and not _is_unattended():
        with suppress(DatabaseBusy, StorageFull):
            account_actions.touch_sign_in(token_digest(token), at=now)
            used_at = now
    return signed_in_person(token, row, used_at=used_at)


def signed_in_person(token: str, row: account_queries.SignedIn, *, used_at: datetime) -> SignedInPerson:
    """The person behind a living sign-in that was last used then."""
    idle = timedelta(seconds=current_app.config["REVIEW_SETTINGS"].session_idle_seconds)
    return SignedInPerson(token, row, ends_at=min(row.expires_at, used_at + idle))


def _check_origin() -> None:
    """Refuse unsafe requests that another site caused, beside the token (ASVS 3.5.1 and 3.5.3)."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin != "null" and urlsplit(origin).netloc != request.host
    if site not in ("same-origin", "none") or foreign:
        raise FormExpired("The form came from another site; open the page again and retry.")


def _check_request_line() -> None:
    """Refuse what two programs in a row could read differently: no or two hosts, a method in small letters.

    RFC 9112, section 3.2, demands 400 for the former; methods are case-sensitive (RFC 9110, section 9.1).
    """
    host = request.environ.get("HTTP_HOST", "")
    if _HOST.fullmatch(host) is None and (host or request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1"):
        raise BadRequest("Send one Host header with the name of this service.")
    if request.environ["REQUEST_METHOD"] != request.method:
        raise MethodNotAllowed("Write the method in capital letters.")


def _admit() -> Response | None:
    """Before every request: find the actor, check the declared permission, or deny."""
    request_id = g.request_id = secrets.token_hex(8)
    g.actor = replace(ANONYMOUS, request_id=request_id)
    _check_request_line()
    limits.check_address()
    endpoint = request.endpoint
    if endpoint is None:
        return None
    permission = permission_of(current_app, endpoint)
    if permission is None:
        raise NotPermitted("This address declares no permission and is closed.")
    if permission is Permission.ANYONE:
        return None
    running.refresh()
    if errors.wants_problem():
        found = _actor_of_key()
    else:
        person = current_user._get_current_object()
        if not person.is_authenticated:
            return _to_sign_in()
        found = person.actor
        appearance.follow(person.single_keys)
    known = g.actor = replace(found, request_id=request_id)
    check_permission(known, permission)
    request.max_content_length = getattr(
        current_app.view_functions[endpoint], "most_bytes", request.max_content_length
    )
    return None


def _to_sign_in() -> Response:
    if request.method != "GET" or _is_unattended():
        raise SignInRequired("Your sign-in has ended; sign in again, then retry.")
    session["next"] = request.full_path.rstrip("?")
    return redirect("/sign-in", 303)  # type: ignore[return-value]


def _protect_form() -> None:
    """Token and origin of every unsafe request that carries a cookie rather than a key."""
    if request.method in ("POST", "PUT", "PATCH", "DELETE") and not errors.wants_problem():
        _check_origin()
        form_tokens.protect()


def sealed(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer with those that every answer carries; a page's own word goes before."""
    present = {name.lower() for name, _value in headers}
    return headers + [pair for name, pair in _SEAL if name not in present]


def register(app: Flask) -> None:
    """Put the guard before every route of the application."""
    app.session_interface = Sessions()
    running.register(app)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    # it would demand the Referer that our own policy keeps browsers from sending; _check_origin stands in
    app.config["WTF_CSRF_SSL_STRICT"] = False
    form_tokens.init_app(app)
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load_person)
    app.before_request(_admit)
    app.before_request(_protect_form)
