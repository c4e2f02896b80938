"""The database lets go of exactly what an erasure of two people names, and of nothing while a hold stands."""

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from review import clock, db
from review.models import Erasure, Opening
from tests.conftest import Desk
from tests.erasures import TEXTS, Decided, ask, decided_record, erase, hold

APPROVE = "UPDATE erasures SET state = 'executed', ended_by = :second, ended_at = :now, ended_reason = 'x'"
NAME = "INSERT INTO erased_parts (place, row_id, part, erasure_id) VALUES (:place, :row_id, :part, :erasure)"


def refused(statement: str, match: str = "append-only", **values: object) -> None:
    with pytest.raises(DBAPIError, match=match), db.transaction() as writer:
        writer.execute(sa.text(statement), values)


def opening(desk: Desk) -> Opening:
    found = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "case.review_recorded")).one()
    assert {"rationale", "statement"} <= found.fields.keys()
    return found


def fields_without(row: Opening, *names: str, **more: object) -> str:
    return json.dumps({name: pair for name, pair in row.fields.items() if name not in names} | more)


def approved(record: Decided) -> str:
    """A request that the second person let through, with nothing carried out yet."""
    erasure_id = ask(record, "rationale")
    with db.transaction() as writer:
        writer.execute(sa.text(APPROVE), {"second": record.second.id, "now": clock.now().isoformat(" ")})
    return erasure_id


UPDATE = "UPDATE openings SET fields = :fields WHERE eid = :eid"


def test_an_opening_loses_no_field_that_no_erasure_names(desk: Desk) -> None:
    record = decided_record()
    row = opening(desk)
    refused(UPDATE, fields=fields_without(row, "rationale"), eid=row.eid)
    erasure_id = approved(record)
    refused(UPDATE, fields=fields_without(row, "rationale"), eid=row.eid)
    name = {"place": "openings", "row_id": row.eid, "part": "rationale", "erasure": erasure_id}
    with db.transaction() as writer:
        writer.execute(sa.text(NAME), name)
    for wrong in (
        fields_without(row, "statement"),
        fields_without(row, "rationale", "statement"),
        fields_without(row),
        fields_without(row, "rationale", statement=["AAAA", "AAAA"]),
        fields_without(row, "rationale", more=["AAAA", "AAAA"]),
        "{}",
    ):
        refused(UPDATE, fields=wrong, eid=row.eid)
    with db.transaction() as writer:
        writer.execute(sa.text(UPDATE), {"fields": fields_without(row, "rationale"), "eid": row.eid})
    refused("UPDATE openings SET salt = envelope WHERE eid = :eid", eid=row.eid)


def test_a_waiting_request_names_nothing(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    row = opening(desk)
    refused(NAME, place="openings", row_id=row.eid, part="rationale", erasure=erasure_id)
    refused(NAME, place="openings", row_id=row.eid, part="rationale", erasure="X-0000-0000-0000")


def test_a_row_changes_only_to_the_mark_of_its_erasure(desk: Desk) -> None:
    record = decided_record()
    refused("UPDATE reviews SET rationale = '[erased on 2026-01-01: order]'")
    erase(record, "rationale")
    refused("UPDATE reviews SET rationale = 'Something else.'")
    refused("UPDATE reviews SET statement = '[erased on 2026-01-01: order]'")
    refused("UPDATE reviews SET outcome = 'accepted'")
    refused("UPDATE notes SET text = '[erased on 2026-01-01: order]'")
    assert desk.session.scalar(sa.text("SELECT statement FROM reviews")) == TEXTS["statement"]


def test_one_person_cannot_stand_for_two(desk: Desk) -> None:
    record = decided_record()
    ask(record, "rationale")
    values = {"second": record.asker.id, "now": clock.now().isoformat(" ")}
    refused(APPROVE, match="(?i)two_people|constraint", **values)


def test_no_request_is_let_through_while_a_hold_stands(desk: Desk) -> None:
    record = decided_record()
    ask(record, "rationale")
    hold(record)
    values = {"second": record.second.id, "now": clock.now().isoformat(" ")}
    refused(APPROVE, match="legal hold", **values)
    assert desk.session.scalars(sa.select(Erasure.state)).one() == "waiting"


def test_what_is_settled_stays_so(desk: Desk) -> None:
    erase(decided_record(), "rationale")
    refused("UPDATE erasures SET state = 'waiting', ended_by = NULL, ended_at = NULL", match="settled")
    refused("UPDATE erasures SET reason = 'another'")
    refused("DELETE FROM erased_parts")
    refused("DELETE FROM erasures")
