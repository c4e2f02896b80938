"""The settings that count at this moment: looked up again every two seconds, by each process for itself.

A change on one machine so reaches all of them soon, without a message between them and without a question
at every request.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from review import db
from review.config import Settings, with_changes
from review.domain.locations import Hosts
from review.errors import ReviewError
from review.queries.settings import chosen_texts

FRESH_SECONDS = 2.0
_STATE = "review_running_settings"

log = structlog.get_logger()


@dataclass
class _Running:
    """What the environment says, what was found in its place, and until when that is believed."""

    environment: Settings
    chosen: tuple[tuple[str, str], ...] = ()
    until: float = field(default=0.0)


def register(app: Flask) -> None:
    """Keep what the environment said, before anything takes its place."""
    app.extensions[_STATE] = _Running(app.config["REVIEW_SETTINGS"])


def environment_settings() -> Settings:
    """The settings as they were at the start."""
    state: _Running = current_app.extensions[_STATE]
    return state.environment


def refresh(*, at_once: bool = False) -> None:
    """Let what administrators chose count; where the database does not answer, what counted goes on."""
    state: _Running = current_app.extensions[_STATE]
    now = time.monotonic()
    if now < state.until and not at_once:
        return
    state.until = now + FRESH_SECONDS
    with suppress(SQLAlchemyError, ReviewError):
        chosen = chosen_texts(db.session())
        if chosen != state.chosen:
            _take(state, chosen)


def _take(state: _Running, chosen: tuple[tuple[str, str], ...]) -> None:
    try:
        settings = with_changes(state.environment, dict(chosen))
        hosts = Hosts.parse(settings.hosts)
    except (ReviewError, ValueError):
        log.exception("settings_not_taken")
        return
    state.chosen = chosen
    current_app.config.update(REVIEW_SETTINGS=settings, REVIEW_HOSTS=hosts)
