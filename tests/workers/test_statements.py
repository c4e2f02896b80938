"""Loops ask again and again, often while they hold the writer's turn: none may read a growing table whole."""

from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.actions.trail import create_signing_key
from review.domain.signed_note import COSIGNATURE, note_key
from review.domain.witness_policy import parse_policy
from review.workers.loops import LOOPS
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.domain.test_witness_policy import policy_text

BOUNDED = {"pending_events", "tree_heads", "checkpoints", "search_marks", "counted_positions", "trail_runs"}
"""What is emptied by its reader, has one row, or is read from its newest end."""


def _whole_tables(connection: Any, statement: str) -> set[str]:
    """The stored tables that SQLite would read from end to end for this statement."""
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement)]
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN ")}
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return scanned & names


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", sorted(LOOPS))
def test_no_loop_reads_a_growing_table_whole(desk: Desk, name: str) -> None:
    lived_in_desk()
    vkey = create_signing_key(desk.settings.data_dir, origin="")
    cosigner = note_key("witness.example/a", bytes(32), kind=COSIGNATURE)
    policy = policy_text(vkey, [cosigner], ["http://127.0.0.1:9"])
    desk.app.config["REVIEW_WITNESSES"] = parse_policy(policy)
    seen: list[str] = []
    engine = db.extension.engine
    db.session().rollback()
    engine.dispose()
    sa.event.listen(engine, "connect", lambda connection, _record: connection.set_trace_callback(seen.append))
    LOOPS[name].run_once(desk.app)
    if (finish := LOOPS[name].finish) is not None:
        finish(desk.app)
    statements = {text for text in seen if text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH"))}
    assert statements, "the loop asks the database"
    with engine.connect() as connection:
        plain = connection.connection.driver_connection
        found = {text: _whole_tables(plain, text) - BOUNDED for text in statements}
    assert {text: tables for text, tables in found.items() if tables} == {}
