"""Log lines name events and ids: no text of a notice, no person, no key, whatever goes wrong."""

import re

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from review import db
from tests.conftest import Desk
from tests.factories import referral_body
from tests.web.walls.conftest import Seen
from tests.web.walls.crawling import token_on
from tests.web.walls.logged import log_lines
from tests.web.walls.marks import Mark, found_in
from tests.web.walls.stage import Stage, bearer, build

TABLES = {"referrals": "id", "drafts": "case_id"}
"""One that is written with the driver's own cursor, one through SQLAlchemy's; and a column of each."""


def test_a_day_of_everybody_leaves_none_of_it_in_the_log(seen: Seen) -> None:
    assert seen.logged == set()


@pytest.mark.parametrize("table", TABLES)
def test_a_write_that_the_database_refuses_is_logged_without_its_values(desk: Desk, table: str) -> None:
    """PostgreSQL tells the whole row that broke a rule; a log is no place for it."""
    stage = build(desk)
    _refuse_every_row(desk, table)
    with log_lines() as lines:
        answer = _refer(stage) if table == "referrals" else _save_draft(stage)
    assert answer.status_code == 500
    written = lines.getvalue()
    assert f"Exception on {answer.request.path} [POST]" in written
    assert "IntegrityError" in written
    assert found_in(written, {*Mark, *stage.keys.values()}) == set()


def _refuse_every_row(desk: Desk, table: str) -> None:
    """A rule of the database that each new row breaks."""
    raising = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
    check = f"CHECK (length({TABLES[table]}) < 0) NOT VALID"
    rule = {
        "sqlite": f"CREATE TRIGGER refuse BEFORE INSERT ON {table} {raising}",
        "postgresql": f"ALTER TABLE {table} ADD CONSTRAINT refuse {check}",
    }
    with db.transaction() as writer:
        writer.execute(sa.text(rule[desk.database]))


def _refer(stage: Stage) -> TestResponse:
    return stage.desk.client().post(
        "/api/v1/referrals",
        data=referral_body(Mark.OTHER_REFERENCE, "https://video.example/new", reason=Mark.OTHER_REASON),
        headers=bearer(stage.keys["other"]) | {"Content-Type": "application/json"},
    )


def _save_draft(stage: Stage) -> TestResponse:
    holder, address = stage.clients["holder"], f"/cases/{stage.cases['held']}"
    found = re.search(r'name="claim_generation" value="(\d+)"', holder.get(address).text)
    assert found is not None
    form = {"csrf_token": token_on(holder), "claim_generation": found[1], "rationale": f"{Mark.DRAFT} more"}
    return holder.post(f"{address}/draft", data=form)
