"""Codes are those of RFC 6238, good for one step around their own, and each only once."""

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest

from review.domain import totp

SECRET = b32encode(b"12345678901234567890").decode()
AT = datetime(2026, 11, 23, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(SECRET, totp.step_of(at)) == code
    assert totp.matching_step(SECRET, code, at=at, after=-1) == totp.step_of(at)


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_good_one_step_around_its_own(steps: int, good: bool) -> None:
    step = totp.step_of(AT) + steps
    found = totp.matching_step(SECRET, totp.code_at(SECRET, step), at=AT, after=-1)
    assert found == (step if good else None)


def test_no_step_works_twice_and_none_before_it() -> None:
    now = totp.step_of(AT)
    for step in (now - 1, now):
        assert totp.matching_step(SECRET, totp.code_at(SECRET, step), at=AT, after=now) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, now + 1), at=AT, after=now) == now + 1


@pytest.mark.parametrize("typed", ["287 082", " 287082\n", "287-082", "28 70 82"])
def test_blanks_and_hyphens_are_forgiven(typed: str) -> None:
    assert totp.read_code(typed) == "287082"


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "²87082", "287082;"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.read_code(typed) is None
    at = datetime.fromtimestamp(59, UTC)
    assert totp.matching_step(SECRET, typed, at=at, after=-1) is None


def test_the_demonstration_shows_the_next_code_that_works() -> None:
    now = totp.step_of(AT)
    assert totp.next_code(SECRET, at=AT, after=-1) == totp.code_at(SECRET, now)
    assert totp.next_code(SECRET, at=AT, after=now) == totp.code_at(SECRET, now + 1)
    assert totp.next_code(SECRET, at=AT, after=now + 1) is None
    assert totp.next_code(SECRET, at=AT + timedelta(seconds=30), after=now + 1) is not None


def test_secrets_are_random_and_their_address_is_what_apps_read() -> None:
    first, second = totp.new_secret(), totp.new_secret()
    assert first != second
    assert len(first) == 32
    address = totp.provisioning_address(first, account="jane@desk.example", issuer="Referral Review")
    assert address.startswith("otpauth://totp/Referral%20Review:jane%40desk.example?secret=" + first)
    assert totp.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
