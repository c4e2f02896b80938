"""Loops of several machines on one database: each piece of work is done once, and none is left."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.cases import claim_case
from review.actions.heartbeats import Beat
from review.actions.trail import verify_trail
from review.config import read_settings
from review.domain.loops import LOOPS as NAMES
from review.domain.permissions import OPERATOR
from review.models import Base, Case, Decision, Heartbeat, Leaf, Opening, PendingEvent
from review.workers import expiring, sequencing, signing
from review.workers.loops import LOOPS
from review.workers.pulse import Pulse
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, receive, sender_actor
from tests.house.readme_tables import ROOT
from tests.journeys.server import Browser, Program, running, until
from tests.journeys.working import review_next
from tests.threads import together
from tests.trails import settle

ROUNDS = 8


def test_the_names_of_the_loops_are_those_that_run() -> None:
    assert tuple(LOOPS) == NAMES


def test_two_sequencers_and_two_signers_at_once_make_one_sound_trail(desk: Desk) -> None:
    settle(desk.settings.data_dir)
    actor = sender_actor(make_sender())
    for number in range(3):
        for place in range(5):
            receive(actor, f"https://video.example/{number}/{place}")
        turns = [lambda: sequencing.run_once(desk.app), lambda: signing.run_once(desk.app)] * 3
        assert [found for found in together(desk.app, turns) if isinstance(found, Exception)] == []
    while sequencing.run_once(desk.app) or signing.run_once(desk.app):
        pass
    assert _count(desk, PendingEvent) == 0
    assert _count(desk, Leaf) == _count(desk, Opening)
    assert verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding.intact


def test_expirers_at_once_end_each_claim_once(desk: Desk) -> None:
    moderators = [make_account() for _ in range(3)]
    for actor in moderators:
        claim_case(make_case(), actor=actor)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        turns = [lambda: expiring.run_once(desk.app)] * 4
        assert [found for found in together(desk.app, turns) if isinstance(found, Exception)] == []
        while expiring.run_once(desk.app):
            pass
    assert _events(desk)["case.claim_expired"] == len(moderators)
    assert _count(desk, Case, Case.claimed_by.is_not(None)) == 0


def _count(desk: Desk, table: type[Base], *wanted: sa.ColumnElement[bool]) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table).where(*wanted)) or 0


def _events(desk: Desk) -> Counter[str]:
    return Counter(desk.session.scalars(sa.select(Opening.event_type)))


def test_a_pulse_tells_of_turns_and_faults_and_survives_a_lost_database(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse()
    pulse.turned("sign")
    pulse.turned("sign", failure="trail_broken")
    pulse.turned("dispatch", failure="unexpected")
    pulse.write(desk.app)
    rows = {row.loop: row for row in desk.session.scalars(sa.select(Heartbeat))}
    assert (rows["sign"].failure, rows["dispatch"].succeeded_at) == ("trail_broken", None)
    assert rows["sign"].succeeded_at is not None
    assert rows["sign"].process.endswith(f":{os.getpid()}")

    def down(_beats: list[Beat], **_options: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("gone"))

    monkeypatch.setattr("review.workers.pulse.record_heartbeats", down)
    pulse.write(desk.app)


def _loops(program: Program) -> "subprocess.Popen[bytes]":
    """Another machine's `flask work`."""
    log = program.closing.enter_context((program.folder / "work.log").open("ab"))
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "work"], env=program.environment, cwd=ROOT, stdout=log, stderr=log
    )


def test_three_processes_of_loops_dispatch_everything_once(database_url: str, tmp_path: Path) -> None:
    program = Program(tmp_path, database_url, hosts="video.example", undo_seconds=0)
    others: list[subprocess.Popen[bytes]] = []
    with running(program):
        program.add_account("first@desk.example", "moderator")
        sender_id = program.command("senders", "create", "Unit", "--kind", "iru")["id"]
        key = str(program.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"])
        others += [_loops(program), _loops(program)]
        sender, moderator = program.sender(key), Browser(program)
        moderator.sign_in("first@desk.example")
        moderator.get("/queue")
        try:
            for number in range(ROUNDS):
                body = {
                    "reference": f"N-{number}",
                    "reason": "Branded propaganda.",
                    "items": [{"url": f"https://video.example/{number}"}],
                }
                assert sender.post("/api/v1/referrals", json=body).status_code == 201
            for _ in range(ROUNDS):  # five at a time: the next one when the loops have sent one out
                until(lambda: review_next(moderator))
            wanted = {"status": "decided", "limit": "200"}
            until(lambda: len(sender.get("/api/v1/referrals", params=wanted).json()["referrals"]) == ROUNDS)
            until(lambda: sender.get("/readyz").status_code == 200)
            until(lambda: len(_telling(program)) == 6, seconds=180)  # of each, its loops and its signer
            others[0].terminate()
            assert others[0].wait(30) == 0
            assert len(_telling(program)) == 4
        finally:
            for other in others:
                other.kill()
                other.wait()
        assert program.run("trail", "verify").returncode == 0
    with _connection(program) as connection:
        per_case = Counter(connection.scalars(sa.select(Decision.case_id)))
        assert set(per_case.values()) == {1}
        assert set(connection.scalars(sa.select(Case.state))) == {"decided"}


@contextmanager
def _connection(program: Program) -> Iterator[sa.Connection]:
    engine = db.create_engine(read_settings(program.environment))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _telling(program: Program) -> set[str]:
    """Processes whose loops told of themselves."""
    with _connection(program) as connection:
        return set(connection.scalars(sa.select(Heartbeat.process)))
