"""Reading the body of a referral, as domain/referrals.py promises."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from review.domain.locations import Hosts
from review.domain.referrals import read_referral
from review.errors import FieldError, InvalidReferral, KindNotEnabled
from review.formats.strict_json import parse_object
from tests.data import public_data
from tests.domain.referral_bodies import HOSTS, PICTURE, item_body, problems_of, read, referral_body

Change = Callable[[dict[str, Any]], None]


def test_the_referral_of_the_interface_document_is_read() -> None:
    intake = read(referral_body())
    assert intake.reference == "EUIRU-2019-11-000123"
    assert intake.detected_at == datetime(2019, 11, 21, 9, 30, tzinfo=UTC)
    assert intake.contact is not None
    assert intake.contact.email == "desk@example.org"
    assert intake.transmitted_via == "api"
    assert intake.refused == ()
    (item,) = intake.items
    assert (item.index, item.location.canonical_url) == (0, "https://video.example/watch/9f2c")
    (evidence,) = item.evidence
    assert evidence.content == PICTURE
    assert evidence.sha256 == sha256(PICTURE).hexdigest()
    assert evidence.pointer == "/items/0/evidence/0/content"
    assert list(intake.evidence) == [evidence]


def test_only_reference_reason_and_one_url_are_required() -> None:
    intake = read({"reference": "1", "reason": "x", "items": [{"url": "https://video.example/"}]})
    assert (intake.intake_kind, intake.urgency, intake.transmitted_via) == ("referral", "normal", "api")
    assert intake.contact is None


def test_real_referrals_are_read() -> None:
    lines = (public_data() / "notices" / "real-referrals.ndjson").read_bytes().splitlines()
    hosts = Hosts.parse("github.com,.github.io")
    intakes = [read_referral(parse_object(line), hosts=hosts) for line in lines]
    assert [len(intake.items) for intake in intakes] == [1, 2, 2]
    assert all(intake.refused == () and intake.transmitted_via == "email" for intake in intakes)
    assert intakes[0].items[0].location.defanged
    assert intakes[0].items[0].location.canonical_url == "https://github.com/EVLF/Cypher-Rat-Source-Code"
    assert intakes[1].items[0].location.match_digest == intakes[2].items[0].location.match_digest
    assert len({intake.content_digest for intake in intakes}) == 3


def test_all_problems_are_told_at_once() -> None:
    body = referral_body(
        reference="",
        more=1,
        intake_kind="notice",
        good_faith=None,
        contact={"name": "Desk"},
        keyword="KEYWORD_PHISHING",
        items=[item_body(url="https://elsewhere.invalid/", language="?")],
    )
    assert problems_of(body) == {
        ("/reference", "too_short"),
        ("/more", "unknown_member"),
        ("/good_faith", "good_faith_required"),
        ("/contact/email", "contact_required"),
        ("/keyword", "keyword_not_of_category"),
        ("/items/0/url", "not_our_host"),
        ("/items/0/language", "not_a_language"),
    }


def test_a_refusal_repeats_nothing_of_the_values() -> None:
    body = referral_body(
        reference="secret\n", category="secret", items=[item_body(url="secret", language="secret secret")]
    )
    with pytest.raises(InvalidReferral) as refusal:
        read(body)
    assert "secret" not in str(refusal.value) + str(refusal.value.errors)


def test_a_body_of_unknown_members_is_refused_with_a_bounded_list() -> None:
    with pytest.raises(InvalidReferral) as refusal:
        read({f"member{number}": {} for number in range(50_000)})
    assert len(refusal.value.errors) <= 110


@pytest.mark.parametrize("rest", [{}, {"order": {}}, {"reference": 5, "x": 1}, {"items": 3}])
def test_a_removal_order_is_not_taken_of_everybody_whatever_else_it_says(rest: dict[str, Any]) -> None:
    with pytest.raises(KindNotEnabled):
        read_referral({"intake_kind": "removal_order"} | rest, hosts=HOSTS)


@pytest.mark.parametrize(
    ("members", "problems"),
    [
        ({}, set()),
        ({"good_faith": False}, {("/good_faith", "good_faith_required")}),
        ({"good_faith": None}, {("/good_faith", "good_faith_required")}),
        ({"contact": None}, {("/contact", "contact_required")}),
        ({"contact": {}}, {("/contact/name", "contact_required"), ("/contact/email", "contact_required")}),
        ({"contact": {"name": " ", "email": "a@b.example"}}, {("/contact/name", "contact_required")}),
    ],
)
def test_a_notice_needs_the_elements_of_article_16(
    members: dict[str, Any], problems: set[tuple[str, str]]
) -> None:
    body = referral_body(intake_kind="notice", **members)
    assert read(body).intake_kind == "notice" if not problems else problems_of(body) == problems


def test_a_notice_of_child_sexual_abuse_may_be_anonymous_but_not_in_bad_faith() -> None:
    abuse = {
        "intake_kind": "notice",
        "category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        "keyword": "KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL",
        "contact": None,
    }
    assert read(referral_body(**abuse)).contact is None
    assert problems_of(referral_body(**abuse, good_faith=False)) == {("/good_faith", "good_faith_required")}


def test_bad_urls_and_repeats_refuse_their_item_only() -> None:
    urls = [
        "https://elsewhere.invalid/",
        "https://video.example/a",
        "",
        "http://VIDEO.example/a#again",
        "https://video.example/" + "a" * 3_000,
        "https://video.example/b",
    ]
    intake = read(referral_body(items=[item_body(url=url) for url in urls]))
    assert [item.index for item in intake.items] == [1, 5]
    refused = [item.as_dict() for item in intake.refused]
    assert [(item["index"], item["url"], item["errors"][0]["code"]) for item in refused] == [
        (0, urls[0], "not_our_host"),
        (2, "", "url_empty"),
        (3, urls[3], "repeated_location"),
        (4, urls[4], "url_too_long"),
    ]
    assert refused[2]["errors"][0]["pointer"] == "/items/3/url"
    assert "Item 1 " in refused[2]["errors"][0]["detail"]
    assert [piece.pointer for piece in intake.evidence] == [
        f"/items/{index}/evidence/0/content" for index in range(6)
    ]


def test_a_referral_without_a_good_item_is_refused_with_every_url() -> None:
    body = referral_body(items=[item_body(url="x"), item_body(url="ftp://video.example/")])
    assert problems_of(body) == {("/items/0/url", "url_not_valid"), ("/items/1/url", "url_scheme")}


def _reversed(part: Any) -> Any:
    """The same JSON with the members of every object in the opposite order."""
    if isinstance(part, dict):
        return {name: _reversed(part[name]) for name in reversed(part)}
    return [_reversed(element) for element in part] if isinstance(part, list) else part


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("legal_basis"),
        lambda body: body.pop("urgency"),
        lambda body: body.update(urgency=None, intake_kind=None, transmitted_via=None),
        lambda body: body.update(transmitted_via="api", language=None),
        lambda body: body.update(detected_at="2019-11-21t10:30:00.000+01:00"),
        lambda body: body["items"][0].pop("sha256"),
    ],
)
def test_the_same_content_has_the_same_digest(change: Change) -> None:
    body = referral_body()
    change(body)
    assert read(body).content_digest == read(_reversed(referral_body())).content_digest


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(reason="Another reason."),
        lambda body: body.update(good_faith=None),
        lambda body: body.update(detected_at="2019-11-21T09:30:00.000001Z"),
        lambda body: body["items"][0].update(url="https://video.example/watch/9f2c#x"),
        lambda body: body["items"][0]["evidence"][0].update(content="QUJD"),
        lambda body: body["items"].append({"url": "https://elsewhere.invalid/"}),
        lambda body: body["contact"].pop("name"),
    ],
)
def test_other_content_has_another_digest(change: Change) -> None:
    body = referral_body()
    change(body)
    assert read(body).content_digest != read(referral_body()).content_digest


def test_a_digest_is_compared_without_regard_to_its_case() -> None:
    upper, lower = (
        referral_body(items=[item_body(sha256="AB" * 32)]),
        referral_body(items=[item_body(sha256="ab" * 32)]),
    )
    assert read(upper).items[0].sha256 == "ab" * 32
    assert read(upper).content_digest == read(lower).content_digest


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.strip() != "").filter(str.isprintable))
def test_the_content_digest_is_that_of_rfc_8785(reason: str) -> None:
    body = referral_body(reason=f'{reason}\x01\x7f\u2028"\\/\n🙂')
    content = {name: value for name, value in deepcopy(body).items() if value is not None}
    content["transmitted_via"] = "api"
    content["detected_at"] = "2019-11-21T09:30:00+00:00"
    (item,) = content["items"]
    item["published_at"] = "2019-11-20T18:00:00+00:00"
    item["evidence"][0]["content"] = sha256(PICTURE).hexdigest()
    content["items"] = [{name: value for name, value in item.items() if value is not None}]
    assert read(body).content_digest == sha256(rfc8785.dumps(content)).hexdigest()


_MEMBER_NAMES = st.sampled_from([*referral_body(), *item_body(), "x"])
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["notice", "https://a.example/"])
)


@given(
    st.recursive(
        _LEAVES,
        lambda part: st.lists(part, max_size=3) | st.dictionaries(_MEMBER_NAMES, part),
        max_leaves=15,
    )
)
def test_any_object_is_read_or_refused(part: Any) -> None:
    root = part if isinstance(part, dict) else {}
    for body in (referral_body(items=[part]), referral_body(items=part, contact=part), root):
        errors: tuple[FieldError, ...] = ()
        try:
            read(body)
        except (InvalidReferral, KindNotEnabled) as error:
            errors = error.errors
        assert json.dumps([problem.as_dict() for problem in errors]).encode()


def test_reading_does_not_change_the_body() -> None:
    body = referral_body(urgency=None, more=1)
    before = deepcopy(body)
    problems_of(body)
    assert body == before
