"""How does a command answer? Sentences for people or one JSON line; a refusal is one line and exit 1."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from review.domain import days
from review.errors import ReviewError

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
day = click.DateTime(formats=["%Y-%m-%d"])


def tell(answer: dict[str, Any], sentences: Sequence[str], *, as_json: bool) -> None:
    """Print the answer as one JSON line, or the sentences, one a line."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    for sentence in sentences:
        click.echo(_shown(sentence))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a domain error into one line on stderr and exit 1."""
    try:
        yield
    except ReviewError as error:
        raise click.ClickException(_shown(error.detail)) from error


def end_of(chosen: datetime | None) -> datetime | None:
    """The moment, in UTC, at which a day that was typed is over."""
    return None if chosen is None else days.end_of(chosen.date())


def written(moment: datetime | None) -> str | None:
    """A time in a list: ISO 8601 in UTC to the second."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(text: str) -> str:
    """The text with control characters made visible, so that nothing steers the terminal."""
    return "".join(letter if letter.isprintable() else f"⟨{ord(letter):04X}⟩" for letter in text)
