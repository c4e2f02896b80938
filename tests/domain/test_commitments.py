"""The bytes that stand for an event; the literal digests here must never change."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.commitments import (
    Actor,
    Subject,
    build_envelope,
    commit_field,
    envelope_bytes,
    keyed_digest,
    leaf_entry,
    new_eid,
    new_key,
    parse_envelope,
    value_bytes,
)
from review.domain.merkle import leaf_hash
from review.errors import TrailBroken
from tests.data import public_data

EID = "000102030405060708090a0b0c0d0e0f"
PREVIOUS = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
KEY = bytes(range(32))
SALT = bytes(range(32, 64))
AT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
COMMITMENT = "9e5d45f14312bbbd5e9d8fe93a900abb64a49f0475a8f487e727bbf0d42f648a"
CANONICAL = (
    b'{"actor":{"id":"s-17","kind":"sender","request":"req-1","session":"ab12"},'
    b'"c":{"reference":"' + COMMITMENT.encode() + b'"},'
    b'"eid":"000102030405060708090a0b0c0d0e0f","meta":{"intake_kind":"referral","round":2,"urgent":false},'
    b'"obj":{"id":"R-1","kind":"referral","version":2},"prev":"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",'
    b'"t":"2026-03-04T05:06:07.000089Z","type":"referral.withdrawn","v":1}'
)


def full_envelope() -> dict[str, Any]:
    return build_envelope(
        "referral.withdrawn",
        eid=EID,
        occurred_at=AT,
        actor=Actor("sender", "s-17", session="ab12", request="req-1"),
        subject=Subject("referral", "R-1", version=2),
        previous=PREVIOUS,
        meta={"intake_kind": "referral", "urgent": False, "round": 2},
        commitments={"reference": COMMITMENT},
    )


def test_a_field_commitment_has_fixed_bytes() -> None:
    assert commit_field(EID, "reference", value_bytes("Ref. 1/é"), key=KEY) == COMMITMENT
    message = b"referral-review/field/v1\0" + bytes(range(16)) + b"\0reference\0" + "Ref. 1/é".encode()
    assert hmac.new(KEY, message, hashlib.sha256).hexdigest() == COMMITMENT


def test_a_leaf_entry_has_fixed_bytes() -> None:
    entry = leaf_entry(CANONICAL, salt=SALT)
    assert (
        entry == b"referral-review/leaf/v1\n4f5ef770c02517837bde32a042d1ca9c427ae442ae243cce25630a4e96945caa"
    )
    assert leaf_hash(entry).hex() == "fae69304f7334755e0369110bd1e125a2f53757cd0bf9d069a0e4f7641604420"
    assert len(entry) == 88


def test_an_envelope_has_fixed_bytes() -> None:
    assert envelope_bytes(full_envelope()) == CANONICAL
    assert parse_envelope(CANONICAL) == full_envelope()


def test_members_without_content_are_absent() -> None:
    envelope = build_envelope(
        "account.signed_out",
        eid=EID,
        occurred_at=AT.astimezone(timezone(timedelta(hours=2))),
        actor=Actor("account", "a-1"),
        subject=Subject("account", "a-1"),
        meta={},
        commitments={},
    )
    assert envelope == {
        "v": 1,
        "eid": EID,
        "t": "2026-03-04T05:06:07.000089Z",
        "type": "account.signed_out",
        "actor": {"kind": "account", "id": "a-1"},
        "obj": {"kind": "account", "id": "a-1"},
    }
    assert parse_envelope(envelope_bytes(envelope)) == envelope


def test_every_public_hmac_vector_is_judged_as_published() -> None:
    published = json.loads((public_data() / "crypto/testvectors_v1/hmac_sha256_test.json").read_bytes())
    judged = refused = 0
    for group in published["testGroups"]:
        for case in group["tests"]:
            key, message = bytes.fromhex(case["key"]), bytes.fromhex(case["msg"])
            if group["keySize"] != 256:
                with pytest.raises(ValueError, match="exactly 32 bytes"):
                    keyed_digest(key, message)
                refused += 1
                continue
            tag = keyed_digest(key, message)[: group["tagSize"] // 8]
            assert (tag.hex() == case["tag"]) is (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert (judged, refused) == (162, 12)


def test_keys_and_ids_are_fresh_and_of_full_length() -> None:
    assert len(new_key()) == 32
    assert len(bytes.fromhex(new_eid())) == 16
    assert len({new_key() for _ in range(100)}) == len({new_eid() for _ in range(100)}) == 100


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="exactly 32 bytes"):
        commit_field(EID, "reference", b"", key=bytes(length))
    with pytest.raises(ValueError, match="exactly 32 bytes"):
        leaf_entry(CANONICAL, salt=bytes(length))


@pytest.mark.parametrize(
    ("eid", "name"),
    [("", "f"), (EID.upper(), "f"), (EID[:-2], "f"), (EID, ""), (EID, "a\0b"), (EID, "é"), (EID, "a b")],
)
def test_a_malformed_id_or_field_name_is_refused(eid: str, name: str) -> None:
    with pytest.raises(ValueError, match="event id and the name"):
        commit_field(eid, name, b"", key=KEY)


@given(st.text("ab", min_size=1, max_size=4), st.binary(max_size=4), st.text("ab", min_size=1), st.binary())
def test_different_fields_never_share_a_commitment(
    name: str, value: bytes, other_name: str, other_value: bytes
) -> None:
    same = commit_field(EID, name, value, key=KEY) == commit_field(EID, other_name, other_value, key=KEY)
    assert same is ((name, value) == (other_name, other_value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("é", b"\xc3\xa9"),
        ("e\u0301", b"e\xcc\x81"),
        ("", b""),
        (b"\x00\xff", b"\x00\xff"),
        (True, b"true"),
        (12, b"12"),
        ([1, "b", []], b'[1,"b",[]]'),
        ({"b": 1, "a": {"é": False}}, '{"a":{"é":false},"b":1}'.encode()),
    ],
)
def test_values_have_fixed_bytes(value: Any, expected: bytes) -> None:
    assert value_bytes(value) == expected


@pytest.mark.parametrize("value", [None, 1.5, {1, 2}, 2**53, "\ud800", [2**53], {1: 2}])
def test_a_value_without_bytes_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        value_bytes(value)


@pytest.mark.parametrize(
    "refused",
    [
        {"a": 1.0},
        {"a": None},
        {"é": 1},
        {1: 1},
        {"a": 2**53},
        {"a": -(2**53)},
        {"a": [1]},
        {"a": {"b": None}},
        {"a": "\ud800"},
    ],
)
def test_an_envelope_of_other_types_is_refused(refused: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        envelope_bytes(refused)
    assert (
        envelope_bytes({"a": 2**53 - 1, "b": {"c": "é"}}) == '{"a":9007199254740991,"b":{"c":"é"}}'.encode()
    )


CHANGES: list[tuple[str, Any]] = [
    ("v", 2),
    ("v", True),
    ("v", "1"),
    ("eid", EID.upper()),
    ("eid", 5),
    ("t", "2026-03-04T05:06:07Z"),
    ("t", "2026-02-30T05:06:07.000000Z"),
    ("t", "2026-03-04T24:00:00.000000Z"),
    ("t", "2026-03-04T05:06:07.000089+00:00"),
    ("type", "withdrawn"),
    ("actor", "sender"),
    ("actor", {"kind": "sender"}),
    ("actor", {"kind": "Sender!", "id": "s"}),
    ("actor", {"kind": "sender", "id": ""}),
    ("actor", {"kind": "sender", "id": "two words"}),
    ("actor", {"kind": "sender", "id": "s", "name": "Ann"}),
    ("actor", {"kind": "sender", "id": "s", "session": 5}),
    ("obj", {"kind": "referral", "id": "R-1", "version": 0}),
    ("obj", {"kind": "referral", "id": "R-1", "version": True}),
    ("obj", {"kind": "referral", "id": "R-1", "version": 1}),
    ("obj", {"kind": "referral", "id": "R-1"}),
    ("prev", "first"),
    ("meta", {}),
    ("meta", {"note": "free text is no enumeration"}),
    ("meta", {"note": {"a": "b"}}),
    ("c", {}),
    ("c", {"reference": "00"}),
    ("c", {"two words": COMMITMENT}),
    ("c", "none"),
    ("tenant", "t-1"),
]


@pytest.mark.parametrize(("member", "value"), CHANGES)
def test_an_envelope_of_another_shape_is_refused(member: str, value: Any) -> None:
    changed = full_envelope() | {member: value}
    with pytest.raises(TrailBroken, match="envelope of an event is malformed"):
        parse_envelope(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("member", ["v", "eid", "t", "type", "actor", "obj"])
def test_an_envelope_without_a_needed_member_is_refused(member: str) -> None:
    changed = full_envelope()
    del changed[member]
    with pytest.raises(TrailBroken, match="members it should have"):
        parse_envelope(envelope_bytes(changed))


@pytest.mark.parametrize(
    "malformed",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"1" * 5000,
        b'{"v":1.0}',
        b'{"v":NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        CANONICAL + b"\n",
        CANONICAL.replace(b",", b", ", 1),
        CANONICAL.replace(b'"v":1', b'"v":1,"v":1'),
        CANONICAL.replace(b'"s-17"', b'"s\\u002d17"'),
    ],
)
def test_bytes_that_are_no_canonical_envelope_are_refused(malformed: bytes) -> None:
    with pytest.raises(TrailBroken, match="envelope of an event is malformed"):
        parse_envelope(malformed)


def test_building_refuses_what_parsing_would_refuse() -> None:
    with pytest.raises(ValueError, match=r"meta\.note is malformed"):
        build_envelope(
            "case.released",
            eid=EID,
            occurred_at=AT,
            actor=Actor("account", "a-1"),
            subject=Subject("case", "C-1", version=1),
            meta={"note": "some free text"},
        )
    with pytest.raises(ValueError, match="aware"):
        build_envelope(
            "case.released",
            eid=EID,
            occurred_at=AT.replace(tzinfo=None),
            actor=Actor("account", "a-1"),
            subject=Subject("case", "C-1"),
        )
