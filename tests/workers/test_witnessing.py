"""Witnesses are asked after each checkpoint; nobody waits for them, and what they cosign is published."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.domain.cosignatures import cosignature_of
from review.domain.signed_note import parse_checkpoint, verify
from review.domain.witness_policy import parse_policy
from review.domain.witness_requests import FAILURE_WORDS, WitnessFailure, write_request
from review.formats import key_files
from review.formats.receipts import check_receipt
from review.models import Cosignature
from review.queries.checkpoints import newest_checkpoint
from review.queries.health import Check, readiness
from review.workers import signing, witnessing
from tests.conftest import Desk
from tests.domain.test_witness_policy import policy_text
from tests.factories import make_key, make_sender
from tests.receivers import Heard, Receiver, Reply, receiving
from tests.trails import record_events, refer, settle
from tests.witnessing import Place, Tree, ask, new_place, serving


@dataclass
class Cosigned:
    """A desk with three witnesses, of which two are a quorum."""

    desk: Desk
    vkey: str
    places: list[Place] = field(default_factory=list)
    receivers: list[Receiver] = field(default_factory=list)

    def turn(self) -> None:
        """Sign, let everybody answer, record what they said."""
        signing.run_once(self.desk.app)
        witnessing.run_once(self.desk.app)
        rounds = witnessing._rounds.get(id(self.desk.app))
        if rounds is not None:
            wait(rounds.under_way.values(), timeout=30)
        witnessing.ask_witnesses(self.desk.app)
        self.desk.session.rollback()

    def grow(self) -> int:
        """A few more events with a checkpoint; its size."""
        record_events(3)
        settle(self.desk.settings.data_dir)
        self.desk.session.rollback()
        newest = newest_checkpoint(self.desk.session)
        assert newest is not None
        return newest.size

    def check(self) -> Check:
        """What health says of the witnesses."""
        self.desk.session.rollback()
        policy = self.desk.app.config["REVIEW_WITNESSES"]
        checks = readiness(self.desk.session, now=clock.now(), rooms=(), witnesses=policy)
        return next(one for one in checks if one.name == "witnesses")

    def sizes(self) -> dict[str, Sequence[int]]:
        """Which checkpoints each has cosigned."""
        self.desk.session.rollback()
        return {
            place.vkey: self.desk.session.scalars(
                sa.select(Cosignature.size)
                .where(Cosignature.witness == "+".join(place.vkey.split("+", 2)[:2]))
                .order_by(Cosignature.size)
            ).all()
            for place in self.places
        }


@pytest.fixture
def cosigned(desk: Desk, tmp_path: Path) -> Iterator[Cosigned]:
    record_events(5)
    settle(desk.settings.data_dir)
    vkey = key_files.read_vkey(desk.settings.data_dir)
    with ExitStack() as running:
        found = Cosigned(desk, vkey)
        for name in ("legal", "sender", "court"):
            place = new_place(tmp_path / name, f"{name}.example/witness")
            found.places.append(place)
            found.receivers.append(running.enter_context(serving(place.open(vkey))))
        urls = [receiver.url("/") for receiver in found.receivers]
        keys = [place.vkey for place in found.places]
        desk.app.config["REVIEW_WITNESSES"] = parse_policy(policy_text(vkey, keys, urls))
        yield found
        witnessing.finish(desk.app)


def silence(receiver: Receiver, status: int = 500, body: bytes = b"") -> None:
    receiver.reply = lambda _heard: Reply(status, body)


def test_a_checkpoint_is_published_with_every_cosignature(cosigned: Cosigned) -> None:
    cosigned.turn()
    size = cosigned.grow()
    before = cosigned.desk.client().get("/log/checkpoint").text
    assert len(parse_checkpoint(before).signatures) == 1
    cosigned.turn()
    published = cosigned.desk.client().get("/log/checkpoint").text
    assert verify(published, cosigned.vkey).size == size
    assert all(cosignature_of(parse_checkpoint(published), place.vkey) for place in cosigned.places)
    assert [len(sizes) for sizes in cosigned.sizes().values()] == [2, 2, 2]
    assert not cosigned.check().warning
    assert f"The quorum stands for the first {size} entries" in cosigned.check().sentence
    # nothing new: nobody is asked again
    heard = [len(receiver.heard) for receiver in cosigned.receivers]
    cosigned.turn()
    assert [len(receiver.heard) for receiver in cosigned.receivers] == heard


def test_a_witness_that_is_down_keeps_nobody_from_signing(cosigned: Cosigned) -> None:
    silence(cosigned.receivers[0])
    for _number in range(2):
        size = cosigned.grow()
        cosigned.turn()
    failed, *others = cosigned.sizes().values()
    assert (failed, [sizes[-1] for sizes in others]) == ([], [size, size])
    assert len(cosigned.receivers[0].heard) == 1, "it is left out for a while"
    check = cosigned.check()
    assert (check.ok, check.warning) == (True, True)
    assert f"The quorum stands for the first {size} entries" in check.sentence
    assert FAILURE_WORDS[WitnessFailure.REFUSED] in check.sentence


def test_signing_does_not_wait_for_one_that_never_ends(
    cosigned: Cosigned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing, "LIMIT_SECONDS", 0.5)
    cosigned.receivers[0].reply = lambda _heard: Reply(way="drip")
    signing.run_once(cosigned.desk.app)
    size = cosigned.grow()
    signing.run_once(cosigned.desk.app)
    cosigned.desk.session.rollback()
    newest = newest_checkpoint(cosigned.desk.session)
    assert newest is not None
    assert newest.size == size, "signed while the round is still under way"
    cosigned.turn()
    assert FAILURE_WORDS[WitnessFailure.NO_ANSWER] in cosigned.check().sentence


def test_a_missing_quorum_is_told_and_does_not_fail_readiness(cosigned: Cosigned) -> None:
    for receiver in cosigned.receivers[:2]:
        silence(receiver, 403)
    assert "The quorum stands for no checkpoint yet." in cosigned.check().sentence
    cosigned.turn()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        traveller.shift(61)
        check = cosigned.check()
    assert (check.ok, check.warning) == (True, True)
    assert "has been missing for newer checkpoints" in check.sentence
    assert FAILURE_WORDS[WitnessFailure.NOT_TRUSTED] in check.sentence
    assert [len(sizes) for sizes in cosigned.sizes().values()] == [0, 0, 1]


def test_a_failed_witness_is_asked_again_later(cosigned: Cosigned) -> None:
    reply = cosigned.receivers[0].reply
    silence(cosigned.receivers[0])
    cosigned.turn()
    cosigned.receivers[0].reply = reply
    with time_machine.travel(clock.now(), tick=False) as traveller:
        traveller.shift(witnessing.PAUSE_SECONDS + 1)
        cosigned.turn()
    assert [len(sizes) for sizes in cosigned.sizes().values()] == [1, 1, 1]
    assert not cosigned.check().warning


def test_a_desk_goes_on_from_the_size_that_a_witness_remembers(cosigned: Cosigned) -> None:
    newest = newest_checkpoint(cosigned.desk.session)
    assert newest is not None
    for place in cosigned.places:
        elsewhere = write_request(0, path=(), checkpoint_text=newest.note)
        assert ask(place.open(cosigned.vkey), elsewhere).status_code == 200
    size = cosigned.grow()
    cosigned.turn()
    assert not any(cosigned.sizes().values())
    assert "asked last" not in cosigned.check().sentence
    cosigned.turn()
    assert list(cosigned.sizes().values()) == [[size]] * 3


def test_two_histories_under_one_key_are_found_out(cosigned: Cosigned) -> None:
    key = key_files.read_key(cosigned.desk.settings.data_dir)
    fork = Tree("another", origin=key.name, signer=key.private_key)
    assert ask(cosigned.places[0].open(cosigned.vkey), fork.request(0, 2)).status_code == 200
    cosigned.turn()
    cosigned.turn()
    check = cosigned.check()
    assert FAILURE_WORDS[WitnessFailure.OTHER_HISTORY] in check.sentence
    assert (check.warning, "stop signing" in check.next_step) == (True, True)
    assert cosigned.sizes()[cosigned.places[0].vkey] == []


def test_a_witness_that_names_sizes_without_end_is_left_out(cosigned: Cosigned) -> None:
    silence(cosigned.receivers[0], 409, b"1\n")
    for _number in range(4):
        cosigned.turn()
    assert len(cosigned.receivers[0].heard) == 2
    assert FAILURE_WORDS[WitnessFailure.MOVED] in cosigned.check().sentence


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (200, b"", WitnessFailure.NOT_COSIGNED),
        (200, b"\xff", WitnessFailure.NOT_COSIGNED),
        (200, "— sender.example/witness AAAA\n".encode(), WitnessFailure.NOT_COSIGNED),
        (403, b"no", WitnessFailure.NOT_TRUSTED),
        (404, b"no", WitnessFailure.UNKNOWN_LOG),
        (409, b"no", WitnessFailure.OTHER_HISTORY),
        (409, b"999999\n", WitnessFailure.AHEAD),
        (422, b"no", WitnessFailure.OTHER_HISTORY),
        (302, b"", WitnessFailure.REFUSED),
        (503, b"", WitnessFailure.REFUSED),
    ],
)
def test_what_does_not_hold_is_told_and_not_published(
    cosigned: Cosigned, status: int, body: bytes, failure: WitnessFailure
) -> None:
    silence(cosigned.receivers[1], status, body)
    cosigned.turn()
    assert FAILURE_WORDS[failure] in cosigned.check().sentence
    published = parse_checkpoint(cosigned.desk.client().get("/log/checkpoint").text)
    assert len(published.signatures) == 3
    assert cosignature_of(published, cosigned.places[1].vkey) is None


def test_a_cosignature_of_another_checkpoint_is_not_published(cosigned: Cosigned) -> None:
    kept: list[bytes] = []
    answering = cosigned.receivers[1].reply

    def replay(heard: Heard) -> Reply:
        reply = answering(heard)
        kept.append(reply.body)
        return Reply(200, kept[0])

    cosigned.receivers[1].reply = replay
    cosigned.turn()
    cosigned.grow()
    cosigned.turn()
    assert [len(sizes) for sizes in cosigned.sizes().values()] == [2, 1, 2]


def test_a_receipt_carries_the_cosignatures(cosigned: Cosigned) -> None:
    desk, key = cosigned.desk, make_key(make_sender())
    told = refer(desk.client(), key)
    settle(desk.settings.data_dir)
    cosigned.turn()
    cosigned.grow()  # newer, and not cosigned
    answer = desk.client().get(
        f"/api/v1/referrals/{told['id']}/receipt", headers={"Authorization": f"Bearer {key}"}
    )
    proven = check_receipt(answer.data, cosigned.vkey)
    assert all(cosignature_of(proven.checkpoint, place.vkey) for place in cosigned.places)


def test_the_public_page_names_who_saw_it_and_when(cosigned: Cosigned) -> None:
    desk, key, web = cosigned.desk, make_key(make_sender()), cosigned.desk.client()
    told = refer(web, key)
    settle(desk.settings.data_dir)
    address = f"/api/v1/referrals/{told['id']}/receipt"
    receipts = [web.get(address, headers={"Authorization": f"Bearer {key}"}).text]
    cosigned.turn()
    desk.session.rollback()
    receipts.append(web.get(address, headers={"Authorization": f"Bearer {key}"}).text)
    receipts.append(receipts[1][:-6] + "AAAA=\n")
    pages = []
    for receipt in receipts:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', web.get("/verify").text)
        assert token is not None
        pages.append(web.post("/verify", data={"csrf_token": token[1], "receipt": receipt}).text)
    assert [page.count("Existed no later than") for page in pages] == [0, 3, 0]
    names = ["+".join(place.vkey.split("+", 2)[:2]) for place in cosigned.places]
    assert [[name in page for name in names] for page in pages[:2]] == [[False] * 3, [True] * 3]
    assert "The signature is wrong" in pages[2]


def test_nobody_is_asked_without_a_policy(desk: Desk) -> None:
    record_events(2)
    settle(desk.settings.data_dir)
    witnessing.run_once(desk.app)
    assert id(desk.app) not in witnessing._rounds
    names = {one.name for one in readiness(desk.session, now=clock.now(), rooms=())}
    assert "witnesses" not in names


def test_what_is_under_way_at_the_end_is_recorded(cosigned: Cosigned) -> None:
    witnessing.run_once(cosigned.desk.app)
    witnessing.finish(cosigned.desk.app)
    assert [len(sizes) for sizes in cosigned.sizes().values()] == [1, 1, 1]


def test_a_closed_port_is_a_failure_like_others(cosigned: Cosigned) -> None:
    with receiving() as gone:
        url = gone.url("")
    policy = policy_text(cosigned.vkey, [cosigned.places[0].vkey], [url])
    cosigned.desk.app.config["REVIEW_WITNESSES"] = parse_policy(policy)
    cosigned.turn()
    assert FAILURE_WORDS[WitnessFailure.NO_ANSWER] in cosigned.check().sentence
