"""Any operations in any order leave the desk where the rules of product.md say, on both databases."""

import itertools
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import settings_for
from tests.model.machine import DeskMachine
from tests.model.pair import Place
from tests.model.rules import Content
from tests.postgres import PostgresServer
from tests.rounds import more

CI_STORIES, STEPS = 20, 40
# what the stories must have come across, so that agreeing means something
MUST_HAPPEN = (
    "submit, new",
    "submit, again",
    "submit: reference_conflict",
    "next",
    "claim",
    "claim: case_not_claimable",
    "record",
    "record: claim_lost",
    "dispatched",
    "withdraw item",
    "ask",
    "answer",
    "died",
    "restarted",
)


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Place]:
    template: Path = request.getfixturevalue("sqlite_template")
    numbers = itertools.count()

    def new_place() -> Place:
        story = folder / str(next(numbers))
        story.mkdir()
        shutil.copy(template, story / "review.db")
        return Place(settings_for(f"sqlite:///{story / 'review.db'}", story), lambda: shutil.rmtree(story))

    return new_place


def _postgresql(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Place]:
    server: PostgresServer = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_template")
    numbers = itertools.count()

    def new_place() -> Place:
        name = f"model{next(numbers)}"
        url = server.create(name, template=template)
        return Place(settings_for(url, folder), lambda: server.drop(name))

    return new_place


@pytest.fixture(params=[_sqlite, _postgresql], ids=["sqlite", "postgresql"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> type[DeskMachine]:
    """Desk and model in one, on one kind of database, that counts what it saw."""

    class Machine(DeskMachine):
        new_place = staticmethod(request.param(request, tmp_path))
        seen = Counter()

    return Machine


def test_any_story_ends_as_the_rules_say(machine: type[DeskMachine], request: pytest.FixtureRequest) -> None:
    times = more(request.config)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=CI_STORIES * times,
            stateful_step_count=STEPS,
            derandomize=times == 1,
            # making a failing story short takes minutes: only where somebody asked for more
            phases=[Phase.generate] if times == 1 else [Phase.generate, Phase.shrink],
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    seen = machine.seen
    print(f"{seen['operations']} operations: {dict(sorted(seen.items()))}")
    assert seen["operations"] >= 200 * times
    assert [name for name in MUST_HAPPEN if not seen[name]] == []


def _told(machine: DeskMachine, *steps: Callable[[], object]) -> None:
    for step in steps:
        step()
        machine.the_database_is_what_the_rules_say()
        machine.what_must_hold_whatever_the_rules_say()


def _rare_turns(desk: DeskMachine) -> None:
    """Turns that chance seldom takes, each checked against the model like any other story."""
    one, two = _content(0), _content(1)
    right: dict[str, Any] = {"person": 0, "number": 0, "right": True}
    fresh: dict[str, Any] = right | {"fresh": True, "outcome": "accepted"}
    joined = partial(desk.submit_what_is_worked_on, number=0, spelling=1)
    window = partial(desk.time_passes, by=timedelta(seconds=60))
    try:
        _told(
            desk,
            partial(desk.submit, sender=0, reference=0, content=one),
            partial(desk.claim_next, person=0, greedy=False),
            partial(desk.record, **fresh | {"fresh": False}),
            partial(desk.use_claim, **right, use="draft"),
            partial(desk.record, **fresh),
            partial(desk.undo, person=1, number=0, right=False),
            partial(desk.undo, **right),
            # judged again; its only item is withdrawn, another one joined: the review is dropped
            partial(desk.record, **fresh),
            partial(joined, sender=1, reference=1),
            partial(desk.withdraw_item, number=0, right=True, sender=0),
            window,
            partial(desk.undo, **right),
            partial(desk.run_loop, loop="dispatch"),
            partial(desk.undo, **right),
            # judged for the one that joined; a third comes too late and gets a case of its own
            partial(desk.record, **fresh | {"outcome": "declined"}),
            partial(joined, sender=2, reference=2),
            partial(desk.dispatch_this, number=2),
            window,
            partial(desk.dispatch_this, number=2),
            partial(desk.withdraw_item, number=1, right=True, sender=1),
            partial(desk.withdraw_referral, number=1, right=True, sender=1),
            partial(desk.restart, dies=True),
            partial(desk.claim_next, person=1, greedy=False),
            partial(desk.withdraw_referral, number=2, right=True, sender=2),
            partial(desk.use_claim, person=1, number=1, right=False, use="renew"),
            # everything one may hold, until the time is over
            partial(desk.submit, sender=0, reference=3, content=_content(0, 1, 2, 3, 4, 5)),
            partial(desk.submit, sender=0, reference=3, content=two),
            partial(desk.claim_next, person=2, greedy=True),
            partial(desk.time_passes, by=timedelta(minutes=15)),
            partial(desk.claim_next, person=1, greedy=False),
            partial(desk.run_loop, loop="expire"),
        )
    finally:
        desk.teardown()


def _asking_turns(desk: DeskMachine) -> None:
    """Questions to senders: answered, answered again, ended with the item, with the case, by themselves."""
    joined = partial(desk.submit_what_is_worked_on, number=0, spelling=1)
    ask = partial(desk.ask_sender, person=0, number=0, fresh=True)
    answer = partial(desk.answer, number=0, right=True, words="At minute 3.")
    try:
        _told(
            desk,
            partial(desk.submit, sender=0, reference=0, content=_content(0)),
            partial(desk.ask_sender, person=0, number=0, fresh=False),
            partial(desk.use_claim, person=0, number=0, right=True, use="draft"),
            partial(joined, sender=1, reference=1),
            ask,
            answer,
            answer,
            partial(desk.answer, number=0, right=True, words="In French."),
            ask,
            partial(desk.days_pass, by=timedelta(days=1)),
            partial(desk.withdraw_item, number=0, right=True, sender=0),
            answer,
            ask,
            partial(desk.days_pass, by=timedelta(days=7)),
            ask,
            partial(desk.restart, dies=True),
            partial(desk.withdraw_referral, number=1, right=True, sender=1),
            partial(desk.withdraw_referral, number=0, right=True, sender=0),
        )
    finally:
        desk.teardown()


def test_questions_to_senders_go_as_the_rules_say(machine: type[DeskMachine]) -> None:
    _asking_turns(machine())
    wanted = ("ask: stale_version", "ask", "answer", "answer: already_closed", "question ended")
    assert [name for name in wanted if not machine.seen[name]] == []


@pytest.mark.parametrize(
    "place", ["review.actions.withdrawals.end_questions_about", "review.actions.questions._keep_draft"]
)
@pytest.mark.parametrize("machine", [_sqlite], ids=["sqlite"], indirect=True)
def test_a_program_that_forgets_questions_is_found_out(
    machine: type[DeskMachine], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(place, lambda *_arguments, **_named: None)
    with pytest.raises(AssertionError):
        _asking_turns(machine())


def test_the_rare_turns_of_a_case_go_as_the_rules_say(machine: type[DeskMachine]) -> None:
    _rare_turns(machine())
    seen = machine.seen
    wanted = (
        "record: stale_version", "draft", "undo: not_permitted", "undo", "undo: undo_window_over",
        "undo: nothing_to_undo", "dropped", "dispatch: not_dispatchable", "dispatched", "moved on",
        "withdraw item: not_withdrawable", "withdraw referral: not_withdrawable", "died", "withdraw referral",
        "renew: claim_lost", "submit: reference_conflict", "next: too_many_claims", "expired",
    )  # fmt: skip
    assert [name for name in wanted if not seen[name]] == []


@pytest.mark.parametrize(
    ("place", "instead"),
    [
        ("review.actions.claiming.MOST_CLAIMS", 6),
        ("review.actions.claiming.record_expiry", lambda *_arguments: None),
        ("review.actions.decisions.forget_draft", lambda *_arguments: None),
        ("review.actions.dispatching.move_late_items", lambda *_arguments, **_named: None),
        ("review.actions.withdrawals._leave_cases", lambda *_arguments, **_named: None),
    ],
)
@pytest.mark.parametrize("machine", [_sqlite], ids=["sqlite"], indirect=True)
def test_a_program_with_one_rule_changed_is_found_out(
    machine: type[DeskMachine], monkeypatch: pytest.MonkeyPatch, place: str, instead: object
) -> None:
    monkeypatch.setattr(place, instead)
    with pytest.raises(AssertionError):
        _rare_turns(machine())


def _content(*places: int) -> Content:
    return Content("referral", "normal", "Praise of a listed organisation.", tuple((n, 0) for n in places))
