"""`flask demo`: a fresh, seeded desk on this machine only, gone when it ends."""

import json
import os
import secrets
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import click
from flask import Flask

from review import db
from review.cli import server, serving
from review.config import Settings, read_settings
from review.demo import content, seed
from review.demo.staff import DemoAccount
from review.errors import SettingsError

NETWORKS = "REVIEW_WEBHOOK_NETWORKS"
"""The one setting of whoever starts a demonstration that counts: a receiver may stand on the same machine."""


def demo_environment(folder: Path, *, networks: str = "") -> dict[str, str]:
    """The settings of a demonstration that lies in ``folder``; ``networks``: where its messages may go."""
    return {
        "REVIEW_DATABASE_URL": f"sqlite:///{folder / 'review.db'}",
        "REVIEW_DATA_DIR": str(folder / "data"),
        "REVIEW_SECRET_KEY": secrets.token_hex(32),
        "REVIEW_HOSTS": content.HOSTS,
        "REVIEW_INSECURE_COOKIES": "1",
        "REVIEW_CONTACT_POINT": "contact@video.example",
        "REVIEW_PASSKEY_ROLES": "",  # nobody brings a passkey to a demonstration
        NETWORKS: networks,
        "REVIEW_LOG_ORIGIN": f"demo-{secrets.token_hex(4)}.example/trail",
    }


def make_demo(chosen: Settings) -> list[DemoAccount]:
    """Prepare and fill the database, and leave the accounts beside it for the sign-in page."""
    server.prepare(chosen)
    # nobody is there yet to undo: what the seed decides is dispatched at once
    app = Flask("demo")
    app.config["REVIEW_SETTINGS"] = replace(chosen, undo_seconds=0)
    db.connect_app(app, chosen)
    with app.app_context():
        people = seed.seed(chosen)
        db.extension.engine.dispose()
    (chosen.data_dir / "demo-accounts.json").write_text(json.dumps([asdict(person) for person in people]))
    return people


@click.command("demo")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
def demo(*, port: int) -> None:
    """Serve a demonstration with made-up content on 127.0.0.1; everything goes when it ends.

    Of your settings REVIEW_WEBHOOK_NETWORKS alone counts: 127.0.0.0/8 lets an endpoint be on this machine.
    """
    networks = os.environ.get(NETWORKS, "")
    given = [
        name for name in os.environ if name.startswith("REVIEW_") and not name.startswith("REVIEW_TEST_")
    ]
    for name in given:
        del os.environ[name]
    with serving.hold_port(port), tempfile.TemporaryDirectory(prefix="referral-review-demo-") as name:
        os.environ.update(demo_environment(Path(name), networks=networks))
        try:
            chosen = read_settings(demo=True)
            people = make_demo(chosen)
        except SettingsError as error:
            raise click.ClickException(error.detail) from error
        click.echo(f"Referral Review, demonstration with made-up data: http://127.0.0.1:{port}/\n")
        for person in people:
            click.echo(f"  {person.label:24} {person.email:26} {person.password}")
        click.echo("\nThe sign-in page has a button for each, the next page shows the code.")
        click.echo("Ctrl+C ends it and deletes everything.")
        serving.run_server("app:create_demo_app", port=port, workers=1)
