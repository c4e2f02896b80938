"""`flask roles`: the three roles of a desk on PostgreSQL, so that who serves it cannot rewrite its trail."""

import secrets

import click
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from review.models.roles import Roles, missing, set_up

PASSWORD_BYTES = 24


@click.command("roles")
@click.option(
    "--admin-url",
    required=True,
    envvar="ADMIN_DATABASE_URL",
    show_envvar=True,
    help="The desk's database as its administrator signs in: postgresql://postgres@host/review.",
)
@click.option("--owner", default=Roles.owner, show_default=True, help="Owns the tables; cannot sign in.")
@click.option("--migrator", default=Roles.migrator, show_default=True, help="Runs `flask upgrade`.")
@click.option("--desk", default=Roles.desk, show_default=True, help="Runs `flask serve` and `flask work`.")
@click.option("--no-passwords", is_flag=True, help="New roles sign in by peer or certificate.")
def roles(*, admin_url: str, owner: str, migrator: str, desk: str, no_passwords: bool) -> None:
    """Set up the three roles of a desk on PostgreSQL; safe to run again.

    Roles that are new get a password each, which is shown this once. Others keep theirs.
    """
    wanted = Roles(owner, migrator, desk)
    if len({owner, migrator, desk}) < 3:
        raise click.ClickException("The three roles must be three: give each a name of its own.")
    address = _address(admin_url)
    try:
        engine = sa.create_engine(address)
    except ModuleNotFoundError:
        raise click.ClickException(
            "The driver of PostgreSQL is not installed: .venv/bin/pip install -e '.[postgres]'"
        ) from None
    try:
        with engine.begin() as connection:
            new = missing(connection, wanted)
            set_up(connection, wanted)
            signs_in = [] if no_passwords else [name for name in (migrator, desk) if name in new]
            passwords = {name: _new_password(connection, name) for name in signs_in}
    except (OperationalError, ProgrammingError) as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise click.ClickException(f"Nothing was changed. PostgreSQL says: {reason}") from error
    finally:
        engine.dispose()
    click.echo(f"{owner} owns the tables, {migrator} upgrades them, {desk} serves the desk.")
    if passwords:
        click.echo("The passwords of the new roles are shown this once.")
    for name, does in ((migrator, "flask upgrade"), (desk, "flask serve, flask work")):
        own = address.set(drivername="postgresql", username=name, password=passwords.get(name))
        click.echo(f"{does}: REVIEW_DATABASE_URL={own.render_as_string(hide_password=False)}")


def _address(text: str) -> sa.URL:
    try:
        address = make_url(text)
    except ArgumentError:
        raise click.ClickException("--admin-url is no address: postgresql://postgres@host/review.") from None
    if address.get_backend_name() != "postgresql":
        raise click.ClickException("Only PostgreSQL has roles: --admin-url begins with postgresql://.")
    return address.set(drivername="postgresql+psycopg")


def _new_password(connection: sa.Connection, role: str) -> str:
    """Give the role a random password; it is hashed here, so that the server's log never holds it."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    driver = connection.connection.driver_connection
    assert driver is not None
    hashed = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    quote = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"ALTER ROLE {quote(role)} PASSWORD '{hashed}'")
    return password
