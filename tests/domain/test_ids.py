"""The ids of domain/ids.py."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.ids import id_from, is_id, new_id, read_id


def test_an_id_is_a_letter_and_sixty_bits_in_crockford_base_32() -> None:
    assert re.fullmatch(r"R(-[0-9A-HJKMNP-TV-Z]{4}){3}", new_id("R"))


def test_ids_do_not_repeat() -> None:
    assert len({new_id("I") for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("prefix", ["R", "I", "B", "L", "O"])
def test_an_id_is_read_back_however_it_is_typed(prefix: str) -> None:
    written = new_id(prefix)
    mistyped = written.lower().replace("1", "l").replace("0", "o")
    assert read_id(written, prefix) == written
    assert read_id(f" {mistyped} ", prefix) == written
    assert read_id(written.replace("-", ""), prefix) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "R-7K3M-9QXD",
        "R-7K3M-9QXD-2FWU",
        "I-7K3M-9QXD-2FWT",
        "R-7K3M-9QXD-2FWT-",
        "R-7K3M-9QXD-２FWT",
        "R",
    ],
)
def test_what_is_no_id_is_read_as_none(text: str) -> None:
    assert read_id(text, "R") is None


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert read_id(text, "R") is None or len(text) >= 13


def test_one_digest_stands_for_one_id() -> None:
    found = id_from("K", bytes(range(32)))
    assert found == id_from("K", bytes(range(8)))
    assert read_id(found, "K") == found
    assert found != id_from("K", bytes(range(1, 33)))


def test_only_an_id_as_we_write_it_is_one() -> None:
    assert is_id("V-7K3M-9QXD-2FWT")
    for value in ("v-7k3m-9qxd-2fwt", "V-7K3M-9QXD-2FWT x", "", "VV", None, 7, b"V-7K3M-9QXD-2FWT"):
        assert not is_id(value), value
