"""The strict parser of formats/strict_json.py, and the public JSONTestSuite."""

import json
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import NotStrictJson
from review.formats.strict_json import MOST_PARTS, parse_object
from tests.data import public_data


def _texts(folder: str, prefix: str = "") -> list[Path]:
    found = sorted((public_data() / "json_parsing" / folder).glob(f"{prefix}*.json"))
    assert found
    return found


def _refused(body: bytes) -> str | None:
    """The detail of the refusal, or nothing when the body is read."""
    try:
        parse_object(body)
    except NotStrictJson as error:
        return error.detail
    return None


def _forbidden_here(body: bytes) -> bool:
    """Whether valid JSON breaks one of our further rules, found with the standard parser alone."""
    doubled: list[bool] = []
    escaped: list[str] = []

    def pairs(members: list[tuple[str, object]]) -> dict[str, object]:
        names = sorted(name for name, _ in members)
        doubled.append(any(first == second for first, second in pairwise(names)))
        escaped.extend(names)
        return dict(members)

    value = json.loads(body, object_pairs_hook=pairs)
    text = json.dumps(value, ensure_ascii=False) + "".join(escaped)
    surrogate = any("\ud800" <= character <= "\udfff" for character in text)
    return not isinstance(value, dict) or any(doubled) or surrogate or "\\u0000" in text or "\0" in text


def test_every_text_that_is_not_json_is_refused() -> None:
    assert [path.name for path in _texts("test_parsing", "n_") if _refused(path.read_bytes()) is None] == []


def test_valid_json_is_read_unless_a_further_rule_forbids_it() -> None:
    for path in _texts("test_parsing", "y_"):
        body = path.read_bytes()
        assert (_refused(body) is not None) == _forbidden_here(body), path.name
        if not _forbidden_here(body):
            assert parse_object(body) == json.loads(body)


@pytest.mark.parametrize("folder", ["test_parsing", "test_transform"])
def test_no_text_of_the_suite_does_more_than_be_refused(folder: str) -> None:
    for path in _texts(folder):
        detail = _refused(path.read_bytes())
        assert detail is None or detail.encode("utf-8")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "Line 1, column 1:"),
        (b'{"a": 1,\n "b" 2}', "Line 2, column 6:"),
        (b'{"a":\x0b1}', "Line 1, column 6:"),
        (b'{"a": "\x01"}', "Line 1, column 8:"),
        (b'{"a": "\xff"}', "Line 1, column 8:"),
        (b'{"a": "\xed\xa0\x80"}', "Line 1, column 8:"),
        (b'{"a": 1} x', "Line 1, column 10:"),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{\x00"\x00a\x00"\x00', "Line 1, column 2:"),
        (b"[]", "root"),
        (b'"a"', "root"),
        (b"null", "root"),
        (b'{"a": [0, {"b": 1, "b": 2}]}', "At '/a/1':"),
        (b'{"a": 1, "\\u0061": 2}', "At '':"),
        (b'{"a": NaN}', "At '/a':"),
        (b'{"a": [-Infinity]}', "At '/a/0':"),
        (b'{"a/b": {"c~": 1e400}}', "At '/a~1b/c~0':"),
        (b'{"a": 9007199254740992}', "At '/a':"),
        (b'{"a": -9007199254740992}', "At '/a':"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "At '/a':"),
        (b'{"a": "\\u0000"}', "At '/a':"),
        (b'{"x": {"a\\u0000": 1}}', "At '/x':"),
        (b'{"a": "\\ud800"}', "At '/a':"),
        (b'{"a": "\\udc00\\ud800"}', "At '/a':"),
        (b'{"x": {"\\uDEAD": 1}}', "At '/x':"),
        (b'{"NaN": NaN, "a" 1}', "Line 1, column 18:"),
    ],
)
def test_a_refusal_names_the_place(body: bytes, place: str) -> None:
    with pytest.raises(NotStrictJson) as refusal:
        parse_object(body)
    assert place in refusal.value.detail


def test_a_refusal_does_not_repeat_the_body() -> None:
    for body in (b'{"a": secret}', b'{"a": "secret\\q"}', b'{"a": "secret\\u0000"}', b'{"a": 1e999secret}'):
        assert "secret" not in str(_refused(body))


@pytest.mark.parametrize("opening", [b'{"a":', b"[", b'[{"a":'])
def test_very_deep_nesting_is_refused_without_recursion(opening: bytes) -> None:
    assert "deeper than 32" in str(_refused(opening * 100_000))
    assert "deeper than 32" in str(_refused(b'{"a":' + opening * 50_000 + b"1"))


def test_nesting_is_read_to_exactly_thirty_two() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert parse_object(nested(32))
    assert "deeper than 32" in str(_refused(nested(33)))


def test_brackets_inside_strings_are_not_nesting() -> None:
    body = json.dumps({"a": "[{" * 100, 'b"[': ["\\", '"[[', "]" * 40] * 40}).encode()
    assert parse_object(body) == json.loads(body)


def test_limits_of_numbers_are_inside() -> None:
    assert parse_object(b'{"a": [9007199254740991, -9007199254740991, -0, 1.5e308, 1e-999]}') == {
        "a": [2**53 - 1, -(2**53 - 1), 0, 1.5e308, 0.0]
    }


def test_whole_surrogate_pairs_and_escaped_backslashes_are_read() -> None:
    assert parse_object(b'{"a": "\\ud83d\\ude00", "b": "\\\\u0000"}') == {"a": "😀", "b": "\\u0000"}


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53 - 1), 2**53 - 1) | _TEXT,
    lambda part: st.lists(part) | st.dictionaries(_TEXT, part),
    max_leaves=20,
)


@given(st.dictionaries(_TEXT, _VALUES, max_size=5), st.booleans())
def test_what_a_serialiser_writes_is_read_unchanged(value: dict[str, object], ascii_only: bool) -> None:
    assert parse_object(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.text(alphabet='{}[]":,\\u0d8c eE+-.1NaI\n').map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    detail = _refused(body)
    assert detail is None or detail.encode("utf-8")


@pytest.mark.parametrize("part", [b"[]", b"{}", b"1000", b'"a"'])
def test_a_body_of_very_many_small_parts_is_refused_before_anything_is_built(part: bytes) -> None:
    count = 16 * 1024 * 1024 // (len(part) + 1) - 10
    body = b'{"items":[' + b",".join([part] * count) + b"]}"
    tracemalloc.start()
    try:
        assert "more than 500000" in str(_refused(body))
        assert tracemalloc.get_traced_memory()[1] < 2 * len(body)
    finally:
        tracemalloc.stop()


def test_commas_and_brackets_inside_strings_are_not_counted() -> None:
    assert parse_object(json.dumps({"reason": ",[{" * MOST_PARTS}).encode())


def test_the_fullest_referral_that_keeps_the_rules_is_read() -> None:
    evidence = [{"name": ",", "media_type": "image/png", "content": "AAAA"}] * 20
    members = ("url", "content_type", "language", "published_at", "sha256", "description")
    item = dict.fromkeys(members, "," * 100) | {"evidence": evidence}
    assert parse_object(json.dumps({"reason": "," * 10_000, "items": [item] * 1_000}).encode())
