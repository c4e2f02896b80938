"""Doing what the triggers and keys of the database forbid, as somebody with its own console could."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from review import db
from review.models import Base


@contextmanager
def unguarded() -> Iterator[None]:
    """Every connection that is opened inside obeys no trigger and no foreign key; for one test's database."""
    engine = db.extension.engine
    db.session().close()
    engine.dispose()

    def on_connect(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        if engine.dialect.name == "sqlite":
            cursor.execute("PRAGMA foreign_keys=OFF")
        else:
            cursor.execute("SET session_replication_role = replica")
            connection.commit()  # type: ignore[attr-defined]

    names: Sequence[str] = ()
    if engine.dialect.name == "sqlite":  # read before: SQLite lets no reader write once another wrote
        with engine.connect() as connection:
            names = connection.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    with engine.begin() as connection:
        for name in names:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        if engine.dialect.name != "sqlite":
            for table in Base.metadata.tables:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    engine.dispose()
    sa.event.listen(engine, "connect", on_connect)
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", on_connect)
        db.session().close()
        engine.dispose()
