"""The signer of the trail as a process of its own, and what its operator does to it."""

import json
import threading
from datetime import timedelta
from typing import BinaryIO

import click
from flask.cli import with_appcontext

from review.actions import signer
from review.actions import trail as trail_actions
from review.cli.server import check_start, desk, settings, stop_with_parent
from review.cli.trail import trail
from review.domain.loops import SIGNER
from review.domain.permissions import OPERATOR
from review.errors import ReviewError
from review.workers import loops

LONGEST_PEM = 10_000


@trail.command("sign")
@click.option("--parent", type=int, hidden=True, help="End when this process is no longer the parent.")
@with_appcontext
def sign(*, parent: int | None) -> None:
    """Run the signer, the one process that reads the key, until it is stopped."""
    check_start(desk())
    stop = threading.Event()
    if parent is not None:
        threading.Thread(target=stop_with_parent, args=(parent, stop), daemon=True).start()
    loops.run(desk(), [SIGNER], stop=stop)


_of_device = click.option(
    "--device-key",
    type=click.File("rb"),
    help="Public half (PEM) of a key in a device, with which the program sign-with-device signs.",
)


def _pem(device_key: BinaryIO | None) -> bytes | None:
    return None if device_key is None else device_key.read(LONGEST_PEM)


@trail.command("create-key")
@_of_device
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def create_key(*, device_key: BinaryIO | None, as_json: bool) -> None:
    """Make the key in a signer's folder of its own, as the user of the signer; prints the public key."""
    chosen = settings()
    try:
        vkey = trail_actions.create_signing_key(
            chosen.signer_dir, origin=chosen.log_origin, device=_pem(device_key)
        )
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    except OSError as error:
        raise click.ClickException(f"{chosen.signer_dir} cannot be written: {error.strerror}.") from error
    click.echo(json.dumps({"vkey": vkey}) if as_json else vkey)


@trail.command("accept-checkpoint")
@click.option("--reason", required=True, help="Why the signer's own file is lost; it stays on the trail.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def accept_checkpoint(*, reason: str, as_json: bool) -> None:
    """Let the signer, whose own file is lost, believe the newest checkpoint of the database."""
    try:
        size = signer.accept_checkpoint(folder=settings().signer_dir, reason=reason, actor=OPERATOR)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    told = f"The signer goes on from the checkpoint of {size} entries."
    click.echo(json.dumps({"size": size}) if as_json else told)


@trail.command("rotate-key")
@_of_device
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def rotate_key(*, device_key: BinaryIO | None, as_json: bool) -> None:
    """Let a new key sign beside the one before, for an overlap that retire-key ends."""
    try:
        vkey = signer.rotate_key(folder=settings().signer_dir, device=_pem(device_key), actor=OPERATOR)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    click.echo(json.dumps({"vkey": vkey}) if as_json else f"From now on this key signs too: {vkey}")


@trail.command("retire-key")
@click.option(
    "--after-days", default=7, show_default=True, type=click.IntRange(0, 365), help="Least overlap."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def retire_key(*, after_days: int, as_json: bool) -> None:
    """End the overlap: the new key signs alone, what the old one signed goes on to hold."""
    after = timedelta(days=after_days)
    try:
        vkey = signer.retire_key(folder=settings().signer_dir, after=after, actor=OPERATOR)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    click.echo(json.dumps({"retired": vkey}) if as_json else f"This key signs no more: {vkey}")


@trail.command("freeze")
@click.option(
    "--reason", required=True, help="Why the trail ends, such as a stolen key; it stays on the trail."
)
@click.option("--yes", is_flag=True, help="Do not ask: nothing takes a freeze back.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def freeze(*, reason: str, yes: bool, as_json: bool) -> None:
    """Sign a last checkpoint, after which this trail signs nothing more, for ever."""
    folder = settings().signer_dir
    if not yes:
        click.confirm("After this nothing more is ever signed under this name. Go on?", abort=True)
    try:
        event = signer.begin_freeze(folder=folder, reason=reason, actor=OPERATOR)
        while trail_actions.sequence_events(actor=OPERATOR) is not None:
            pass
        trail_actions.sign_checkpoint(folder=folder, actor=OPERATOR)
        note = signer.seal_freeze(event, folder=folder, actor=OPERATOR)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    click.echo(json.dumps({"checkpoint": note}) if as_json else note, nl=as_json)


@trail.command("new-origin")
@click.argument("name")
@_of_device
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def new_origin(*, name: str, device_key: BinaryIO | None, as_json: bool) -> None:
    """Go on after a freeze under a new name with a new key, committed to the frozen checkpoint."""
    try:
        vkey = signer.begin_origin(
            name, folder=settings().signer_dir, device=_pem(device_key), actor=OPERATOR
        )
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    told = f"The trail goes on as {name}; set REVIEW_LOG_ORIGIN so, or leave it blank. Its key: {vkey}"
    click.echo(json.dumps({"vkey": vkey}) if as_json else told)


commands = (trail,)
"""The whole group: what looks at the trail, and what its signer does."""
