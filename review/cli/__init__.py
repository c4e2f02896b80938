"""The commands: thin, one action or query each, grouped by noun."""

import click
from flask import Flask

from review.cli import accounts, clauses, numbers, referrals, roles, senders, server, trail

commands: tuple[click.Command, ...] = (
    *server.commands,
    roles.roles,
    *trail.commands,
    *accounts.commands,
    *senders.commands,
    *clauses.commands,
    referrals.referrals,
    numbers.numbers,
)


def register(app: Flask) -> None:
    """Give `flask` its commands."""
    for command in commands:
        app.cli.add_command(command)
