"""The published patterns say what the validating rules say."""

import re
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from review.domain import ids
from review.domain import referral_schema as schema
from review.domain import schema_patterns as patterns
from review.domain.referral_schema import ContactBody, EvidenceBody, ReferralBody
from tests.web.api.described import as_python

RULES: dict[str, tuple[str, Any]] = {
    "language": (patterns.LANGUAGE, TypeAdapter(schema.Language)),
    "digest": (patterns.SHA256, TypeAdapter(schema.Digest)),
    "email": (patterns.EMAIL, TypeAdapter(schema.Email)),
    "media type": (patterns.MEDIA_TYPE, TypeAdapter(schema.MediaType)),
    "content": (patterns.CANONICAL_BASE64, TypeAdapter(schema.Content)),
}
GOOD_EVIDENCE = {"name": "n", "media_type": "image/png", "content": "AA=="}
NEAR = st.text(
    alphabet=" \t\n\r\x0b\x0c\x1c\x1f\x7f\x85\xa0\u1680\u2007\u2028\u2029\u202f\u3000\ufeffaé", max_size=4
)


def _takes(adapter: Any, value: str) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", RULES)
def test_what_a_pattern_matches_is_taken(name: str) -> None:
    pattern, adapter = RULES[name]

    @settings(max_examples=60, database=None)
    @given(st.from_regex(as_python(pattern), fullmatch=True))
    def check(value: str) -> None:
        within = len(value) <= {"language": 35, "email": 254, "media type": 255}.get(name, 10_000)
        assert _takes(adapter, value) or not within

    check()


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("language", ["", "e", "en_GB", "en-", "-en", "en\n", "tag-that-is-too-looooong"]),
        ("digest", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n"]),
        ("email", ["", "a", "a@", "@b.de", "a@b", "a b@c.de", "a@b..de", "a@b.de\n", "<a@b.de>", "a@-b.de"]),
        ("media type", ["", "image", "image/", "/png", "image/png; q=1", "image/png\n"]),
        ("content", ["", "A", "AA", "AA=", "AB==", "AAB=", "AA==\n", "AAA_", "AA==AA=="]),
    ],
)
def test_what_a_pattern_does_not_match_is_refused(name: str, bad: list[str]) -> None:
    pattern, adapter = RULES[name]
    for value in bad:
        assert re.search(as_python(pattern), value) is None, value
        assert not _takes(adapter, value), value


@settings(max_examples=200, database=None)
@given(NEAR)
def test_visible_and_one_line_mean_the_same_in_both(text: str) -> None:
    def taken(model: Any, members: dict[str, Any]) -> bool:
        return _takes(TypeAdapter(model), members)  # type: ignore[arg-type]

    referral = {"reference": "r", "reason": "r", "items": [{"url": ""}]}
    assert taken(ReferralBody, referral | {"reason": text}) == _matches(patterns.VISIBLE_TEXT, text)
    assert taken(ReferralBody, referral | {"reference": text}) == _matches(patterns.VISIBLE_LINE, text)
    assert taken(EvidenceBody, GOOD_EVIDENCE | {"name": text}) == _matches(patterns.VISIBLE_LINE, text)
    assert taken(ContactBody, {"name": text}) == _matches(patterns.LINE, text)


def _matches(pattern: str, text: str) -> bool:
    return re.search(as_python(pattern), text) is not None


def test_ids_match_their_pattern() -> None:
    for prefix in "RIB":
        assert _matches(patterns.identifier(prefix), ids.new_id(prefix))
    assert not _matches(patterns.identifier("R"), ids.new_id("I"))


def test_null_stands_for_a_default() -> None:
    members = ReferralBody.model_json_schema()["properties"]
    assert members["intake_kind"]["enum"] == ["referral", "notice", "removal_order", None]
    assert members["urgency"]["type"] == ["string", "null"]
    assert "removal_order" in get_args(schema.IntakeKind)
