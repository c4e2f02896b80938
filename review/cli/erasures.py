"""Commands of erasures: carry out again what an older backup brought back, and write the database anew."""

import json

import click
from flask import current_app
from flask.cli import with_appcontext

from review import compacting, db
from review.actions.erasures import replay_erasures
from review.config import Settings
from review.domain.permissions import OPERATOR
from review.errors import ReviewError
from review.models.erasure_journal import read_journal
from review.models.evidence_files import drop_evidence, dropping
from review.models.roles import may_rewrite
from review.queries.erasures import erased_digests, executed_ids


@click.group("erasure")
def erasure() -> None:
    """Carry erasures out again after a restore; write the database anew without what was erased."""


def replay_missing(settings: Settings, *, files: bool = False) -> int:
    """Carry out what the journal knows as erased and the database does not; how many.

    Files go again as well: always where something was carried out, else where ``files`` asks for it.
    Leaves no connection open, because servers fork afterwards.
    """
    entries = read_journal(settings.erasure_journal)
    if not entries:
        return 0
    try:
        known = executed_ids(db.session())
        done = replay_erasures([one for one in entries if one.id not in known], actor=OPERATOR)
        if done or files:
            db.session().rollback()
            with dropping(settings.data_dir):
                for digest in erased_digests(db.session()):
                    drop_evidence(settings.data_dir, digest)
        return done
    finally:
        db.session().close()
        db.extension.engine.dispose()


@erasure.command("replay")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def replay(*, as_json: bool) -> None:
    """After a restore: erase again what the journal outside the database lists; `serve` does it too."""
    try:
        done = replay_missing(current_app.config["REVIEW_SETTINGS"], files=True)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    click.echo(json.dumps({"erased_again": done}) if as_json else f"Erased again: {done}.")


@erasure.command("vacuum")
@with_appcontext
def vacuum() -> None:
    """Write the database anew, so that no page of what was erased is left over; writes wait meanwhile."""
    settings: Settings = current_app.config["REVIEW_SETTINGS"]
    try:
        if not settings.is_sqlite:
            with db.extension.engine.connect() as connection:
                if not may_rewrite(connection):
                    raise click.ClickException(
                        "Only the role that owns the tables vacuums them; run it as the one that migrates."
                    )
        emptied = compacting.compact(whole=True)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    if not emptied:
        raise click.ClickException("Somebody still reads old pages; run it again in a moment.")
    click.echo("The database holds no left-over pages.")
