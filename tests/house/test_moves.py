"""A case changes its state only by the moves of the one table, and every move that is switched on is made."""

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db
from review.actions.withdrawals import withdraw_item
from review.domain.events import EVENTS
from review.domain.states import MOVES, CaseState, Move
from review.models import Case, Item
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.factories import make_case, make_sender, sender_actor
from tests.house.readme_tables import ROOT

ACTIONS = sorted((ROOT / "review" / "actions").glob("*.py"))
SOURCES = "\n".join(path.read_text() for path in ACTIONS)
ENABLED = [move for move in MOVES.values() if move.enabled]


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_actions_take_states_from_the_table(path: Path) -> None:
    """A new state comes from ``move.target``; conditions on one from ``move.sources``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.endswith(".values"):
            for keyword in node.keywords:
                if keyword.arg == "state":
                    assert ast.unparse(keyword.value).endswith(".target"), ast.unparse(node)
        if called.endswith(".where"):
            for condition in node.args:
                asked = ast.unparse(condition)
                if asked.startswith("Case.state "):
                    raise AssertionError(f"{path.stem} compares a state with a literal: {asked}")
                if asked.startswith("Case.state.in_("):
                    assert ".sources" in asked or "LIVE" in asked, asked


@pytest.mark.parametrize("move", ENABLED, ids=lambda move: move.name)
def test_every_move_that_is_switched_on_is_made_with_its_event(move: Move) -> None:
    assert f'MOVES["{move.name}"]' in SOURCES
    assert move.event in EVENTS


def test_no_move_that_is_switched_off_is_made() -> None:
    for move in MOVES.values():
        if not move.enabled:
            assert f'MOVES["{move.name}"]' not in SOURCES
            assert move.event not in {one.event for one in ENABLED} - {"case.decided"}
    literal = {name for name in EVENTS if name.startswith("case.") and f'"{name}"' in SOURCES}
    assert literal == {"case.opened"}, "opening is no move; every other event of a case is named by its move"


def test_a_desk_that_saw_everything_made_exactly_the_moves_between_states(desk: Desk) -> None:
    seen = _watch(desk)
    lived_in_desk()
    for source in CaseState:
        _withdraw_from(desk, source)
    made = {tuple(row) for row in desk.session.execute(sa.text(seen))}
    expected = {
        (source.value, move.target.value)
        for move in ENABLED
        if move.target is not None
        for source in move.sources
    }
    assert made == expected


def _withdraw_from(desk: Desk, source: CaseState) -> None:
    sender_id = make_sender()
    case_id = make_case(sender_id=sender_id, url=f"https://video.example/moves/{source}")
    with db.transaction() as writer:
        writer.execute(sa.text("UPDATE watching SET watching = 0"))
        writer.execute(sa.update(Case).where(Case.id == case_id).values(state=source.value))
        writer.execute(sa.text("UPDATE watching SET watching = 1"))
    item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    withdraw_item(item_id, actor=sender_actor(sender_id))


def _watch(desk: Desk) -> str:
    """Let the database itself note every change of a state; the statement that lists them."""
    moved = "OLD.state <> NEW.state AND (SELECT watching FROM watching) = 1"
    note = "INSERT INTO moves_made VALUES (OLD.state, NEW.state)"
    with db.transaction() as writer:
        writer.execute(sa.text("CREATE TABLE watching (watching integer)"))
        writer.execute(sa.text("INSERT INTO watching VALUES (1)"))
        writer.execute(sa.text("CREATE TABLE moves_made (source text, target text)"))
        if desk.database == "sqlite":
            trigger = f"CREATE TRIGGER watch AFTER UPDATE ON cases WHEN {moved} BEGIN {note}; END"
            writer.execute(sa.text(trigger))
        else:
            function = (
                "CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN IF {moved} THEN {note}; END IF; RETURN NEW; END $$"
            )
            writer.execute(sa.text(function))
            writer.execute(
                sa.text(
                    "CREATE TRIGGER watch AFTER UPDATE ON cases FOR EACH ROW EXECUTE FUNCTION note_move()"
                )
            )
    return "SELECT source, target FROM moves_made"
