"""A whole receipt: what it proves, and by which part it fails when anything in it is another than it was."""

import base64
from collections import Counter
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from review.domain.merkle import root_of
from review.domain.signed_note import checkpoint_body, note_key, sign, signature_line
from review.errors import TrailBroken
from review.formats.receipts import LARGEST_RECEIPT, Part, check_receipt
from review.formats.tlog_proof import opening_json, write_proof
from tests.formats.test_tlog_proof import (
    BARE,
    CHECKPOINT,
    ENVELOPE,
    EXTRA,
    FIELDS,
    KEY,
    LEAVES,
    ORIGIN,
    PATH,
    RECEIPT,
    SALT,
    VKEY,
)

DOCUMENT = RECEIPT.encode()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER_PUBLIC = OTHER.public_key().public_bytes_raw()


def refused(document: bytes | str, vkey: str = VKEY) -> dict[str, str]:
    with pytest.raises(TrailBroken) as refusal:
        check_receipt(document if isinstance(document, bytes) else document.encode(), vkey)
    assert refusal.value.detail.endswith(".")
    return refusal.value.values


def signed_by(private_key: Ed25519PrivateKey, origin: str) -> str:
    checkpoint = sign(checkpoint_body(origin, 21, root_of(LEAVES)), name=origin, private_key=private_key)
    return write_proof(13, path=PATH, checkpoint_text=checkpoint, extra=EXTRA)


def test_a_receipt_says_exactly_what_it_proves() -> None:
    proven = check_receipt(DOCUMENT, VKEY)
    assert (proven.position, proven.checkpoint.size, proven.checkpoint.root) == (13, 21, root_of(LEAVES))
    assert (proven.checkpoint.origin, proven.key_id) == (ORIGIN, VKEY.split("+")[1])
    assert (proven.event_type, proven.object_kind, proven.object_id) == (
        "referral.received",
        "referral",
        "R-1",
    )
    assert proven.values == {name: value for name, (_key, value) in FIELDS.items()}
    assert proven.closed == ("cases",)
    assert proven.recorded_at.tzinfo is not None
    assert proven.recorded_at <= datetime.now(UTC)


def test_no_altered_bit_is_believed_and_each_is_named_by_its_part() -> None:
    parts: Counter[str] = Counter()
    for place in range(len(DOCUMENT)):
        for bit in range(8):
            altered = bytearray(DOCUMENT)
            altered[place] ^= 1 << bit
            parts[refused(bytes(altered))["part"]] += 1
    assert parts.total() == 8 * len(DOCUMENT)
    assert set(parts) == set(Part) - {Part.SIZE}


@given(st.integers(0, len(DOCUMENT)), st.integers(0, len(DOCUMENT)), st.binary(max_size=4))
def test_nothing_may_be_put_in_or_left_out(start: int, stop: int, put_in: bytes) -> None:
    altered = DOCUMENT[:start] + put_in + DOCUMENT[stop:]
    if altered != DOCUMENT:
        assert refused(altered)["part"] in set(Part)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered_by_a_part(document: bytes) -> None:
    assert refused(document)["part"] == Part.DOCUMENT


def test_another_trail_another_key_and_a_wrong_signature_are_told_apart() -> None:
    assert refused(signed_by(OTHER, "elsewhere.example/trail")) == {"part": "origin"}
    assert refused(signed_by(OTHER, ORIGIN)) == {"part": "key"}
    forged = CHECKPOINT.splitlines(keepends=True)
    raw = base64.b64decode(forged[-1].split()[-1])
    forged[-1] = f"\u2014 {ORIGIN} {base64.b64encode(raw[:4] + bytes(64)).decode()}\n"
    document = write_proof(13, path=PATH, checkpoint_text="".join(forged), extra=EXTRA)
    assert refused(document) == {"part": "signature"}
    assert refused(DOCUMENT, note_key(ORIGIN, OTHER_PUBLIC)) == {"part": "key"}
    assert refused(DOCUMENT, "nonsense") == {"part": "key"}


def test_the_signature_of_another_key_beside_ours_does_no_harm() -> None:
    more = signature_line(CHECKPOINT.partition("\n\n")[0] + "\n", name="witness.example", private_key=OTHER)
    assert check_receipt((RECEIPT + more).encode(), VKEY).position == 13


def test_the_proof_must_lead_from_the_entry_to_the_root() -> None:
    assert refused(RECEIPT.replace("index 13", "index 12")) == {"part": "inclusion"}
    assert refused(RECEIPT.replace("index 13", "index 21")) == {"part": "inclusion"}
    resalted = opening_json(ENVELOPE, salt=KEY, fields=FIELDS)
    other = write_proof(13, path=PATH, checkpoint_text=CHECKPOINT, extra=resalted)
    assert refused(other) == {"part": "inclusion"}


def test_a_changed_value_is_named() -> None:
    changed = opening_json(ENVELOPE, salt=SALT, fields=FIELDS | {"reference": (KEY, b"Ref. 2")})
    document = write_proof(13, path=PATH, checkpoint_text=CHECKPOINT, extra=changed)
    assert refused(document) == {"part": "opening", "field": "reference"}


def test_a_receipt_that_does_not_say_of_what_is_none() -> None:
    assert refused(BARE) == {"part": "opening"}


def test_what_is_too_large_is_not_even_read() -> None:
    assert refused(b"x" * (LARGEST_RECEIPT + 1)) == {"part": "size"}
    assert refused(b"x" * LARGEST_RECEIPT) == {"part": "document"}
