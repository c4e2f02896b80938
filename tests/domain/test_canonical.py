"""Canonical JSON: the fast way writes what the library for RFC 8785 writes, and refuses what it refuses."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from review.domain.canonical import GREATEST_INTEGER, canonical_json

_TEXT = st.text(st.characters(codec="utf-8"))
_PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-GREATEST_INTEGER, GREATEST_INTEGER)
    | _TEXT
    | st.floats(-1e6, 1e6)
)
_VALUES = st.recursive(_PLAIN, lambda part: st.lists(part) | st.dictionaries(_TEXT, part))


@given(_VALUES)
def test_the_bytes_are_those_of_the_library(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_control_characters_names_and_order_are_those_of_the_library() -> None:
    value: Any = {"b": "".join(map(chr, range(0x300))), "a": ["\u2028", "\U0001f600", ""], "é": 1, "": False}
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value", [GREATEST_INTEGER + 1, -GREATEST_INTEGER - 1, "\ud800", [float("nan")], {1: 2}]
)
def test_what_the_standard_cannot_write_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the library's own errors and Unicode's are its children)
        canonical_json(value)
