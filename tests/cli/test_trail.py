"""The commands of the trail and their exit codes."""

import json
from typing import Any

import sqlalchemy as sa

from review import db, ledger
from review.actions import trail
from review.domain.signed_note import parse_checkpoint, verify
from review.formats import key_files
from tests.conftest import Desk
from tests.trails import record_events, settle


def test_verify_exits_0_on_an_intact_trail_and_says_so(desk: Desk) -> None:
    runner = desk.app.test_cli_runner()
    assert (
        runner.invoke(args=["trail", "verify"]).output.strip()
        == "The trail is intact: it has no entries yet."
    )
    for waits in ("1 event waits for its position.", "2 events wait for positions."):  # that it was verified
        assert runner.invoke(args=["trail", "verify"]).output.strip() == (
            f"The trail is intact: it has no entries yet. {waits}"
        )
    record_events(3)
    settle(desk.settings.data_dir)
    assert "wait" not in runner.invoke(args=["trail", "verify"]).output
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


def test_the_commands_of_the_signer_say_what_they_did_and_refuse_in_one_line(desk: Desk) -> None:
    runner = desk.app.test_cli_runner()
    record_events(3)
    settle(desk.settings.signer_dir)
    first = key_files.read_vkey(desk.settings.signer_dir)

    def done(*arguments: str, typed: str = "") -> dict[str, Any]:
        result = runner.invoke(args=["trail", *arguments, "--json"], input=typed)
        assert result.exit_code == 0, result.output
        told: dict[str, Any] = json.loads(result.output.strip().splitlines()[-1])
        return told

    def refused(*arguments: str, typed: str = "") -> str:
        result = runner.invoke(args=["trail", *arguments], input=typed)
        assert result.exit_code == 1, result.output
        return result.output

    assert "is whole" in refused("accept-checkpoint", "--reason", "Lost.")
    (desk.settings.signer_dir / key_files.CHECKPOINT).unlink()
    assert done("accept-checkpoint", "--reason", "Lost.") == {"size": 3}
    assert "rotate-key first" in refused("retire-key")
    second = done("rotate-key")["vkey"]
    assert "Two keys sign already" in refused("rotate-key")
    settle(desk.settings.signer_dir)
    assert "overlap lasts until" in refused("retire-key")
    assert done("retire-key", "--after-days", "0") == {"retired": first}
    assert "not frozen" in refused("new-origin", "desk.example/second")
    assert "Aborted" in refused("freeze", "--reason", "Stolen.", typed="n\n")
    last = done("freeze", "--reason", "Stolen.", typed="y\n")["checkpoint"]
    assert verify(last, second).size == ledger.head_of(desk.session).size
    desk.session.rollback()
    assert "is frozen" in refused("freeze", "--reason", "Again.", "--yes")
    assert done("new-origin", "desk.example/second")["vkey"].startswith("desk.example/second+")
    refusal = refused("create-key")
    assert "REVIEW_LOG_ORIGIN is desk.example/trail, but this trail is desk.example/second" in refusal
