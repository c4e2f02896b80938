"""The commands: thin, one action or query each, grouped by noun."""

import click
from flask import Flask

commands: tuple[click.Command, ...] = ()


def register(app: Flask) -> None:
    """Give `flask` its commands."""
    for command in commands:
        app.cli.add_command(command)
