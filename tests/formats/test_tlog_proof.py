"""Receipts: what was written is believed, whatever was changed is refused by the part that fails."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from review.clock import now
from review.domain.commitments import (
    Actor,
    Subject,
    build_envelope,
    commit_field,
    envelope_bytes,
    leaf_entry,
    value_bytes,
)
from review.domain.merkle import inclusion_path, leaf_hash, root_of
from review.domain.signed_note import checkpoint_body, note_key, sign
from review.errors import TrailBroken
from review.formats.tlog_proof import (
    check_opening,
    check_proof,
    opening_json,
    parse_opening,
    parse_proof,
    write_proof,
)

ORIGIN = "desk.example/trail"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = note_key(ORIGIN, SIGNER.public_key().public_bytes_raw())
EID = "000102030405060708090a0b0c0d0e0f"
KEY, SALT = bytes(range(32)), bytes(range(32, 64))
FIELDS = {"reference": (KEY, value_bytes("Ref. 1/é")), "items": (SALT, value_bytes([{"n": 1}]))}
ENVELOPE = envelope_bytes(
    build_envelope(
        "referral.received",
        eid=EID,
        occurred_at=now(),
        actor=Actor("sender", "s-17"),
        subject=Subject("referral", "R-1", version=1),
        commitments={name: commit_field(EID, name, value, key=key) for name, (key, value) in FIELDS.items()}
        | {"cases": "00" * 32},
    )
)
ENTRY = leaf_entry(ENVELOPE, salt=SALT)
EXTRA = opening_json(ENVELOPE, salt=SALT, fields=FIELDS)
LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(21)]
LEAVES[13] = leaf_hash(ENTRY)
CHECKPOINT = sign(checkpoint_body(ORIGIN, 21, root_of(LEAVES)), name=ORIGIN, private_key=SIGNER)
PATH = inclusion_path(13, 21, lambda level, index: root_of(LEAVES[index << level : (index + 1) << level]))
RECEIPT = write_proof(13, path=PATH, checkpoint_text=CHECKPOINT, extra=EXTRA)
BARE = write_proof(13, path=PATH, checkpoint_text=CHECKPOINT)


def refused_part(receipt: str, entry: bytes = ENTRY, vkey: str = VKEY) -> str:
    with pytest.raises(TrailBroken) as refusal:
        check_proof(receipt, entry, vkey)
    return refusal.value.values["part"]


def test_a_proof_has_the_lines_of_the_specification() -> None:
    lines = RECEIPT.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(EXTRA).decode()
    assert lines[2] == "index 13"
    assert lines[3:8] == [base64.b64encode(one).decode() for one in PATH]
    assert "\n".join(lines[8:]) == "\n" + CHECKPOINT
    assert RECEIPT.replace(lines[1] + "\n", "") == BARE


def test_a_receipt_proves_its_event() -> None:
    proof = parse_proof(RECEIPT)
    assert (proof.index, list(proof.path), proof.extra) == (13, PATH, EXTRA)
    assert proof.checkpoint_text == CHECKPOINT
    opening = check_opening(EXTRA)
    assert check_proof(RECEIPT, opening.entry, VKEY).size == 21
    assert opening.envelope["type"] == "referral.received"
    assert opening.values == {"reference": "Ref. 1/é".encode(), "items": b'[{"n":1}]'}


def test_a_proof_without_extra_is_read_back() -> None:
    assert parse_proof(BARE).extra is None
    assert check_proof(BARE, ENTRY, VKEY).origin == ORIGIN


def test_the_only_leaf_of_a_log_is_proven_by_an_empty_path() -> None:
    checkpoint = sign(checkpoint_body(ORIGIN, 1, leaf_hash(ENTRY)), name=ORIGIN, private_key=SIGNER)
    receipt = write_proof(0, path=[], checkpoint_text=checkpoint)
    assert receipt.startswith("c2sp.org/tlog-proof@v1\nindex 0\n\ndesk.example")
    assert check_proof(receipt, ENTRY, VKEY).size == 1


def test_the_failing_part_is_named() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert refused_part(RECEIPT, entry=b"another entry") == "inclusion"
    assert refused_part(RECEIPT.replace("index 13", "index 12")) == "inclusion"
    assert refused_part(RECEIPT.replace("index 13", "index 21")) == "inclusion"
    assert refused_part(RECEIPT.replace("index 13", "index 013")) == "document"
    assert refused_part(RECEIPT.replace("\n21\n", "\n22\n")) == "signature"
    assert refused_part(RECEIPT.replace("\n21\n", "\n021\n")) == "checkpoint"
    assert refused_part(RECEIPT, vkey=note_key(ORIGIN, other.public_key().public_bytes_raw())) == "signature"
    assert refused_part(RECEIPT, vkey="nonsense") == "key"


@given(st.integers(0, len(BARE) - 1), st.sampled_from("aA0=+/\n —x\r"))
def test_no_changed_character_is_believed(place: int, sign_put: str) -> None:
    changed = BARE[:place] + sign_put + BARE[place + 1 :]
    if changed != BARE:
        assert refused_part(changed) in {"document", "checkpoint", "signature", "inclusion"}


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v2" + RECEIPT.removeprefix("c2sp.org/tlog-proof@v1"),
        "\ufeff" + RECEIPT,
        " " + RECEIPT,
        RECEIPT.replace("\n", "\r\n"),
        RECEIPT.replace("index 13", "index +13"),
        RECEIPT.replace("index 13", "index  13"),
        RECEIPT.replace("index 13", "index ١٣"),
        RECEIPT.replace("index 13", f"index {10**18}"),
        RECEIPT.replace("index 13\n", ""),
        BARE.replace("index 13", "extra \nindex 13"),
        BARE.replace("index 13", "extra AB==\nindex 13"),
        BARE.replace("index 13", "index 13\nextra AAAA"),
        BARE.replace("index 13", "index 13\nAAAA"),
        BARE.replace("index 13", "index 13" + ("\n" + "A" * 43 + "=") * 60),
        RECEIPT.replace("\nextra ", "\nextra AAAA\nextra "),
    ],
)
def test_a_malformed_document_is_refused(malformed: str) -> None:
    with pytest.raises(TrailBroken) as refusal:
        parse_proof(malformed)
    assert refusal.value.values == {"part": "document"}


def test_a_proof_that_cannot_be_read_back_is_not_written() -> None:
    with pytest.raises(ValueError, match="absent or has content"):
        write_proof(0, path=[], checkpoint_text=CHECKPOINT, extra=b"")
    with pytest.raises(ValueError, match="plain decimal"):
        write_proof(-1, path=[], checkpoint_text=CHECKPOINT)


def test_fields_may_be_withheld_from_an_opening() -> None:
    assert check_opening(opening_json(ENVELOPE, salt=SALT, fields={})).values == {}
    shown = opening_json(ENVELOPE, salt=SALT, fields={"items": FIELDS["items"]})
    assert check_opening(shown).entry == ENTRY
    assert check_opening(shown).values == {"items": b'[{"n":1}]'}


@pytest.mark.parametrize(
    "fields",
    [
        {"reference": (KEY, b"another value")},
        {"reference": (SALT, FIELDS["reference"][1])},
        {"items": FIELDS["reference"]},
        {"cases": FIELDS["reference"]},
        {"unknown": FIELDS["reference"]},
    ],
)
def test_a_field_that_was_not_committed_to_is_refused(fields: dict[str, tuple[bytes, bytes]]) -> None:
    with pytest.raises(TrailBroken, match=f"The field {next(iter(fields))} of the opening") as refusal:
        check_opening(opening_json(ENVELOPE, salt=SALT, fields=fields))
    assert refusal.value.values == {"part": "opening", "field": next(iter(fields))}


def test_another_envelope_or_salt_does_not_give_the_entry_in_the_log() -> None:
    other_salt = check_opening(opening_json(ENVELOPE, salt=KEY, fields=FIELDS))
    other_envelope = check_opening(
        opening_json(ENVELOPE.replace(b'"R-1"', b'"R-2"'), salt=SALT, fields=FIELDS)
    )
    assert refused_part(RECEIPT, entry=other_salt.entry) == "inclusion"
    assert refused_part(RECEIPT, entry=other_envelope.entry) == "inclusion"


CHANGES: list[dict[str, Any]] = [
    {"v": 2},
    {"v": True},
    {"v": 1.0},
    {"more": 1},
    {"envelope": 5},
    {"envelope": "{}"},
    {"envelope": ENVELOPE.decode() + " "},
    {"salt": "AAAA"},
    {"salt": 5},
    {"fields": []},
    {"fields": {"reference": "text"}},
    {"fields": {"reference": {"key": base64.b64encode(KEY).decode()}}},
    {"fields": {"reference": {"key": "AAAA", "value": "AAAA"}}},
    {"fields": {"reference": {"key": base64.b64encode(KEY).decode(), "value": "not base64"}}},
    {"fields": {"reference": {"key": base64.b64encode(KEY).decode(), "value": None}}},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_malformed_opening_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TrailBroken) as refusal:
        check_opening(json.dumps(json.loads(EXTRA) | change).encode())
    assert refusal.value.values == {"part": "opening"}


@pytest.mark.parametrize("extra", [b"", b"null", b"[]", b"\xff", b"[" * 100_000, EXTRA[:-1], EXTRA * 2])
def test_an_extra_that_is_no_opening_is_refused(extra: bytes) -> None:
    with pytest.raises(TrailBroken, match="opening in the extra line is malformed"):
        parse_opening(extra)
