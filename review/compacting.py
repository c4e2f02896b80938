"""Gives back what deleted rows left behind in the database's files, outside any transaction.

SQLite overwrites what is deleted (``secure_delete``), but old pages stay in its log until that is emptied,
and copies that moved inside a page stay until the file is written anew.
"""

from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy.exc import DBAPIError

from review import db
from review.writers import writer_turn

LARGEST_AT_ONCE: Final = 256 * 1024 * 1024
"""Bytes of a SQLite file up to which a loop writes it anew while others wait: about two seconds."""


def compact(*, whole: bool | None = None) -> bool:
    """Empty SQLite's log and, if ``whole``, write the file anew first; by its size where that is left open.

    False where somebody still reads in the log, so that this is to be tried again. On PostgreSQL its own
    autovacuum does this, or with ``whole`` a VACUUM, which takes the role that owns the tables.
    """
    engine = db.extension.engine
    wait_seconds = float(current_app.config["REVIEW_DATABASE_WAIT_SECONDS"])
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        if engine.dialect.name != "sqlite":
            if whole:
                cursor.execute("SET statement_timeout = 0")
                cursor.execute("VACUUM")
            return True
        path = str(engine.url.database)
        with writer_turn(path, wait_seconds=wait_seconds):
            if whole or (whole is None and Path(path).stat().st_size <= LARGEST_AT_ONCE):
                cursor.execute("VACUUM")
            busy, *_pages = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    except engine.dialect.loaded_dbapi.Error as error:
        known = db.translate(DBAPIError("VACUUM", None, error))
        if known is None:
            raise
        raise known from error
    finally:
        connection.invalidate()  # its settings are not those of others
        connection.close()
