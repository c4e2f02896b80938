"""What does the database hold? To tell whether anything was stored or changed."""

import sqlalchemy as sa

from review.models import Base
from tests.conftest import Desk

Contents = dict[str, list[tuple[object, ...]]]


def contents(desk: Desk) -> Contents:
    """Every row of every table, last-use times left out."""
    session = desk.session
    found: Contents = {}
    for name, table in Base.metadata.tables.items():
        columns = [column for column in table.columns if column.name != "last_used_at"]
        rows = session.execute(sa.select(*columns)).all()
        found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found
