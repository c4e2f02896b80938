"""Signed notes and checkpoints against C2SP's rules and the public Ed25519 vectors."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from review.domain.merkle import EMPTY_ROOT
from review.domain.signed_note import (
    checkpoint_body,
    note_key,
    parse_checkpoint,
    parse_vkey,
    sign,
    signature_holds,
    signature_line,
    verify,
)
from review.errors import TrailBroken
from tests.data import public_data

ORIGIN = "desk.example/trail"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
VKEY = note_key(ORIGIN, KEY.public_key().public_bytes_raw())
BODY = checkpoint_body(ORIGIN, 7, bytes(range(32)))
NOTE = sign(BODY, name=ORIGIN, private_key=KEY)


def test_every_public_ed25519_vector_is_judged_as_published() -> None:
    published = json.loads((public_data() / "crypto/testvectors_v1/ed25519_test.json").read_bytes())
    judged = 0
    for group in published["testGroups"]:
        public_key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            signature, signed = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            holds = signature_holds(signature, signed=signed, public_key=public_key)
            assert holds is (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert judged == published["numberOfTests"] == 151


def test_the_specification_s_key_form_is_read_and_written() -> None:
    published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"  # golang.org/x/mod/sumdb
    name, key_id, public_key = parse_vkey(published)
    assert (name, key_id.hex(), len(public_key)) == ("PeterNeumann", "c74f20a3", 32)
    assert note_key(name, public_key) == published


def test_a_checkpoint_has_fixed_bytes() -> None:
    assert checkpoint_body("a.example/log", 0, EMPTY_ROOT) == (
        "a.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    )
    assert NOTE == (
        "desk.example/trail\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n"
        "— desk.example/trail "
        "cicBz3sKOqycpJ7TspprEIAXxWh0iwlVvu22Ys80TckYtnJBfZFUcg3J2Y9CD7/ZqV9WI2f6Dun+0NaB9zd8T9/GKw8=\n"
    )


def test_a_signed_checkpoint_verifies() -> None:
    checkpoint = verify(NOTE, VKEY)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, 7, bytes(range(32)))
    assert checkpoint.body == BODY
    assert checkpoint == parse_checkpoint(NOTE)


def test_signatures_of_unknown_keys_are_ignored() -> None:
    witness = "— witness.example/w " + "AAECAwQFBgcICQ==" + "\n"
    rotated = signature_line(BODY, name=ORIGIN, private_key=OTHER_KEY)
    note = NOTE + witness + rotated
    assert verify(note, VKEY).size == 7
    assert verify(note, note_key(ORIGIN, OTHER_KEY.public_key().public_bytes_raw())).size == 7
    assert len(parse_checkpoint(note).signatures) == 3


def test_a_note_without_our_signature_is_refused() -> None:
    foreign = sign(BODY, name=ORIGIN, private_key=OTHER_KEY)
    with pytest.raises(TrailBroken, match=r"not signed by the key desk\.example/trail") as refusal:
        verify(foreign, VKEY)
    assert refusal.value.values == {"part": "signature"}


def test_one_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    other = signature_line(checkpoint_body(ORIGIN, 8, bytes(32)), name=ORIGIN, private_key=KEY)
    with pytest.raises(TrailBroken, match=r"signature of the checkpoint .* is wrong"):
        verify(NOTE + other, VKEY)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = sign(checkpoint_body("other.example/log", 7, bytes(32)), name=ORIGIN, private_key=KEY)
    with pytest.raises(TrailBroken, match=r"is of the log other\.example/log"):
        verify(other, VKEY)


@given(st.integers(0, len(NOTE) - 1), st.sampled_from("aA0=+/\n \u2014x\u00e9"))
def test_no_changed_character_is_believed(place: int, sign_put: str) -> None:
    changed = NOTE[:place] + sign_put + NOTE[place + 1 :]
    if changed != NOTE:
        with pytest.raises(TrailBroken):
            verify(changed, VKEY)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        BODY,
        NOTE[:-1],
        NOTE + "\n",
        "\n" + NOTE,
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("\n7\n", "\n07\n"),
        NOTE.replace("\n7\n", "\n-7\n"),
        NOTE.replace("\n7\n", "\n٧\n"),
        NOTE.replace("\n7\n", f"\n{10**18}\n"),
        NOTE.replace("\n7\n", "\n7\nextension\n"),
        NOTE.replace("Hh8=", "Hh9="),
        NOTE.replace("Hh8=", "Hg=="),
        NOTE.replace(f"{ORIGIN}\n", "\n", 1),
        NOTE.replace(f"{ORIGIN}\n", "desk example\n", 1),
        NOTE.replace(f"{ORIGIN}\n", "desk\ud800\n", 1),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE + "— witness.example AAECAw==\n",
        NOTE + "— witness.example AAECAwQ\n",
        NOTE + "— wit+ness.example AAECAwQ=\n",
        NOTE + "— AAECAwQ=\n",
        NOTE + "— witness.example AAECAwQ=\n" * 100,
    ],
)
def test_a_malformed_checkpoint_is_refused(malformed: str) -> None:
    with pytest.raises(TrailBroken) as refusal:
        parse_checkpoint(malformed)
    assert refusal.value.values == {"part": "checkpoint"}


def test_sixteen_witnesses_are_accepted() -> None:
    assert verify(NOTE + "— witness.example AAECAwQ=\n" * 16, VKEY).size == 7


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "desk.example/trail",
        VKEY.replace("+", "-", 1),
        VKEY.upper(),
        VKEY[:-1],
        VKEY.replace("desk", "dusk"),
        "two words" + VKEY.removeprefix(ORIGIN),
        note_key(ORIGIN, bytes(32)).replace("+AQ", "+BA"),
        f"{ORIGIN}+00000000+AQ==",
    ],
)
def test_a_malformed_public_key_is_refused(malformed: str) -> None:
    with pytest.raises(TrailBroken, match="public key of the log is malformed"):
        parse_vkey(malformed)


@pytest.mark.parametrize("name", ["", "two words", "no\u00a0break", "a+b", "line\nfeed", "tab\t"])
def test_a_name_that_no_key_may_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="neither spaces nor plus"):
        note_key(name, bytes(32))
    with pytest.raises(ValueError, match="neither spaces nor plus"):
        checkpoint_body(name, 1, bytes(32))
    with pytest.raises(ValueError, match="neither spaces nor plus"):
        sign(BODY, name=name, private_key=KEY)


def test_what_is_no_checkpoint_is_not_written() -> None:
    for size, root in [(-1, bytes(32)), (10**18, bytes(32)), (1, bytes(31))]:
        with pytest.raises(ValueError, match="root of 32 bytes"):
            checkpoint_body(ORIGIN, size, root)
    for text in ["no newline", "bell\x07\n"]:
        with pytest.raises(ValueError, match="ends in a newline"):
            sign(text, name=ORIGIN, private_key=KEY)
    with pytest.raises(ValueError, match="has 32 bytes"):
        note_key(ORIGIN, bytes(31))
