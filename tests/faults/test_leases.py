"""C-06: around the end of a claim two people never both have the case, whatever stops in between."""

import os
import random
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import cases, claiming, decisions
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import CaseNotClaimable, ClaimLost
from review.models import Case
from tests.conftest import Desk
from tests.factories import make_account, make_case, referral_body
from tests.faults import invariants
from tests.faults.clocks import step
from tests.faults.conftest import MakeDesk
from tests.faults.connection import Answer, Connection
from tests.faults.faulted import SERVER, FaultedDesk, until
from tests.faults.load import hidden_fields
from tests.faults.trail_events import Events
from tests.threads import together

pytestmark = pytest.mark.faults

TRIALS = 100
# most of them where it is tightest
SPANS_SECONDS = (0.003, 0.003, 0.01, 0.05)
HOUR = 3600
REVIEW = ReviewInput(
    outcome="declined",
    decline_reason="no_breach",
    rationale="Compared with our clauses; nothing breaks one.",
    statement="We have compared the item with our terms.",
)


def at(moment: datetime, act: Callable[[], Any]) -> Callable[[], Any]:
    """The act, once the clock shows ``moment``."""

    def run() -> Any:
        threading.Event().wait(max((moment - clock.now()).total_seconds(), 0))
        return act()

    return run


def trial(desk: Desk, holder: Actor, rival: Actor, chance: random.Random) -> list[Any]:
    """One decides and another claims, each within 3 to 50 ms of the end of the claim; what they got."""
    case_id = make_case()
    claim = cases.claim_case(case_id, actor=holder)
    ends = desk.session.scalar(sa.select(Case.claimed_until).where(Case.id == case_id))
    assert ends is not None
    desk.session.rollback()

    def decide() -> Any:
        return decisions.record_review(
            case_id, REVIEW, claim_generation=claim.claim_generation, version=claim.version, actor=holder
        )

    span = chance.choice(SPANS_SECONDS)
    first, second = (ends + timedelta(seconds=chance.uniform(-span, span)) for _ in range(2))
    with time_machine.travel(min(first, second), tick=True):
        decided, claimed = together(
            desk.app, [at(first, decide), at(second, lambda: cases.claim_case(case_id, actor=rival))]
        )
    # a gap is allowed, an overlap is not
    assert isinstance(decided, ClaimLost) or isinstance(claimed, CaseNotClaimable), (decided, claimed)
    assert isinstance(decided, decisions.Recorded | ClaimLost), decided
    assert isinstance(claimed, claiming.Claim | CaseNotClaimable), claimed
    if isinstance(decided, decisions.Recorded):
        assert decided.undo_until - timedelta(seconds=desk.settings.undo_seconds) < ends
    with time_machine.travel(ends + timedelta(hours=1), tick=False):
        cases.expire_claims(actor=SERVICE)
    return [decided, claimed]


def test_nobody_decides_what_somebody_else_holds(desk: Desk, times: int) -> None:
    holder, rival, chance = make_account(Role.MODERATOR), make_account(Role.MODERATOR), random.Random(6)
    results = [trial(desk, holder, rival, chance) for _number in range(TRIALS * times)]
    decided = sum(isinstance(result[0], decisions.Recorded) for result in results)
    claimed = sum(isinstance(result[1], claiming.Claim) for result in results)
    assert decided
    assert claimed
    print(
        f"\n{len(results)} ends of a claim: {decided} decided before it, {claimed} claimed after it, 0 both"
    )
    reader = desk.session
    scene = invariants.Scene(reader, desk.settings.data_dir, [], None, Events(reader))
    assert invariants.claims_have_one_holder(scene) == []


class Holder:
    """A moderator with a case open in front of them."""

    def __init__(self, desk: FaultedDesk, number: int = 0) -> None:
        self.connection = Connection(desk.port, cookies=desk.people.moderators[number][1])
        self.answers: list[Answer] = []
        self.token = hidden_fields(self.connection.request("GET", "/queue").text)["csrf_token"]

    def take_next(self) -> str:
        """Claim the next case; where it is."""
        return self.connection.post_form("/queue/next", csrf_token=self.token).location

    def form(self, path: str) -> dict[str, str]:
        """Open the case and fill its form in."""
        return hidden_fields(self.connection.request("GET", path).text) | {
            "outcome": "declined", "decline_reason": "no_breach", "then": "stay",
            "rationale": REVIEW.rationale, "statement": REVIEW.statement,
        }  # fmt: skip

    def send(self, path: str, form: dict[str, str]) -> threading.Thread:
        """Post the record from a thread of its own."""
        thread = threading.Thread(
            target=lambda: self.answers.append(self.connection.post_form(path + "/review", **form))
        )
        thread.start()
        return thread


def refer(desk: FaultedDesk) -> None:
    connection = Connection(desk.port, key=desk.people.keys[0])
    body = referral_body("LEASE-1", "https://video.example/lease")
    assert (
        connection.request("POST", "/api/v1/referrals", body, {"Content-Type": "application/json"}).status
        == 201
    )
    connection.close()


def stopped(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_holder_stopped_past_the_end_decides_nothing(make_desk: MakeDesk, tmp_path: Path) -> None:
    """The server stands still while the claim ends; the decision that arrived meanwhile is refused."""
    moved = tmp_path / "clock"
    step(moved, 0)
    desk = make_desk(clock=str(moved), workers=1)
    desk.start(SERVER)
    refer(desk)
    holder = Holder(desk)
    path = holder.take_next()
    [worker] = desk.server_workers()
    form = holder.form(path)
    os.kill(worker, signal.SIGSTOP)
    until(lambda: stopped(worker))
    thread = holder.send(path, form)
    step(moved, HOUR)
    os.kill(worker, signal.SIGCONT)
    thread.join()
    holder.connection.close()
    assert holder.answers[0].status == 409
    assert "Your claim on this case has ended" in holder.answers[0].text
    rival = Holder(desk, 1)
    assert rival.take_next() == path
    rival.connection.close()
    desk.check()


def test_a_process_stopped_inside_its_transaction_loses_to_the_new_holder(
    make_postgres_desk: MakeDesk,
) -> None:
    """It read the clock in time, then stood still; the claim's generation in the UPDATE refuses it."""
    desk = make_postgres_desk(variant="stop_in_review", workers=1)
    desk.start(SERVER)
    refer(desk)
    # ready before anybody waits for an answer: a start takes as long as the machine likes
    other = desk.second(clock=str(HOUR))
    other.start(SERVER)
    holder, rival = Holder(desk), Holder(other, 1)
    path = holder.take_next()
    [worker] = desk.server_workers()
    thread = holder.send(path, holder.form(path))
    until(lambda: stopped(worker))
    assert rival.take_next() == path
    rival.connection.close()
    os.kill(worker, signal.SIGCONT)
    thread.join()
    holder.connection.close()
    assert holder.answers[0].status == 409
    assert "Your claim on this case has ended" in holder.answers[0].text
    desk.check()
