"""The commands of the trail and their exit codes."""

import json

import sqlalchemy as sa

from review import db
from review.actions import trail
from review.domain.signed_note import parse_checkpoint
from review.formats import key_files
from tests.conftest import Desk
from tests.trails import record_events, settle


def test_verify_exits_0_on_an_intact_trail_and_says_so(desk: Desk) -> None:
    runner = desk.app.test_cli_runner()
    assert (
        runner.invoke(args=["trail", "verify"]).output.strip()
        == "The trail is intact: it has no entries yet."
    )
    record_events(3)
    settle(desk.settings.data_dir)
    result = runner.invoke(args=["trail", "verify", "--json"])
    assert result.exit_code == 0
    told = json.loads(result.output)
    assert (told["intact"], told["first_bad"]) == (True, None)


def test_verify_exits_1_and_names_the_first_bad_entry(desk: Desk) -> None:
    record_events(9)
    settle(desk.settings.data_dir)
    trigger = "guard_openings_update" if desk.database == "sqlite" else "guard_openings_row ON openings"
    with db.transaction() as writer:
        writer.execute(sa.text(f"DROP TRIGGER {trigger}"))
        writer.execute(
            sa.text(
                "UPDATE openings SET object_id = 'A-XXXX' WHERE eid IN"
                " (SELECT eid FROM leaves WHERE position IN (4, 7))"
            )
        )
    result = desk.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert result.exit_code == 1
    assert result.output.startswith("Entry 4 (")
    assert "has another object_id in its row than was recorded" in result.output
    assert "The 4 entries before it are intact." in result.output


def test_verify_exits_2_where_it_could_not_check(desk: Desk) -> None:
    record_events(3)
    settle(desk.settings.data_dir)
    (desk.settings.data_dir / key_files.CHECKPOINT).unlink()
    result = desk.app.test_cli_runner().invoke(args=["trail", "verify"])
    assert result.exit_code == 2
    assert "could not be checked" in result.output


def test_checkpoint_prints_the_newest_and_signs_when_asked(desk: Desk) -> None:
    runner = desk.app.test_cli_runner()
    trail.create_signing_key(desk.settings.data_dir, origin="")
    assert runner.invoke(args=["trail", "checkpoint"]).exit_code == 1
    record_events(3)
    result = runner.invoke(args=["trail", "checkpoint", "--sign"])
    assert parse_checkpoint(result.output).size == 3
    assert runner.invoke(args=["trail", "checkpoint"]).output == result.output
