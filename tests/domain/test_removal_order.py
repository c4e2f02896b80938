"""Each field of Annex I: read where it is good, refused with its place where it is not, shown in words."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from review.domain.countries import MEMBER_STATES
from review.domain.referral_schema import OrderBody
from review.domain.removal_order import (
    AUTHORITY_KINDS,
    CONTENT_KINDS,
    ISSUED_AHEAD,
    ORDER_FIELDS,
    SECTIONS,
    OrderField,
    order_lines,
    order_names,
)
from tests.domain.referral_bodies import order_body, problems_of, read, referral_body

LONGEST = {field.member: field for field in ORDER_FIELDS if field.form in ("line", "text")}
REQUIRED = [field.member for field in ORDER_FIELDS if field.required]


def removal(**members: Any) -> dict[str, Any]:
    return referral_body(intake_kind="removal_order", order=order_body(**members))


def good(field: OrderField) -> Any:
    """A good value of a field; texts at their limit."""
    return {
        "line": "L" * field.most,
        "text": "T\n" + "t" * (field.most - 2),
        "email": "desk@authority.example",
        "country": "SE",
        "time": "2026-11-28T22:00:00Z",
        "choice": next(iter(field.choices or {"": ""})),
        "choices": list(field.choices or ()),
        "tick": True,
    }[field.form]


def test_the_table_names_each_member_once_in_the_order_of_annex_i() -> None:
    members = [field.member for field in ORDER_FIELDS]
    sections = [field.section for field in ORDER_FIELDS]
    assert len(set(members)) == len(members)
    assert sections == sorted(sections)
    assert set(sections) == set(SECTIONS)
    assert list(OrderBody.model_fields) == members


@pytest.mark.parametrize("field", ORDER_FIELDS, ids=lambda field: field.member)
def test_a_good_value_of_each_field_is_read_and_shown(field: OrderField) -> None:
    intake = read(removal(**{field.member: good(field)}))
    (line,) = [one for one in order_lines(intake.order) if one.field is field]
    wanted = {
        "choice": (next(iter((field.choices or {"": ""}).values())),),
        "choices": tuple((field.choices or {}).values()),
        "time": datetime(2026, 11, 28, 22, tzinfo=UTC),
    }
    assert line.value == wanted.get(field.form, good(field))


@pytest.mark.parametrize("field", ORDER_FIELDS, ids=lambda field: field.member)
def test_null_and_absent_are_the_same_and_a_required_field_is_missing(field: OrderField) -> None:
    pointer = f"/order/{field.member}"
    without = order_body()
    without.pop(field.member, None)
    for order in (without, without | {field.member: None}):
        body = referral_body(intake_kind="removal_order", order=order)
        if field.required:
            assert problems_of(body) == {(pointer, "missing")}
        else:
            assert read(body).content_digest == read(removal()).content_digest


@pytest.mark.parametrize("field", ORDER_FIELDS, ids=lambda field: field.member)
def test_another_type_is_refused_at_the_field(field: OrderField) -> None:
    pointer = f"/order/{field.member}"
    others: list[Any] = [7, {}, "yes" if field.form == "tick" else True]
    for wrong in others:
        assert problems_of(removal(**{field.member: wrong})) == {(pointer, "wrong_type")}


@pytest.mark.parametrize("field", LONGEST.values(), ids=lambda field: field.member)
def test_a_text_has_its_limits(field: OrderField) -> None:
    pointer = f"/order/{field.member}"
    for text, code in (("x" * (field.most + 1), "too_long"), ("", "too_short"), (" \t", "too_short")):
        assert problems_of(removal(**{field.member: text})) == {(pointer, code)}
    if field.form == "line":
        assert problems_of(removal(**{field.member: "two\nlines"})) == {(pointer, "control_character")}


@pytest.mark.parametrize(
    ("member", "value", "pointer", "code"),
    [
        ("content_kinds", [], "/order/content_kinds", "too_few"),
        ("content_kinds", ["threat", "threat"], "/order/content_kinds", "repeated"),
        ("content_kinds", ["terror"], "/order/content_kinds/0", "not_in_list"),
        ("content_kinds", "threat", "/order/content_kinds", "wrong_type"),
        ("authority_kind", "police", "/order/authority_kind", "not_in_list"),
        ("issuing_state", "Belgium", "/order/issuing_state", "not_a_member_state"),
        ("issuing_state", "XX", "/order/issuing_state", "not_a_member_state"),
        ("issuing_state", "GB", "/order/issuing_state", "not_a_member_state"),
        ("issuing_state", "EL", "/order/issuing_state", "not_a_member_state"),
        ("issued_at", "yesterday", "/order/issued_at", "not_a_time"),
        ("signed_at", "2026-11-28", "/order/signed_at", "not_a_time"),
        ("email", "nobody", "/order/email", "not_an_email"),
        ("more", 1, "/order/more", "unknown_member"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named(member: str, value: Any, pointer: str, code: str) -> None:
    assert problems_of(removal(**{member: value})) == {(pointer, code)}


def test_an_order_is_not_issued_ahead_of_time_but_for_a_clock_that_differs() -> None:
    now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        for ahead in (timedelta(days=-400), timedelta(0), ISSUED_AHEAD):
            read(removal(issued_at=(now + ahead).isoformat()))
        for ahead in (ISSUED_AHEAD + timedelta(seconds=1), timedelta(days=365)):
            problems = problems_of(removal(issued_at=(now + ahead).isoformat()))
            assert problems == {("/order/issued_at", "not_yet_issued")}
        # a signature may be dated otherwise
        read(removal(signed_at=(now + timedelta(days=1)).isoformat()))


@pytest.mark.parametrize("state", sorted(MEMBER_STATES))
def test_every_member_state_may_issue(state: str) -> None:
    read(removal(issuing_state=state))


def test_an_order_and_its_fields_belong_together() -> None:
    assert problems_of(referral_body(intake_kind="removal_order")) == {("/order", "order_required")}
    for kind in ("referral", "notice"):
        body = referral_body(intake_kind=kind, order=order_body())
        assert problems_of(body) == {("/order", "order_not_of_kind")}
    problems = problems_of(referral_body(intake_kind="removal_order", order={}))
    assert problems == {(f"/order/{member}", "missing") for member in REQUIRED}
    assert problems_of(referral_body(intake_kind="removal_order", order=[])) == {("/order", "wrong_type")}


def test_the_order_is_kept_as_sent_and_counts_in_the_digest() -> None:
    sent = order_body(fax=None, no_disclosure=False)
    intake = read(referral_body(intake_kind="removal_order", order=sent))
    assert json.loads(intake.order or "") == sent
    other_zone = order_body(issued_at="2026-11-21T08:30:00Z", no_disclosure=False)
    same = read(referral_body(intake_kind="removal_order", order=other_zone))
    assert same.content_digest == intake.content_digest
    assert read(removal()).content_digest != intake.content_digest
    assert read(referral_body()).order is None


def test_what_cannot_be_read_shows_nothing() -> None:
    for stored in (None, "", "[]", "{", '"text"'):
        assert order_lines(stored) == ()
    odd = json.dumps({"issued_at": "2016-12-31T23:59:60Z", "content_kinds": ["gone"], "cross_border": False})
    assert [line.value for line in order_lines(odd)] == ["2016-12-31T23:59:60Z", ("gone",)]


def test_the_names_and_numbers_of_the_authority_are_known() -> None:
    order = json.dumps(order_body(file_number="ZAAK-77", telephone=None))
    names, numbers = order_names(order)
    assert names == {"Court of first instance, Ghent", "A. Peeters"}
    assert numbers == {"ZAAK-77", "orders@court.example"}
    assert order_names(None) == (frozenset(), frozenset())


def test_the_five_kinds_are_those_of_the_regulation() -> None:
    assert [text[:3] for text in CONTENT_KINDS.values()] == ["(a)", "(b)", "(c)", "(d)", "(e)"]
    assert set(AUTHORITY_KINDS) == {"court", "law_enforcement", "other"}
