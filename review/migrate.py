"""Migrations in a process of their own: ``python -m review.migrate`` reads the address from standard input.

Alembic is needed for seconds in the life of an installation; the servers do not carry it.
"""

import json
import sys
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from review import db
from review.models import roles, schema


@dataclass(frozen=True)
class Address:
    """Where the database is, and how many seconds to wait for its locks."""

    database_url: str
    database_wait_seconds: int

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database to ``revision``, all or nothing; who serves it may use what is new."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)
        if connection.dialect.name == "postgresql":
            for desk in roles.desks(connection):
                roles.allow(connection, desk)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` for empty), all or nothing."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def main() -> None:
    """Bring the database at the address on standard input to the newest revision."""
    engine = db.create_engine(Address(**json.load(sys.stdin)))
    upgrade(engine)
    engine.dispose()


if __name__ == "__main__":
    main()
