"""The commands: thin, one action or query each, grouped by noun."""

import click
from flask import Flask

from review.cli import (
    accounts,
    backups,
    clauses,
    erasures,
    numbers,
    referrals,
    roles,
    senders,
    server,
    signer,
)

commands: tuple[click.Command, ...] = (
    *server.commands,
    roles.roles,
    *backups.commands,
    *signer.commands,
    *accounts.commands,
    *senders.commands,
    *clauses.commands,
    referrals.referrals,
    numbers.numbers,
    erasures.erasure,
)


def register(app: Flask) -> None:
    """Give `flask` its commands."""
    for command in commands:
        app.cli.add_command(command)
