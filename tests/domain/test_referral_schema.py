"""The members of a referral, one by one, as domain/referral_schema.py describes them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from review.domain.referral_schema import ReferralBody
from tests.domain.referral_bodies import evidence_body, item_body, problems_of, read, referral_body

ERASED = "[erased on 2026-01-02: order]"


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"reference": None}, "/reference", "missing"),
        ({"reference": 5}, "/reference", "wrong_type"),
        ({"reference": ""}, "/reference", "too_short"),
        ({"reference": " \u2003"}, "/reference", "too_short"),
        ({"reference": "a" * 201}, "/reference", "too_long"),
        ({"reference": "a\nb"}, "/reference", "control_character"),
        ({"reason": ""}, "/reason", "too_short"),
        ({"reason": "\n"}, "/reason", "too_short"),
        ({"reason": "a" * 10_001}, "/reason", "too_long"),
        ({"reason": ERASED}, "/reason", "like_erased"),
        ({"reference": f"{ERASED} R-7K3M-9QXD-2FWT"}, "/reference", "like_erased"),
        ({"legal_basis": f"\n{ERASED} "}, "/legal_basis", "like_erased"),
        ({"requested_action": ERASED}, "/requested_action", "like_erased"),
        ({"issuing_authority": ERASED}, "/issuing_authority", "like_erased"),
        ({"contact": {"name": ERASED}}, "/contact/name", "like_erased"),
        ({"intake_kind": "order"}, "/intake_kind", "not_in_list"),
        ({"intake_kind": 1}, "/intake_kind", "wrong_type"),
        ({"intake_kind": ["removal_order"]}, "/intake_kind", "wrong_type"),
        ({"urgency": "high"}, "/urgency", "not_in_list"),
        ({"transmitted_via": "fax"}, "/transmitted_via", "not_in_list"),
        ({"category": "TERRORISM"}, "/category", "not_in_list"),
        ({"category": ["x"]}, "/category", "wrong_type"),
        ({"keyword": "KEYWORD_DANGEROUS_TOYS"}, "/keyword", "not_in_list"),
        ({"keyword": "KEYWORD_PHISHING"}, "/keyword", "keyword_not_of_category"),
        ({"issuing_authority": "a" * 501}, "/issuing_authority", "too_long"),
        ({"issuing_country": "be"}, "/issuing_country", "not_a_country"),
        ({"issuing_country": "ZZ"}, "/issuing_country", "not_a_country"),
        ({"issuing_country": "EU"}, "/issuing_country", "not_a_country"),
        ({"issuing_country": "BEL"}, "/issuing_country", "not_a_country"),
        ({"issuing_country": "BE\n"}, "/issuing_country", "not_a_country"),
        ({"legal_basis": "a" * 2_001}, "/legal_basis", "too_long"),
        ({"requested_action": "a" * 201}, "/requested_action", "too_long"),
        ({"detected_at": "2019-11-21T09:30:00"}, "/detected_at", "not_a_time"),
        ({"detected_at": "2019-11-21"}, "/detected_at", "not_a_time"),
        ({"detected_at": "2019-02-30T09:30:00Z"}, "/detected_at", "not_a_time"),
        ({"detected_at": "0001-01-01T00:00:00+01:00"}, "/detected_at", "not_a_time"),
        ({"detected_at": "9999-12-31T23:59:60Z"}, "/detected_at", "not_a_time"),
        ({"detected_at": "2019-11-21T09:30:00+24:00"}, "/detected_at", "not_a_time"),
        ({"detected_at": "٢٠١٩-11-21T09:30:00Z"}, "/detected_at", "not_a_time"),
        ({"detected_at": 1574328600}, "/detected_at", "wrong_type"),
        ({"earlier_received_at": "yesterday"}, "/earlier_received_at", "not_a_time"),
        ({"language": "arabic language"}, "/language", "not_a_language"),
        ({"language": "ar_EG"}, "/language", "not_a_language"),
        ({"language": "en" + "-variant1" * 10}, "/language", "not_a_language"),
        ({"contact": "desk@example.org"}, "/contact", "wrong_type"),
        ({"contact": {"name": "a" * 201}}, "/contact/name", "too_long"),
        ({"contact": {"name": "a\r\nBcc: b"}}, "/contact/name", "control_character"),
        ({"contact": {"email": "desk"}}, "/contact/email", "not_an_email"),
        ({"contact": {"email": "a@b.example, c@d.example"}}, "/contact/email", "not_an_email"),
        ({"contact": {"email": "a@b.example\n"}}, "/contact/email", "not_an_email"),
        ({"contact": {"email": "a@" + "b." * 130 + "example"}}, "/contact/email", "too_long"),
        ({"contact": {"phone": "1"}}, "/contact/phone", "unknown_member"),
        ({"good_faith": "true"}, "/good_faith", "wrong_type"),
        ({"good_faith": 1}, "/good_faith", "wrong_type"),
        ({"a/b~": 1}, "/a~1b~0", "unknown_member"),
        ({"evidence": []}, "/evidence", "unknown_member"),
        ({"x" * 1_000: 1}, "", "unknown_member"),
        ({"items": None}, "/items", "missing"),
        ({"items": []}, "/items", "too_few"),
        ({"items": {}}, "/items", "wrong_type"),
        ({"items": "https://video.example/"}, "/items", "wrong_type"),
        (
            {"items": [item_body(url=f"https://video.example/{n}") for n in range(1_001)]},
            "/items",
            "too_many",
        ),
        ({"items": [item_body(), 5]}, "/items/1", "wrong_type"),
        ({"items": [item_body(), None]}, "/items/1", "missing"),
    ],
)
def test_a_broken_member_is_named_with_its_code(members: dict[str, Any], pointer: str, code: str) -> None:
    assert problems_of(referral_body(**members)) == {(pointer, code)}


@pytest.mark.parametrize(
    ("members", "place", "code"),
    [
        ({"url": None}, "url", "missing"),
        ({"url": 5}, "url", "wrong_type"),
        ({"content_type": "movie"}, "content_type", "not_in_list"),
        ({"language": ""}, "language", "not_a_language"),
        ({"published_at": "2019-11-20 18:00:00Z"}, "published_at", "not_a_time"),
        ({"sha256": "abc"}, "sha256", "not_a_digest"),
        ({"sha256": "g" * 64}, "sha256", "not_a_digest"),
        ({"description": "a" * 10_001}, "description", "too_long"),
        ({"status": "open"}, "status", "unknown_member"),
        ({"evidence": {}}, "evidence", "wrong_type"),
        ({"evidence": [evidence_body()] * 21}, "evidence", "too_many"),
        ({"evidence": ["QUJD"]}, "evidence/0", "wrong_type"),
        ({"evidence": [evidence_body(name="")]}, "evidence/0/name", "too_short"),
        ({"evidence": [evidence_body(name="a" * 256)]}, "evidence/0/name", "too_long"),
        ({"evidence": [evidence_body(name="a\x00")]}, "evidence/0/name", "control_character"),
        ({"evidence": [evidence_body(media_type="png")]}, "evidence/0/media_type", "not_a_media_type"),
        ({"evidence": [evidence_body(media_type="a/b; c=d")]}, "evidence/0/media_type", "not_a_media_type"),
        ({"evidence": [evidence_body(content=None)]}, "evidence/0/content", "missing"),
        ({"evidence": [evidence_body(content="")]}, "evidence/0/content", "evidence_not_canonical"),
        ({"evidence": [evidence_body(content="QUI")]}, "evidence/0/content", "evidence_not_canonical"),
        ({"evidence": [evidence_body(content="QR==")]}, "evidence/0/content", "evidence_not_canonical"),
        ({"evidence": [evidence_body(content="QU\nJD")]}, "evidence/0/content", "evidence_not_canonical"),
        ({"evidence": [evidence_body(content="QU-_")]}, "evidence/0/content", "evidence_not_canonical"),
        ({"evidence": [evidence_body(content="é===")]}, "evidence/0/content", "evidence_not_canonical"),
        ({"evidence": [evidence_body(size=3)]}, "evidence/0/size", "unknown_member"),
    ],
)
def test_a_broken_member_of_an_item_refuses_the_referral(
    members: dict[str, Any], place: str, code: str
) -> None:
    good = item_body(url="https://video.example/good")
    assert problems_of(referral_body(items=[good, item_body(**members)])) == {(f"/items/1/{place}", code)}


@pytest.mark.parametrize("name", ["reference", "reason", "items"], ids=lambda name: f"without {name}")
def test_a_required_member_that_is_absent_is_missing(name: str) -> None:
    body = referral_body()
    del body[name]
    assert problems_of(body) == {(f"/{name}", "missing")}


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2019-11-21T09:30:00Z", datetime(2019, 11, 21, 9, 30, tzinfo=UTC)),
        ("2019-11-21t09:30:00.5z", datetime(2019, 11, 21, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2019-11-21T09:30:00.1234567891+05:30", datetime(2019, 11, 21, 4, 0, 0, 123_456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2019-11-21T09:30:00-00:00", datetime(2019, 11, 21, 9, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_utc(written: str, moment: datetime) -> None:
    assert read(referral_body(detected_at=written)).detected_at == moment


@pytest.mark.parametrize(
    "tag",
    [
        "ar",
        "pt-BR",
        "zh-Hant-TW",
        "sr-Latn",
        "de-1996",
        "es-419",
        "x-private",
        "i-klingon",
        "en-u-ca-gregory",
    ],
)
def test_language_tags_are_read(tag: str) -> None:
    assert read(referral_body(language=tag)).language == tag


def test_the_schema_can_be_published() -> None:
    schema = ReferralBody.model_json_schema()
    assert set(schema["required"]) == {"reference", "reason", "items"}
    assert schema["additionalProperties"] is False
