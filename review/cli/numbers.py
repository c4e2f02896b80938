"""The command of the numbers: count the trail anew."""

import click
from flask.cli import with_appcontext

from review.actions.numbers import recount as recount_numbers
from review.domain.permissions import OPERATOR


@click.group("numbers")
def numbers() -> None:
    """The counts behind the numbers page."""


@numbers.command("recount")
@with_appcontext
def recount() -> None:
    """Throw the counts away; the loop `count` then counts the whole trail anew."""
    recount_numbers(actor=OPERATOR)
    click.echo("The counts are gone; flask work counts the trail anew.")
