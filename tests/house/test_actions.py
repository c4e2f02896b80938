"""Every write names its actor and leaves an event, read from the code itself."""

import ast
from pathlib import Path

import pytest

from tests.house.readme_tables import ROOT

# Writes that leave no event, each with the rule that allows it (architecture.md, rule 8).
WITHOUT_EVENT = {
    "touch_sign_in": "last-use time, at most once a minute",
    "touch_key": "last-use time, at most once a minute",
    "count_attempt": "rate counter in its own short transaction",
    "count_request": "rate counter in its own short transaction",
    "record_heartbeats": "signs of life of the loops",
    "forget_heartbeats": "signs of life of the loops",
    "count_entries": "counts are derived from the trail, which would grow by its own counting",
    "recount": "throws derived counts away; the trail stays",
    "open_batch": "the batch leaves its one event when it is complete (http.md)",
    "index_referrals": "look-ups that are derived from the referrals and say nothing new",
    "request_verification": "a verification leaves its one event when it ends",
    "take_verification": "a verification leaves its one event when it ends",
    "renew_verification": "progress of a verification, which leaves its one event when it ends",
    "fail_verification": "nothing was found out about the trail",
    "lease_deliveries": "what came of a message leaves its event; that it is being tried is nobody's affair",
    "return_leases": "the same: that it is not being tried after all is nobody's affair",
    "start_break": "when a person rests is nobody else's affair",
    "choose_comfort": "how pictures appear to a person is nobody else's affair",
    "forget_comfort": "how pictures appear to a person is nobody else's affair",
    "choose_keys": "whether keys act for a person is nobody else's affair",
    "choose_columns": "how a file is read says nothing before it is sent",
    "ask_columns": "how a file is read says nothing before it is sent",
    "note_progress": "progress of a check, which says nothing before the file is sent",
    "keep_check": "what checking found in a file is derived from its bytes and can be found anew",
    "refuse_file": "nothing of the file was stored but its name and digest, which have their event",
    "finish_file": "the batch that it was sent as leaves its one event when it is complete",
    "end_break": "when a person rests is nobody else's affair",
    "keep_look": "what decoding found in a file is derived from its bytes and can be found anew",
    "record_cosignatures": "like checkpoints, they are about the tree, which would grow by its own cosigning",
    "finish_erasures": "what is seen to after an erasure, which has its event, says nothing new",
    "forget_answers": "stored answers to retries end after 30 days (http.md)",
    "take_export": "an export has its events since it was asked for, and one more when its file is there",
    "renew_export": "progress of an export, which leaves an event when its file is there",
    "give_back_export": "another worker begins the export anew, of which nothing has left the desk",
    "fail_export": "nothing has left the desk; that it was asked for stays on the trail",
    "cancel_export": "nothing has left the desk; that it was asked for stays on the trail",
    "expire_export": "the file is deleted after the days that the desk always keeps it",
}
ACTIONS = sorted((ROOT / "review" / "actions").glob("*.py"))


PARTS = (
    "intake",
    "joining",
    "answering",
    "claiming",
    "admitting",
    "showing",
    "enrolling",
    "publishing",
    "companions",
    "drafting",
    "returning",
    "looking",
    "telling",
    "stopping",
    "erasing",
)
"""Files that hold no action of their own but parts of some: what they do counts for their callers."""


def _calls(node: ast.AST) -> set[str]:
    return {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}


def _reach(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> set[str]:
    """Names that a function calls, through the functions of its own file."""
    seen: set[str] = set()
    waiting = [function]
    while waiting:
        for name in _calls(waiting.pop()) - seen:
            seen.add(name)
            if name in functions:
                waiting.append(functions[name])
    return seen


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _writers(path: Path) -> list[tuple[str, ast.FunctionDef, set[str]]]:
    own = _functions(path)
    parts: dict[str, ast.FunctionDef] = {}
    for part in PARTS:
        parts |= _functions(path.with_stem(part))
    functions = parts | own
    return [
        (name, function, reach)
        for name, function in own.items()
        if "db.transaction" in (reach := _reach(function, functions)) and not name.startswith("_")
    ]


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_every_writing_action_records_and_names_its_actor(path: Path) -> None:
    for name, function, reach in _writers(path):
        if name in WITHOUT_EVENT:
            continue
        assert any(call.startswith("ledger.") for call in reach), f"{name} leaves no event"
        assert "actor" in {argument.arg for argument in function.args.kwonlyargs}, f"{name} has no actor="


def test_the_list_of_exceptions_is_not_longer_than_needed() -> None:
    written = {name for path in ACTIONS for name, _function, _reach_of in _writers(path)}
    assert set(WITHOUT_EVENT) <= written


def test_actions_do_not_call_actions() -> None:
    for path in ACTIONS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "review.actions":
                raise AssertionError(f"{path.stem} imports another noun's actions")
        names = {name for name, _function, _reach_of in _writers(path)}
        for name, function, _reach_of in _writers(path):
            assert _calls(function) & (names - {name}) == set(), f"{path.stem}.{name} calls another action"
