"""Commands of the trail: verify it, show and sign its checkpoint."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from review import db
from review.actions import exports
from review.actions import trail as trail_actions
from review.cli.server import settings
from review.domain.ids import read_id
from review.domain.permissions import OPERATOR
from review.errors import ReviewError
from review.formats.bundles import keep_bundle
from review.queries.fsck import Report, check_everything
from review.queries.witnesses import published_checkpoint

BROKEN = 1
NOT_CHECKED = 2


@click.group("trail")
def trail() -> None:
    """Verify the trail, show and sign its checkpoint."""


@trail.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def verify(*, as_json: bool) -> None:
    """Check every entry; exit 0 intact, 1 broken (names the first bad entry), 2 could not check."""
    try:
        finding = trail_actions.verify_trail(
            folder=settings().data_dir, signer_dir=settings().signer_dir, actor=OPERATOR
        ).finding
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


@trail.command("fsck")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def fsck(*, as_json: bool) -> None:
    """Derive all from stored rows and files, and name every break; exit 0, 1 broken, 2 could not check.

    Nothing is written, so that it may run on a desk that must not be touched.
    """
    try:
        report = check_everything(
            settings().data_dir, signer_dir=settings().signer_dir, progress=_Steps(as_json=as_json)
        )
    except (ReviewError, SQLAlchemyError, OSError) as error:
        reason = error.detail if isinstance(error, ReviewError) else "The database or a file cannot be read."
        click.echo(f"It could not be checked. {reason}", err=True)
        raise SystemExit(NOT_CHECKED) from error
    if as_json:
        click.echo(json.dumps(asdict(report) | {"intact": report.intact}))
    else:
        _tell(report)
    if not report.intact:
        raise SystemExit(BROKEN)


class _Steps:
    """Tells on the error stream how far it is, each time that the count has grown by half."""

    def __init__(self, *, as_json: bool) -> None:
        self._quiet = as_json
        self._told: dict[str, int] = {}

    def __call__(self, what: str, count: int) -> None:
        if not self._quiet and count > 1.5 * self._told.get(what, 0):
            self._told[what] = count
            click.echo(f"{count} {what} …", err=True)


def _tell(report: Report) -> None:
    for one in report.breaks:
        entry = "" if one.entry is None else f", entry {one.entry}"
        place = f"{one.table or 'trail'} {one.row}".strip() + entry
        click.echo(f"BROKEN [{place}] {one.sentence}")
    for remark in report.remarks:
        click.echo(f"Note: {remark}")
    for count, told, what in (
        (report.breaks_in_all, len(report.breaks), "breaks"),
        (report.remarks_in_all, len(report.remarks), "notes"),
    ):
        if count > told:
            click.echo(f"… and {count - told} more {what}.")
    if report.intact:
        click.echo(f"{report.sentence} {report.pieces} pieces of evidence are those of their digests.")
    else:
        click.echo(f"{report.breaks_in_all} broken; {report.entries} entries from the start were found good.")


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
            trail_actions.sign_checkpoint(folder=settings().signer_dir, actor=OPERATOR)
        newest = published_checkpoint(db.session())
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    if newest is None:
        raise click.ClickException("No checkpoint is signed yet: run flask trail checkpoint --sign.")
    click.echo(json.dumps({"checkpoint": newest.note}) if as_json else newest.note, nl=as_json)


@trail.command("bundle")
@click.option("--case", "case_ids", multiple=True, help="Case with its items and their referrals.")
@click.option("--referral", "referral_ids", multiple=True, help="Referral with its items and their cases.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="New file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def bundle(*, case_ids: tuple[str, ...], referral_ids: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Write the evidence bundle of cases and referrals, for review/verifier.py; the export is an event."""
    wanted = [_id_of(one, "C") for one in case_ids], [_id_of(one, "R") for one in referral_ids]
    if output.exists():
        raise click.ClickException(f"{output} exists already; name a new file.")
    if not output.absolute().parent.is_dir():
        raise click.ClickException(f"There is no folder {output.absolute().parent}; create it first.")
    try:
        made = exports.export_bundle(case_ids=wanted[0], referral_ids=wanted[1], actor=OPERATOR)
        with made.file as source:
            keep_bundle(output, source)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from error
    told = {"file": str(output), "bytes": made.size, "sha256": made.sha256}
    click.echo(json.dumps(told) if as_json else f"{output}: {made.size} bytes, SHA-256 {made.sha256}")


def _id_of(text: str, prefix: str) -> str:
    found = read_id(text, prefix)
    if found is None:
        raise click.ClickException(f"{text} is no id; ids look like {prefix}-0000-0000-0000.")
    return found
