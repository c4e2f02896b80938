"""What does the database hold? To tell whether anything was stored or changed."""

import base64

import sqlalchemy as sa

from review.models import Base, Opening
from tests.conftest import Desk

Contents = dict[str, list[tuple[object, ...]]]
REFUSED = "authorisation.refused"


def contents(desk: Desk) -> Contents:
    """Every row of every table, last-use times left out."""
    session = desk.session
    found: Contents = {}
    for name, table in Base.metadata.tables.items():
        columns = [column for column in table.columns if column.name != "last_used_at"]
        rows = session.execute(sa.select(*columns)).all()
        found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def without_refusals(desk: Desk, found: Contents) -> Contents:
    """The same without the events that somebody was refused, and the marks that keep them few."""
    statement = sa.select(Opening.eid).where(Opening.event_type == REFUSED)
    told = set(desk.session.scalars(statement))
    kept = {name: [row for row in rows if row[0] not in told] for name, rows in found.items()}
    return kept | {"refusal_marks": []}


def opened_fields(desk: Desk, event_type: str) -> list[dict[str, str]]:
    """The opened fields of each event of a kind."""
    desk.session.rollback()
    rows = desk.session.scalars(sa.select(Opening.fields).where(Opening.event_type == event_type)).all()
    return [{name: base64.b64decode(one[1]).decode() for name, one in row.items()} for row in rows]
