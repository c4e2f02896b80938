"""The client against a desk that is served on both databases, and against answers that get lost."""

import gzip
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from review import client
from review.client import NoAnswer, Place, Refused
from review.domain.signed_note import checkpoint_body, sign
from review.errors import TrailBroken
from review.models import Referral
from tests.conftest import Desk
from tests.factories import make_key, make_sender, referral_body
from tests.journeys.inside import served
from tests.receivers import Heard, Receiver, Reply, receiving
from tests.trails import decide_all, record_events, settle

BODY: dict[str, Any] = {
    "reference": "UNIT-1",
    "reason": "A reason.",
    "items": [{"url": "https://video.example/1"}],
}


def numbered(number: int) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(referral_body(f"N-{number}", f"https://video.example/{number}"))
    return body


@dataclass
class Sender:
    """A sender at a served desk: its client, its folder, and how long it had to wait."""

    desk: Desk
    address: str
    folder: Path
    key: str
    waited: list[float] = field(default_factory=list)

    def client(self, **given: Any) -> client.Desk:
        """A client that starts anew with what the folder holds; instead of waiting it notes how long."""
        return client.Desk(self.address, self.key, folder=self.folder, wait=self.waited.append, **given)

    def settle(self) -> None:
        """Sequence and sign what waits."""
        self.desk.session.rollback()
        settle(self.desk.settings.data_dir)


@pytest.fixture
def sender(desk: Desk, tmp_path: Path) -> Iterator[Sender]:
    key = make_key(make_sender())
    with served(desk.app) as address:
        yield Sender(desk, address, tmp_path / "sender", key)


def referrals(desk: Desk) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(Referral)) or 0


def answering(receiver: Receiver, *replies: Reply) -> None:
    """These answers in turn, the last one for ever."""
    left = list(replies)
    receiver.reply = lambda _heard: left.pop(0) if len(left) > 1 else left[0]


def problem(status: int, code: str, **headers: str) -> Reply:
    body = json.dumps({"type": f"/errors/{code}", "title": "No", "status": status, "detail": "Because."})
    return Reply(status, body.encode(), {"Content-Type": "application/problem+json", **headers})


def speaking_to(receiver: Receiver, **given: Any) -> client.Desk:
    return client.Desk(f"http://127.0.0.1:{receiver.port}", "rr_key", **({"wait": lambda _s: None} | given))


DONE = Reply(201, b'{"id": "R-1"}', {"Content-Type": "application/json"})


def test_a_referral_whose_answer_got_lost_is_received_once(sender: Sender) -> None:
    whole = sender.desk.app.wsgi_app
    lost: list[str] = []

    def losing(environ: Any, start: Callable[..., Any]) -> Any:
        answer = whole(environ, (lambda *_a: lambda _b: None) if not lost else start)
        if not lost:
            lost.append(b"".join(answer).decode())
            start("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<html>"]
        return answer

    sender.desk.app.wsgi_app = losing  # type: ignore[assignment,method-assign]
    received = sender.client().refer(BODY)
    assert received == json.loads(lost[0])
    assert referrals(sender.desk) == 1
    assert len(sender.waited) == 1


def test_the_same_key_goes_with_every_try_and_the_next_referral_has_another() -> None:
    with receiving() as receiver:
        answering(receiver, Reply(way="reset"), Reply(500), Reply(504), DONE)
        desk = speaking_to(receiver)
        desk.refer(BODY)
        desk.refer(BODY)
        *tries, other = [heard.headers["idempotency-key"] for heard in receiver.heard]
        assert len(tries) == 4
        assert len(set(tries)) == 1
        assert other not in tries
        assert receiver.heard[0].headers["authorization"] == "Bearer rr_key"
        assert all(json.loads(heard.body) == BODY for heard in receiver.heard)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (problem(503, "overloaded", **{"Retry-After": "7"}), 7),
        (problem(429, "too_many_requests", **{"Retry-After": "Mon, 23 Nov 2026 10:01:00 GMT"}), 40),
        (problem(429, "too_many_requests", **{"Retry-After": "999999"}), 900),
        (problem(503, "database_busy", **{"Retry-After": "Mon, 23 Nov 2026 09:00:00 GMT"}), 0),
    ],
)
def test_the_desk_says_how_long_to_wait(reply: Reply, expected: float) -> None:
    waited: list[float] = []
    with receiving() as receiver, time_machine.travel("2026-11-23T10:00:20Z", tick=False):
        answering(receiver, reply, DONE)
        assert speaking_to(receiver, wait=waited.append).refer(BODY) == {"id": "R-1"}
    assert waited == [expected]


@pytest.mark.parametrize("asked", ["", "soon", "-5", "٣"])
def test_without_a_word_it_waits_longer_each_time_and_in_the_end_says_that_nothing_is_known(
    asked: str,
) -> None:
    waited: list[float] = []
    with receiving() as receiver:
        answering(receiver, problem(503, "overloaded", **({"Retry-After": asked} if asked.isascii() else {})))
        with pytest.raises(NoAnswer, match="5 tries without an answer; the last one: 503"):
            speaking_to(receiver, wait=waited.append, tries=5).refer(BODY)
        assert len(receiver.heard) == 5
    assert [0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waited)] == [True] * 4


def test_a_desk_that_cannot_be_reached_or_is_mute_gives_no_answer() -> None:
    with receiving() as receiver:
        port = receiver.port
        receiver.reply = lambda _heard: Reply(way="drip")
        with pytest.raises(NoAnswer, match="2 tries"):
            speaking_to(receiver, tries=2, timeout_seconds=0.01).refer(BODY)
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        client.Desk(f"http://127.0.0.1:{port}", tries=2, wait=lambda _s: None).refer(BODY)


def test_what_is_in_flight_is_asked_again_and_what_is_refused_is_not(sender: Sender) -> None:
    with receiving() as receiver:
        answering(receiver, problem(409, "idempotency_in_flight"), DONE)
        assert speaking_to(receiver).refer(BODY) == {"id": "R-1"}
        answering(receiver, Reply(302, b"", {"Location": "http://127.0.0.1:1/"}))
        with pytest.raises(Refused) as refused:
            speaking_to(receiver).refer(BODY)
        assert (refused.value.status, refused.value.code, len(receiver.heard)) == (302, "", 3)
    desk = sender.client()
    first = desk.refer(BODY)
    assert desk.refer(BODY)["id"] == first["id"], "the same again is the same"
    with pytest.raises(Refused) as refused:
        desk.refer(BODY | {"reason": "Another reason."})
    assert (refused.value.status, refused.value.code) == (409, "reference_conflict")
    assert refused.value.problem["id"] == first["id"]
    with pytest.raises(Refused) as refused:
        desk.refer({"reference": "UNIT-2"})
    assert {error["pointer"] for error in refused.value.problem["errors"]} == {"/items", "/reason"}
    assert sender.waited == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_refusal_that_something_in_between_wrote_is_a_refusal_all_the_same(body: bytes) -> None:
    with receiving() as receiver:
        answering(receiver, Reply(403, body, {"Content-Type": "application/problem+json"}))
        with pytest.raises(Refused) as refused:
            speaking_to(receiver).refer(BODY)
        assert (refused.value.status, refused.value.code) == (403, "")


def test_a_batch_of_any_length_is_sent_once_however_often(sender: Sender, tmp_path: Path) -> None:
    desk = sender.client()
    batch = desk.refer_many(numbered(number) for number in range(120))
    assert (batch["lines"], batch["received"], batch["refused"]) == (120, 120, 0)
    plain, packed = tmp_path / "lines.ndjson", tmp_path / "lines.ndjson.gz"
    lines = b"".join(json.dumps(numbered(n)).encode() + b"\n" for n in range(119, 122)) + b"{}\n"
    plain.write_bytes(lines)
    packed.write_bytes(gzip.compress(lines))
    first, second = desk.refer_file(plain), desk.refer_file(packed)
    assert (first["received"], first["repeated"], first["refused"]) == (2, 1, 1)
    assert (second["received"], second["repeated"], second["refused"]) == (0, 3, 1)
    results = list(desk.results(first["id"]))
    assert [result["line"] for result in results] == [1, 2, 3, 4]
    assert "errors" in results[3]
    assert len(list(desk.changes(Place(), batch=first["id"]))) == 3
    assert referrals(sender.desk) == 122


def test_a_batch_that_is_refused_before_it_is_read_is_sent_again_from_its_beginning() -> None:
    with receiving() as receiver:
        heard: list[bytes] = []

        def reply(one: Heard) -> Reply:
            heard.append(one.body)
            return problem(503, "overloaded") if len(heard) == 1 else Reply(200, b'{"lines": 3}')

        receiver.reply = reply
        assert speaking_to(receiver).refer_many(numbered(n) for n in range(3)) == {"lines": 3}
    assert heard[0] == heard[1]
    assert gzip.decompress(heard[1]).count(b"\n") == 3


def test_every_change_is_given_once_over_pages_and_restarts(sender: Sender, tmp_path: Path) -> None:
    desk, kept = sender.client(), tmp_path / "place.json"
    desk.refer_many(numbered(number) for number in range(230))
    place = Place.read(kept)
    first = list(desk.changes(place))
    assert len({referral["id"] for referral in first}) == len(first) == 230
    place.write(kept)
    assert list(sender.client().changes(Place.read(kept))) == []
    late = desk.refer(BODY)
    place = Place.read(kept)
    assert next(sender.client().changes(place))["id"] == late["id"]
    assert [one["id"] for one in sender.client().changes(place)] == [late["id"]], (
        "not marked before it was used"
    )
    assert list(sender.client().changes(place)) == []
    since = desk.changes(Place(), since=late["updated_at"])
    assert [one["id"] for one in since] == [late["id"]]


def test_answers_are_seen_and_receipts_checked(sender: Sender) -> None:
    desk, place = sender.client(), Place()
    sender.settle()
    received = desk.refer(BODY)
    batch = desk.refer_many([{}])["id"]
    [waiting] = desk.changes(place)
    assert waiting["status"] == "in_review"
    sender.desk.session.rollback()
    decide_all()
    [answered] = desk.changes(place)
    item = answered["items"][0]
    assert (answered["status"], item["outcome"]) == ("decided", "declined")
    assert desk.referral(received["id"]) == answered
    client_that_waits = sender.client(tries=2)
    with pytest.raises(NoAnswer, match="202"):
        client_that_waits.receipt(received["id"])
    assert sender.waited == [2.0], "as long as the desk says"
    sender.settle()
    arrival, answer = desk.receipt(received["id"]), desk.receipt(received["id"], item["id"])
    assert desk.check_receipt(arrival).values["reference"] == b"UNIT-1"
    assert desk.check_receipt(desk.batch_receipt(batch)).object_id == batch
    proven = desk.check_receipt(answer)
    assert json.loads(proven.values["answer"])["outcome"] == "declined"
    assert (proven.object_id, proven.event_type) == (item["id"], "item.answered")
    with pytest.raises(TrailBroken) as broken:
        desk.check_receipt(arrival.replace(b"\nindex ", b"\nindex 1"))
    assert broken.value.values == {"part": "inclusion"}


def test_the_newest_checkpoint_is_kept_and_must_continue_the_one_before(sender: Sender) -> None:
    for batch in (1, 4, 300, 1):  # within a tile, over the edge of one, and a few more
        sender.desk.session.rollback()
        record_events(batch)
        sender.settle()
        newest = sender.client().newest_checkpoint()
        assert (sender.folder / "checkpoint").read_text().startswith(newest.body)
    assert newest.size == 306
    assert sender.client().newest_checkpoint() == newest
    other = sender.client(vkey=sender.client().vkey())
    assert other.newest_checkpoint() == newest


def test_a_checkpoint_from_a_message_may_be_older_than_the_one_kept(sender: Sender) -> None:
    desk, notes = sender.client(), []
    for batch in (3, 40):
        sender.desk.session.rollback()
        record_events(batch)
        sender.settle()
        notes.append(sender.desk.client().get("/log/checkpoint").text)
    assert desk.keep_checkpoint(notes[1]).size == 43
    assert desk.keep_checkpoint(notes[0]).size == 3
    assert (sender.folder / "checkpoint").read_text() == notes[1]


@pytest.mark.parametrize("size", [3, 6, 9])
def test_a_trail_that_was_changed_or_cut_is_found_out(sender: Sender, size: int) -> None:
    sender.desk.session.rollback()
    record_events(6)
    sender.settle()
    pem = (sender.desk.settings.data_dir / "keys" / "signer.pem").read_bytes()
    signer = load_pem_private_key(pem, password=None)
    assert isinstance(signer, Ed25519PrivateKey)
    name = sender.client().vkey().split("+")[0]
    forged = sign(checkpoint_body(name, size, bytes(32)), name=name, private_key=signer)
    (sender.folder / "checkpoint").write_text(forged)
    with pytest.raises(TrailBroken, match="it was cut" if size > 6 else "does not begin with"):
        sender.client().newest_checkpoint()
    assert (sender.folder / "checkpoint").read_text() == forged, "both stay as evidence"


def test_a_key_that_was_kept_is_believed_and_another_is_not(sender: Sender) -> None:
    sender.desk.session.rollback()
    record_events(2)
    sender.settle()
    stranger = "desk.example/trail+a2a5ac04+AdXSRJYqVzvWNNXKPXnBHB5iJvT4p1aJ5wFzIYGFCSaa"
    with pytest.raises(TrailBroken):
        sender.client(vkey=stranger).newest_checkpoint()
    sender.client().newest_checkpoint()
    assert (sender.folder / "vkey").read_text() == sender.desk.client().get("/log/key").text


def test_an_address_without_a_host_or_another_scheme_is_refused() -> None:
    for address in ("desk.example", "ftp://desk.example", "https://"):
        with pytest.raises(ValueError, match="begins with https"):
            client.Desk(address)
    trust = ssl.create_default_context()
    with pytest.raises(NoAnswer):
        client.Desk("https://127.0.0.1:1", trust=trust, tries=1).referral("R-1")
