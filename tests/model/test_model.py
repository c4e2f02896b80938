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

from review.models.roles import Roles
from tests.conftest import settings_for
from tests.model.machine import DeskMachine
from tests.model.pair import Place
from tests.model.rules import Content
from tests.postgres import PostgresServer
from tests.rounds import more

CI_STORIES, STEPS = 30, 40
# what drawn stories come across dozens of times, whichever are drawn; what is rarer is told on purpose below
MUST_HAPPEN = (
    "submit, new",
    "submit, again",
    "submit: reference_conflict",
    "next",
    "claim",
    "claim: case_not_claimable",
    "record",
    "record: claim_lost",
    "withdraw item",
    "ask",
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
        # as the role that serves: what the desk does must need no more
        url = server.create(name, template=template).replace("review@", f"{Roles.desk}@")
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
    fresh: dict[str, Any] = right | {
        "fresh": True, "outcome": "accepted", "asks": False, "then": "nothing",
    }  # fmt: skip
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
            partial(desk.dispatch_this, number=2, drawn=False),
            window,
            partial(desk.dispatch_this, number=2, drawn=False),
            partial(desk.withdraw_item, number=1, right=True, sender=1),
            partial(desk.withdraw_referral, number=1, right=True, sender=1),
            partial(desk.restart, dies=True),
            partial(desk.claim_next, person=1, greedy=False),
            partial(desk.withdraw_referral, number=2, right=True, sender=2),
            partial(desk.use_claim, person=1, number=1, right=False, use="renew"),
            # everything one may hold, until the time is over
            partial(desk.submit, sender=0, reference=3, content=_content(0, 1, 2, 3, 4, 5)),
            partial(desk.submit, sender=0, reference=3, content=two),
            partial(desk.restart, dies=False),
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


def _judged(desk: DeskMachine, person: int, case: int, outcome: str, **options: Any) -> list[Any]:
    """Somebody claims the case and judges it, the window ends, and the loop sends the review on."""
    given: dict[str, Any] = {"fresh": True, "asks": False, "then": "dispatch"} | options
    return [
        partial(desk.claim_this, person=person, number=case),
        partial(desk.record, person=person, number=0, right=True, outcome=outcome, **given),
    ]


def _referred(desk: DeskMachine, sender: int, reference: int, place: int) -> Callable[[], object]:
    return partial(desk.submit, sender=sender, reference=reference, content=_content(place))


def _to_second(desk: DeskMachine, reference: int, place: int, case: int) -> list[Any]:
    """A case whose first review asks for a second one."""
    return [_referred(desk, 0, reference, place), *_judged(desk, 0, case, "accepted", asks=True)]


def _disputed(desk: DeskMachine) -> list[Any]:
    """Case 0 goes to a second review, which differs, and a lead resolves it; its late item is case 1.

    That is drawn for the second review, which agrees.
    """
    dies = partial(desk.restart, dies=True)
    window = partial(desk.time_passes, by=timedelta(seconds=60))
    send_on = (dies, window, partial(desk.run_loop, loop="dispatch"))
    undo: Callable[..., Any] = partial(desk.undo, number=0)
    return [
        *_to_second(desk, 0, 0, 0),
        partial(undo, person=0, right=False),
        partial(desk.claim_this, person=0, number=0),
        partial(desk.claim_this, person=1, number=0),
        _referred(desk, 1, 0, 0),
        partial(desk.use_claim, person=1, number=0, right=True, use="draft"),
        partial(desk.ask_sender, person=1, number=0, fresh=True),
        *_judged(desk, 1, 0, "declined", fresh=False),
        *_judged(desk, 1, 0, "declined", then="nothing"),
        partial(undo, person=0, right=False),
        partial(undo, person=2, right=False),
        partial(undo, person=1, right=True),
        *_judged(desk, 1, 0, "declined", then="nothing"),
        *send_on,
        partial(desk.claim_this, person=1, number=0),
        partial(desk.claim_next, person=1, greedy=False),
        *_judged(desk, 2, 0, "declined", then="nothing"),
        partial(undo, person=2, right=True),
        *_judged(desk, 2, 0, "declined", then="nothing"),
        *send_on,
        *_judged(desk, 1, 1, "declined", then="nothing"),
        window,
        partial(desk.dispatch_this, number=5, drawn=True),
        partial(desk.judge_again, number=0, person=0, agrees=True, then="dispatch"),
    ]


def _withdrawn_in_rounds(desk: DeskMachine) -> list[Any]:
    """Cases 2 to 4: while somebody holds the second review, has recorded it, holds the third."""
    return [
        *_to_second(desk, 1, 1, 2),
        partial(desk.claim_this, person=1, number=2),
        partial(desk.withdraw_item, number=2, right=True, sender=0),
        partial(desk.undo, person=0, number=2, right=False),
        partial(desk.use_claim, person=1, number=2, right=False, use="renew"),
        *_to_second(desk, 2, 2, 3),
        *_judged(desk, 1, 3, "accepted", then="nothing"),
        partial(desk.withdraw_referral, number=3, right=True, sender=0),
        partial(desk.undo, person=1, number=3, right=False),
        *_to_second(desk, 3, 3, 4),
        *_judged(desk, 1, 4, "declined"),
        partial(desk.claim_this, person=2, number=4),
        partial(desk.withdraw_item, number=4, right=True, sender=0),
    ]


def _begun_again(desk: DeskMachine) -> list[Any]:
    """Cases 5 and 6: in the second and in the third round nothing is left of what the first review saw."""
    return [
        *_to_second(desk, 4, 4, 5),
        _referred(desk, 1, 1, 4),
        partial(desk.withdraw_item, number=5, right=True, sender=0),
        *_judged(desk, 1, 5, "declined"),
        *_to_second(desk, 5, 5, 6),
        *_judged(desk, 1, 6, "declined"),
        _referred(desk, 1, 2, 5),
        partial(desk.withdraw_item, number=7, right=True, sender=0),
        *_judged(desk, 2, 6, "accepted"),
        *_judged(desk, 0, 6, "declined", asks=True),
        *_judged(desk, 1, 6, "declined"),
    ]


def _round_turns(desk: DeskMachine) -> None:
    """Second and third reviews: due, recorded, undone, in agreement or not, withdrawn, begun again."""
    try:
        _told(desk, *_disputed(desk), *_withdrawn_in_rounds(desk), *_begun_again(desk))
    finally:
        desk.teardown()


def test_second_and_third_reviews_go_as_the_rules_say(machine: type[DeskMachine]) -> None:
    _round_turns(machine())
    seen = machine.seen
    wanted = (
        "second by first", "record, second", "undo in second_review", "differ by second", "record, resolving",
        "undo in resolving", "decided by resolving", "decided by second", "dropped by second",
        "dropped by resolving", "moved on", "died", "claim: case_not_claimable", "ask: claim_lost",
        "record: stale_version", "undo: undo_window_over", "undo: not_permitted", "undo: nothing_to_undo",
        "renew: claim_lost", "withdraw item", "withdraw referral",
    )  # fmt: skip
    assert [name for name in wanted if not seen[name]] == []
    assert seen["second by first"] == 8


@pytest.mark.parametrize(
    ("place", "instead"),
    [
        ("review.actions.dispatching.agrees", lambda *_reviews: True),
        ("review.actions.rounds._leap", lambda _number: 1),
        ("review.actions.dispatching.why_second", lambda *_arguments, **_named: ()),
        ("review.actions.dispatching.drop_reviews", lambda *_arguments, **_named: None),
    ],
)
@pytest.mark.parametrize("machine", [_sqlite], ids=["sqlite"], indirect=True)
def test_a_program_with_one_rule_of_rounds_changed_is_found_out(
    machine: type[DeskMachine], monkeypatch: pytest.MonkeyPatch, place: str, instead: object
) -> None:
    monkeypatch.setattr(place, instead)
    with pytest.raises(AssertionError):
        _round_turns(machine())


def test_the_rare_turns_of_a_case_go_as_the_rules_say(machine: type[DeskMachine]) -> None:
    _rare_turns(machine())
    seen = machine.seen
    wanted = (
        "record: stale_version", "draft", "undo: not_permitted", "undo", "undo: undo_window_over",
        "undo: nothing_to_undo", "dropped", "dispatch: not_dispatchable", "dispatched", "moved on",
        "withdraw item: not_withdrawable", "withdraw referral: not_withdrawable", "died", "withdraw referral",
        "renew: claim_lost", "submit: reference_conflict", "next: too_many_claims", "expired", "restarted",
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
