"""API keys: a form that scanners know, and no two alike."""

import zlib
from datetime import UTC, datetime, timedelta

from review.domain.keys import digest_of, new_key, state_of


def test_a_key_has_its_form_and_check() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert key.startswith("rr_")
        assert len(key) == 52
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        check = sum(digits.index(digit) * 62**place for place, digit in enumerate(reversed(key[-6:])))
        assert check == zlib.crc32(key[3:-6].encode())


def test_the_digest_is_sha_256_in_hex() -> None:
    assert digest_of("abc").startswith("ba7816bf")
    assert len(digest_of("é")) == 64


def test_a_key_is_in_use_until_its_end_or_its_revocation() -> None:
    end = datetime(2026, 1, 2, tzinfo=UTC)
    before, after = end - timedelta(microseconds=1), end
    assert state_of(expires_at=None, revoked_at=None, at=after) == "in_use"
    assert state_of(expires_at=end, revoked_at=None, at=before) == "in_use"
    assert state_of(expires_at=end, revoked_at=None, at=after) == "expired"
    assert state_of(expires_at=end, revoked_at=before, at=after) == "revoked"
