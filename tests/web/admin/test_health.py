"""The health page: what is wrong and what to do, and how far everything is."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import rfc8785
import sqlalchemy as sa
import time_machine

from app import create_app
from review import clock, db, ledger
from review.actions import trail
from review.domain.loops import LOOPS
from review.domain.permissions import OPERATOR, Role
from review.models import schema
from review.models.roles import Roles
from review.queries import health
from review.queries.trail import Finding
from review.queries.verdicts import newest_verdict
from tests.conftest import Desk, settings_for
from tests.factories import make_case, make_sign_in
from tests.postgres import PostgresServer
from tests.signs import beat_all
from tests.trails import record_events, settle


@pytest.fixture
def database_url(database_url: str) -> str:
    """As the role that serves, without which health has something to say."""
    return database_url.replace("review@", f"{Roles.desk}@")


class Usage(NamedTuple):
    """What the system says of a disk."""

    total: int
    used: int
    free: int


def _page(desk: Desk) -> str:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    answer = client.get("/admin")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def _fill(monkeypatch: pytest.MonkeyPatch, *, free: int) -> None:
    total = 100 * 1024**3
    usage = Usage(total, total - free, free)
    monkeypatch.setattr("review.queries.storage.shutil.disk_usage", lambda _place: usage)


def test_it_tells_the_queue_the_checkpoint_the_loops_and_the_versions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(monkeypatch, free=50 * 1024**3)
    record_events(5)
    settle(desk.settings.data_dir)
    with time_machine.travel(clock.now() - timedelta(hours=5), tick=False):
        make_case(due_in=timedelta(hours=1))
    make_case()
    beat_all()
    _record_verdict(intact=True)
    page = _page(desk)
    assert "Everything is well." in page
    assert "<dt>Cases that wait</dt><dd>2</dd>" in page
    assert "<dt>Overdue</dt><dd>1</dd>" in page
    assert "5 h ago" in page
    assert "covers 5 entries, the newest recorded" in page
    assert ("SQLite 3." if desk.database == "sqlite" else "PostgreSQL 1") in page
    newest = schema.newest_revision()
    assert f"{newest}; this program needs {newest}" in page
    for loop in ("Positions in the trail", "Checkpoints", "End of claims", "Numbers"):
        assert f">{loop}</th>" in page
    assert "50.0 GiB (50%) free" in page


def test_a_full_disk_is_told_with_the_next_step_here_and_to_monitors(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(monkeypatch, free=1024**3 // 2)
    beat_all()
    page = _page(desk)
    assert "Something needs you" in page
    assert "0.5 GiB (0%) free" in page
    assert "Make room or take a larger disk" in page
    answer = desk.client().get("/readyz")
    assert answer.status_code == 503
    assert [error["code"] for error in answer.get_json()["errors"]] == ["disk"]


def test_a_silent_loop_and_its_last_fault_are_named(desk: Desk) -> None:
    page = _page(desk)
    assert page.count("never") == len(LOOPS)
    assert "none is signed yet" in page
    assert "nothing waits" in page


def test_a_database_of_another_version_still_has_a_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "newest_revision", lambda: "9999")
    page = _page(desk)
    assert "this program needs 9999" in page
    assert "Run flask upgrade." in page
    assert "Cases that wait" not in page


def test_it_names_no_path_and_no_person(desk: Desk, tmp_path: Path) -> None:
    beat_all()
    assert str(tmp_path) not in _page(desk)


def _record_verdict(*, intact: bool) -> None:
    finding = Finding(intact=intact, entries=0, checkpoints=0, sentence="As it was found.")
    with db.transaction() as writer:
        ledger.record(
            writer,
            "trail.verified",
            "trail",
            actor=OPERATOR,
            at=clock.now(),
            fields={
                "finding": rfc8785.dumps(
                    {name: value for name, value in asdict(finding).items() if value is not None}
                )
            },
            meta={"intact": intact},
        )


def _verdict_told(desk: Desk) -> dict[str, object]:
    told: dict[str, object] = desk.client().get("/readyz").get_json()["checks"]["verification"]
    return told


def test_a_trail_that_nobody_verified_for_a_week_asks_for_it_and_stays_ready(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(monkeypatch, free=50 * 1024**3)
    settle(desk.settings.data_dir)
    beat_all()
    page = _page(desk)
    assert "Everything is well." not in page
    assert "The desk works, but something should be done" in page
    assert "Let legal verify on the trail page" in page
    assert _verdict_told(desk)["warning"] is True
    trail.verify_trail(folder=desk.settings.data_dir, actor=OPERATOR)
    told = _verdict_told(desk)
    assert (told["ok"], told["warning"]) == (True, False)
    assert "found the trail intact." in str(told["detail"])
    assert "Everything is well." in _page(desk)
    settle(desk.settings.data_dir)
    later = health.readiness(desk.session, now=clock.now() + timedelta(days=8), rooms=())
    (old,) = (check for check in later if check.name == "verification")
    assert (old.ok, old.warning) == (True, True)
    assert "more than 7 days ago" in old.sentence


def test_a_trail_that_was_found_broken_is_not_well_and_still_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(monkeypatch, free=50 * 1024**3)
    beat_all()
    _record_verdict(intact=False)
    page = _page(desk)
    assert "found the trail broken" in page
    assert "Legal sees which entry on the trail page; stop signing, keep this database" in page
    assert "Something needs you" in page
    told = _verdict_told(desk)
    assert told["ok"] is False
    assert "stop signing" in str(told["detail"])
    assert desk.client().get("/readyz").status_code == 200, "legal needs the pages to see which entry"
    settle(desk.settings.data_dir)
    trail.verify_trail(folder=desk.settings.data_dir, actor=OPERATOR)
    assert _verdict_told(desk)["ok"] is True


def test_the_newest_verdict_is_found_by_its_index(desk: Desk) -> None:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    sa.event.listen(db.extension.engine, "before_cursor_execute", note)
    newest_verdict(desk.session)
    sa.event.remove(db.extension.engine, "before_cursor_execute", note)
    reader = desk.session.connection()
    if desk.database == "sqlite":
        plan = str(reader.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[-1]}", (1, 0)).all())
    else:
        reader.exec_driver_sql("SET LOCAL enable_seqscan = off")
        text = statements[-1].replace("%(param_1)s::INTEGER", "1")
        plan = str(reader.exec_driver_sql(f"EXPLAIN {text}").all())
    assert "ix_openings_verdict" in plan


def test_a_role_that_could_rewrite_the_trail_is_told(
    postgres: PostgresServer, postgres_template: str, tmp_path: Path
) -> None:
    url = postgres.create("owned", template=postgres_template)
    with create_app(settings_for(url, tmp_path)).app_context():
        checks = health.readiness(db.session(), now=clock.now(), rooms=())
        db.session().close()
        db.extension.engine.dispose()
    postgres.drop("owned")
    (role,) = [check for check in checks if check.name == "role"]
    assert (role.ok, role.warning) == (True, True)
    assert "flask roles" in role.next_step
