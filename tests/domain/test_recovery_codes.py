"""Recovery codes are random, forgiving to type, and kept only as a digest under the desk's key."""

import re

import pytest

from review.domain import recovery_codes

KEY = "0123456789abcdef" * 4


def test_there_are_ten_different_ones() -> None:
    codes = recovery_codes.new_codes()
    assert len(set(codes)) == recovery_codes.COUNT == 10
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code) for code in codes)
    assert all(recovery_codes.read_code(code) == code for code in codes)


@pytest.mark.parametrize(
    "typed", ["7k3m-9qxd-2fwt", " 7K3M 9QXD 2FWT ", "7K3M9QXD2FWT", "7K3M–9QXD–2FWT".replace("–", "-")]
)
def test_case_blanks_and_hyphens_are_forgiven(typed: str) -> None:
    assert recovery_codes.read_code(typed) == "7K3M-9QXD-2FWT"


def test_look_alike_letters_are_read_as_digits() -> None:
    assert recovery_codes.read_code("oil0-0000-0000") == "0110-0000-0000"


@pytest.mark.parametrize("typed", ["", "7K3M-9QXD-2FW", "7K3M-9QXD-2FWTT", "7K3M-9QXD-2FWU", "123456"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert recovery_codes.read_code(typed) is None


def test_the_digest_depends_on_code_account_and_key() -> None:
    digests = {
        recovery_codes.digest_of(code, account_id=account, secret_key=key)
        for code in ("7K3M-9QXD-2FWT", "7K3M-9QXD-2FWV")
        for account in ("A-1", "A-2")
        for key in (KEY, KEY[::-1])
    }
    assert len(digests) == 8
    assert all(len(digest) == 64 for digest in digests)
