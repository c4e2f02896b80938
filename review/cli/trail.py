"""Commands of the trail: verify it, show and sign its checkpoint."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from review import db
from review.actions import trail as trail_actions
from review.domain.permissions import OPERATOR
from review.errors import ReviewError
from review.queries.witnesses import published_checkpoint

BROKEN = 1
NOT_CHECKED = 2


@click.group("trail")
def trail() -> None:
    """Verify the trail, show and sign its checkpoint."""


def _folder() -> Path:
    folder: Path = current_app.config["REVIEW_SETTINGS"].data_dir
    return folder


@trail.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def verify(*, as_json: bool) -> None:
    """Check every entry; exit 0 intact, 1 broken (names the first bad entry), 2 could not check."""
    try:
        finding = trail_actions.verify_trail(folder=_folder(), actor=OPERATOR).finding
    except (ReviewError, SQLAlchemyError, OSError) as error:
        reason = error.detail if isinstance(error, ReviewError) else "The database or a file cannot be read."
        click.echo(f"The trail could not be checked. {reason}", err=True)
        raise SystemExit(NOT_CHECKED) from error
    if as_json:
        click.echo(json.dumps(asdict(finding)))
    else:
        click.echo(f"{finding.sentence} {finding.detail}".strip())
    if not finding.intact:
        raise SystemExit(BROKEN)


@trail.command("checkpoint")
@click.option("--sign", "sign_now", is_flag=True, help="Sequence what waits and sign it first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def checkpoint(*, sign_now: bool, as_json: bool) -> None:
    """Print the newest signed checkpoint."""
    try:
        if sign_now:
            while trail_actions.sequence_events(actor=OPERATOR) is not None:
                pass
            trail_actions.sign_checkpoint(folder=_folder(), actor=OPERATOR)
        newest = published_checkpoint(db.session())
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    if newest is None:
        raise click.ClickException("No checkpoint is signed yet: run flask trail checkpoint --sign.")
    click.echo(json.dumps({"checkpoint": newest.note}) if as_json else newest.note, nl=as_json)


commands = (trail,)
