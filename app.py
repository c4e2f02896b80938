"""The application: settings -> database -> guard -> pages -> errors -> commands. Knows all parts."""

# ruff: noqa: E402

import gc

gc.disable()  # what is read here is kept: looking through it for garbage was a quarter of every start

import json
from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from flask.helpers import get_debug_flag
from werkzeug.middleware.proxy_fix import ProxyFix

from review import cli, db, logs
from review.config import Settings, read_settings
from review.demo import tampering
from review.domain.appearance import Appearance, zone_named
from review.domain.locations import Hosts
from review.errors import SettingsError
from review.formats.policy_files import read_policy
from review.web import (
    admin,
    admission,
    api,
    errors,
    guard,
    legal,
    moderator,
    observing,
    presentation,
    public,
    refusing,
    sender,
    signin,
)

gc.enable()

LARGEST_BODY = 16 * 1024 * 1024
LARGEST_FORM = 1024 * 1024


class Desk(Flask):
    """Flask without its question, at every step of a request, whether a function is asynchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Every function as it is: the desk has no asynchronous ones."""
        return func


class StartRefused(SettingsError, click.ClickException):
    """A setting that stops the start; the `flask` command prints it as one line and exits 2."""

    exit_code = 2


def create_app(settings: Settings | None = None) -> Flask:
    """Build the desk; settings come from the environment unless given. Raises `StartRefused`."""
    try:
        if get_debug_flag():
            raise SettingsError("Debug mode is on: unset FLASK_DEBUG, it shows internals to visitors.")
        settings = settings or read_settings()
        appearance = _standard_appearance(settings)
        hosts = Hosts.parse(settings.hosts)
        witnesses = read_policy(settings.witness_policy)
    except SettingsError as error:
        raise StartRefused(error.detail) from None
    except ValueError as error:
        raise StartRefused(f"REVIEW_HOSTS: {error}.") from None
    logs.configure()
    app = Desk("review", template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        REVIEW_SETTINGS=settings,
        REVIEW_HOSTS=hosts,
        REVIEW_APPEARANCE=appearance,
        REVIEW_WITNESSES=witnesses,
        REVIEW_DEMO=settings.demo,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=500,
        SESSION_COOKIE_NAME="review" if settings.insecure_cookies else "__Host-review",
        SESSION_COOKIE_SECURE=not settings.insecure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    admission.register(app)
    db.connect_app(app, settings)
    observing.register(app)
    guard.register(app)
    presentation.register(app)
    for audience in (api, moderator, sender, legal, admin, public, signin):
        for blueprint in audience.blueprints:
            app.register_blueprint(blueprint)
    errors.register(app)
    refusing.register(app)
    cli.register(app)
    return app


def _standard_appearance(settings: Settings) -> Appearance:
    """How pages look for people who have not chosen; refuses a time zone that is not on offer."""
    try:
        return Appearance(zone=zone_named(settings.time_zone))
    except ValueError as error:
        raise SettingsError(f"REVIEW_TIME_ZONE: {error}.") from None


def create_checked_app() -> Flask:
    """The desk for any WSGI server: refuses with one line what `flask serve` would refuse."""
    app = create_app()
    cli.server.check_start(app)
    return app


def create_demo_app() -> Flask:
    """The desk of `flask demo`: settings from its environment, accounts from the file beside its data."""
    settings = read_settings(demo=True)
    app = create_app(settings)
    app.register_blueprint(tampering.blueprint)
    app.config["REVIEW_DEMO_ACCOUNTS"] = json.loads((settings.data_dir / "demo-accounts.json").read_text())
    return app
