"""What the verifier makes of a signed, whole trail that tells of what may not be; and of witnesses."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from review import clock, db, ledger
from review.domain.permissions import SERVICE, Actor, Role
from review.domain.signed_note import decode_base64, encode_base64, parse_checkpoint
from review.models import Item
from tests.bundles import Told, bundle_of, judged, policy_of, rewritten
from tests.conftest import Desk
from tests.factories import make_account, make_key, make_sender
from tests.trails import decide_all, refer, settle

Step = tuple[str, int, dict[str, str], dict[str, str | int]]
"""Type of an event on a case, which of three people (0: the service), fields and enumerations."""


def _claim(who: int, generation: int) -> Step:
    return ("case.claimed", who, {}, {"generation": generation, "way": "next"})


def _review(who: int, generation: int, number: str = "first", review: str = "V-1") -> Step:
    meta: dict[str, str | int] = {"round": number, "generation": generation}
    return ("case.review_recorded", who, {"review": review, "rationale": "Why."}, meta)


def _decided(review: str = "V-1") -> Step:
    return ("case.decided", 0, {"review": review}, {"outcome": "declined"})


DUE: Step = ("case.second_review_due", 0, {}, {"why": "random", "share": "0.2"})
DIFFER: Step = ("case.reviews_differ", 0, {}, {"shown_first": "first"})
COMPLAINED: Step = ("case.complaint_received", 3, {}, {"party": "sender"})
UPHELD: Step = ("case.upheld", 0, {"review": "V-2"}, {})
REVERSED_LATER: Step = ("case.reversed", 0, {"review": "V-3"}, {"outcome": "accepted"})
REVERSED: Step = ("case.reversed", 0, {"review": "V-2"}, {"outcome": "accepted"})
ONE = (_claim(1, 1), _review(1, 1), _decided())
TWO = (_claim(1, 1), _review(1, 1), DUE, _claim(2, 9), _review(2, 9, "second", "V-2"))

FALSE: dict[str, tuple[Sequence[Step], str]] = {
    "no claim": ((_review(1, 1),), "no claim by the same person"),
    "another's claim": ((_claim(2, 1), _review(1, 1)), "no claim by the same person"),
    "an older claim": ((_claim(1, 1), _review(1, 2)), "no claim by the same person"),
    "a released claim": (
        (_claim(1, 1), ("case.released", 1, {}, {"generation": 1}), _review(1, 1)),
        "no claim by the same person",
    ),
    "the same two eyes": (
        (_claim(1, 1), _review(1, 1), DUE, _claim(1, 9), _review(1, 9, "second")),
        "no four eyes",
    ),
    "the first resolves": ((*TWO, DIFFER, _claim(1, 20), _review(1, 20, "resolving")), "no four eyes"),
    "the second resolves": ((*TWO, DIFFER, _claim(2, 20), _review(2, 20, "resolving")), "no four eyes"),
    "second before first": ((_claim(1, 1), _review(1, 1, "second")), "not the round that comes next"),
    "nothing reviewed": ((_decided(),), "no review before it"),
    "another review": ((_claim(1, 1), _review(1, 1), _decided("V-9")), "no review before it"),
    "an undone review": (
        (_claim(1, 1), _review(1, 1), ("case.review_undone", 1, {}, {"round": "first"}), _decided()),
        "no review before it",
    ),
    "a complaint judged by the first": (
        (*ONE, COMPLAINED, _claim(1, 9), _review(1, 9, "complaint", "V-2"), UPHELD),
        "no four eyes",
    ),
    "a second complaint judged by the judge of the first": (
        (
            *ONE,
            COMPLAINED,
            _claim(2, 9),
            _review(2, 9, "complaint", "V-2"),
            REVERSED,
            COMPLAINED,
            _claim(2, 20),
            _review(2, 20, "complaint", "V-3"),
        ),
        "no four eyes",
    ),
    "judged without a complaint": (
        (*ONE, _claim(2, 9), _review(2, 9, "complaint", "V-2"), UPHELD),
        "not the round that comes next",
    ),
    "another round after a complaint": (
        (*ONE, COMPLAINED, _claim(2, 9), _review(2, 9, "second", "V-2"), UPHELD),
        "not the round that comes next",
    ),
    "reversed by nobody": ((*ONE, COMPLAINED, REVERSED), "no review before it"),
    "upheld by a review from before": (
        (*ONE, COMPLAINED, ("case.upheld", 0, {"review": "V-1"}, {})),
        "no review before it",
    ),
    "the second left out": ((_claim(1, 1), _review(1, 1), DUE, _decided()), "a second review was due"),
}
TRUE: dict[str, Sequence[Step]] = {
    "assigned": (("case.assigned", 3, {"holder": "1"}, {"generation": 1}), _review(1, 1), _decided()),
    "three people": (*TWO, DIFFER, _claim(3, 20), _review(3, 20, "resolving", "V-3"), _decided("V-3")),
    "undone and again by another": (
        _claim(1, 1), _review(1, 1), ("case.review_undone", 1, {}, {"round": "first"}),
        _claim(2, 2), _review(2, 2), _decided(),
    ),
    "upheld, then reversed by another": (
        *ONE, COMPLAINED, _claim(2, 9), _review(2, 9, "complaint", "V-2"), UPHELD,
        COMPLAINED, _claim(3, 20), _review(3, 20, "complaint", "V-3"),
        REVERSED_LATER,
    ),
    "dropped and again": (
        *TWO, ("case.review_dropped", 0, {"review": "V-2"}, {}), _claim(1, 30), _review(1, 30), _decided(),
    ),
}  # fmt: skip


def _told(desk: Desk, steps: Sequence[Step]) -> bytes:
    """The bundle of a case on which just these events were recorded, as a program gone wrong might."""
    referral = refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    people: list[Actor] = [SERVICE, *(make_account(role) for role in (Role.MODERATOR, Role.LEAD, Role.LEAD))]
    with db.transaction() as writer:
        case_id = writer.scalar(sa.select(Item.case_id))
        assert case_id is not None
        for event_type, who, fields, meta in steps:
            named = {
                name: people[int(text)].id if name == "holder" else text for name, text in fields.items()
            }
            ledger.record(
                writer, event_type, case_id, actor=people[who], at=clock.now(), fields=named, meta=meta
            )
    settle(desk.settings.data_dir)
    return bundle_of(referral_ids=[referral["id"]])


@pytest.mark.parametrize("name", FALSE)
def test_what_may_not_be_is_false_though_it_is_signed(desk: Desk, tmp_path: Path, name: str) -> None:
    steps, words = FALSE[name]
    bundle = _told(desk, steps)
    code, said = judged(tmp_path, policy_of(desk), bundle)
    assert (code, words in said) == (1, True), said


@pytest.mark.parametrize("name", TRUE)
def test_what_may_be_is_no_false_alarm(desk: Desk, tmp_path: Path, name: str) -> None:
    bundle = _told(desk, TRUE[name])
    code, said = judged(tmp_path, policy_of(desk), bundle)
    assert code == 0, said


def _witness(name: str) -> tuple[str, Callable[[str, int], str]]:
    """A witness's public key, and how it cosigns a note at a time (C2SP tlog-cosignature)."""
    key = Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())
    typed = b"\x04" + key.public_key().public_bytes_raw()
    key_id = sha256(name.encode() + b"\n" + typed).digest()[:4]

    def cosigned(note: str, seconds: int) -> str:
        signature = key.sign(b"cosignature/v1\ntime %d\n" % seconds + parse_checkpoint(note).body.encode())
        raw = key_id + seconds.to_bytes(8, "big") + signature
        return f"{note}\u2014 {name} {encode_base64(raw)}\n"

    return f"{name}+{key_id.hex()}+{encode_base64(typed)}", cosigned


def test_the_quorum_of_witnesses_is_asked_for_and_their_time_is_told(desk: Desk, tmp_path: Path) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    names = ("court.example", "sender.example", "body.example")
    witnesses = [_witness(name) for name in names]
    lines = [line for line in policy_of(desk).splitlines() if line.startswith("log ")]
    lines += [f"witness w{place} {vkey}" for place, (vkey, _cosign) in enumerate(witnesses)]
    policy = "\n".join(["# two of three", *lines, "group g 2 w0 w1 w2", "quorum g", ""])
    bundle = bundle_of(case_ids=[case_id])

    def cosigned_by(*places: int, wrong: bool = False) -> bytes:
        def cosign(told: list[Told]) -> None:
            newest = [line for line in told if "checkpoint" in line][-1]
            for place in places:
                newest["checkpoint"] = witnesses[place][1](newest["checkpoint"], 1_790_000_000)
            if wrong:  # the time is signed too
                note, _, last = newest["checkpoint"][:-1].rpartition(" ")
                raw = bytearray(decode_base64(last))
                raw[11] ^= 1
                newest["checkpoint"] = f"{note} {encode_base64(bytes(raw))}\n"

        return rewritten(bundle, cosign)

    assert judged(tmp_path, policy, bundle)[0] == 1
    assert judged(tmp_path, policy, cosigned_by(1))[0] == 1
    code, said = judged(tmp_path, policy, cosigned_by(0, 2))
    assert code == 0, said
    assert "court.example saw the log by second 1790000000" in said
    assert "any time" not in said
    assert judged(tmp_path, policy, cosigned_by(0, 2, wrong=True))[0] == 1
    assert judged(tmp_path, policy.replace("g 2 w0", "g all w0"), cosigned_by(0, 2))[0] == 1
    assert judged(tmp_path, policy.replace("g 2 w0", "g any w0"), cosigned_by(1))[0] == 0
