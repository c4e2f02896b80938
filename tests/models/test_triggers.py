"""The database itself refuses to change or remove what is on the trail."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from review import db
from review.models import schema
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.emails import arrive
from tests.erasures import decided_record, erase, hold
from tests.factories import make_account
from tests.trails import cosign_newest, record_events, record_one, settle

COLUMN = {
    "openings": "eid",
    "pending_events": "eid",
    "leaves": "position",
    "tiles": "number",
    "tree_heads": "size",
    "checkpoints": "size",
    "clause_versions": "version",
    "answers": "body",
    "complaints": "reasons",
    "decisions": "outcome",
    "deliveries": "body",
    "delivery_attempts": "status",
    "items": "url_as_sent",
    "notes": "text",
    "questions": "question",
    "referrals": "received_body",
    "review_clauses": "clause_version_id",
    "flagger_statuses": "coordinator",
    "reviews": "rationale",
    "emailed_referrals": "message",
    "snippet_versions": "text",
    "review_snippets": "snippet_version_id",
    "review_companions": "main_review_id",
    "first_looks": "way",
    "shown_precedents": "precedent_id",
    "cosignatures": "line",
    "legal_holds": "reason",
    "erasures": "reason",
    "erased_parts": "part",
}


def attempt(statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as writer:
        writer.execute(sa.text(statement))


def test_no_guarded_row_can_be_changed_or_removed(desk: Desk) -> None:
    lived_in_desk()
    arrive()
    account = make_account().account_id or ""
    record_events(260)
    settle(desk.settings.data_dir)
    cosign_newest(desk.session)
    erase(decided_record(), "notes")
    hold(decided_record(number=1))
    with db.transaction() as writer:
        record_one(writer, account, number=0)
    for table in schema.GUARDED:
        column = COLUMN[table]
        assert desk.session.scalar(sa.text(f"SELECT count(*) FROM {table}")), table
        attempt(f"UPDATE {table} SET {column} = {column}")
        attempt(f"DELETE FROM {table}")
        if desk.database == "sqlite":
            attempt(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
            attempt(f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
        else:
            attempt(f"TRUNCATE {table} CASCADE")


def test_a_waiting_event_goes_only_once_it_has_its_position(desk: Desk) -> None:
    account = make_account().account_id or ""
    with db.transaction() as writer:
        record_one(writer, account, number=0)
    attempt("DELETE FROM pending_events")
    settle(desk.settings.data_dir)
    assert desk.session.scalar(sa.text("SELECT count(*) FROM pending_events")) == 0
    with db.transaction() as writer:
        writer.execute(
            sa.text("INSERT INTO pending_events (eid, leaf_hash) SELECT eid, leaf_hash FROM leaves")
        )
        writer.execute(sa.text("DELETE FROM pending_events"))


def test_replication_mode_switches_no_trigger_off(desk: Desk) -> None:
    if desk.database == "sqlite":
        assert desk.session.scalar(sa.text("PRAGMA recursive_triggers")) == 1
        return
    record_events(2)
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as writer:
        writer.execute(sa.text("SET LOCAL session_replication_role = replica"))
        writer.execute(sa.text("DELETE FROM leaves"))
