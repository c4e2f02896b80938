"""Removal orders: every field of Annex I absent, null, of another type, too long, and at its limit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from review.domain.removal_order import ORDER_FIELDS, written_order
from tests.corpus.cases import ABSENT, CANARY, Case, body_of, broken, good, named
from tests.domain.referral_bodies import order_body

CATEGORY = "orders"
SENDER = "authority"
TEXTS = [field for field in ORDER_FIELDS if field.form in ("line", "text")]


def _body(name: str, order: Any) -> bytes:
    return body_of(f"orders {name}", intake_kind="removal_order", order=order)


def _wrong(name: str, code: str, pointer: str, order: Any) -> Case:
    return replace(broken(CATEGORY, name, code, pointer, _body(name, order)), key=SENDER)


def _field(name: str, code: str, member: str, value: Any) -> Case:
    """A rule that one field breaks."""
    order = {key: one for key, one in (order_body() | {member: value}).items() if one is not ABSENT}
    return _wrong(f"{member} {name}", code, f"/order/{member}", order)


def _kept(name: str, **members: Any) -> Case:
    """An order that is stored exactly."""
    order = order_body(**members)
    columns = {"removal_order": written_order(order)}
    return replace(good(CATEGORY, name, _body(name, order), columns=columns), key=SENDER)


def _whole() -> Iterator[Case]:
    yield _wrong("without its fields", "order_required", "/order", ABSENT)
    yield _wrong("null", "order_required", "/order", None)
    yield _wrong("empty", "missing", "/order/issuing_state", {})
    for name, order in (("a string", CANARY), ("an array", [order_body()]), ("a number", 1)):
        yield _wrong(name, "wrong_type", "/order", order)
    yield _wrong("unknown field", "unknown_member", "/order/stamp", order_body(stamp=CANARY))
    yield _wrong("prototype", "unknown_member", "/order/__proto__", order_body(__proto__={"a": 1}))
    for kind in ("referral", "notice"):
        body = body_of(f"orders {kind}", intake_kind=kind, order=order_body())
        yield replace(broken(CATEGORY, f"of a {kind}", "order_not_of_kind", "/order", body), key=SENDER)
    body = _body("of who may not", order_body())
    yield Case(CATEGORY, "of who may not", body, 422, "kind_not_enabled", key="other")
    yield _kept("plain")
    yield _kept("every field null that may be", **{f.member: None for f in ORDER_FIELDS if not f.required})
    yield _kept("hostile words", authority_name=f"{CANARY} \u202egnp.exe <b>", redress="\n<script>\n")


def _fields() -> Iterator[Case]:
    for field in ORDER_FIELDS:
        if field.required:
            yield _field("absent", "missing", field.member, ABSENT)
            yield _field("null", "missing", field.member, None)
        yield _field("of another type", "wrong_type", field.member, {"text": CANARY})
    for field in TEXTS:
        yield _field("empty", "too_short", field.member, "")
        yield _field("blank", "too_short", field.member, " \u2003\t")
        yield _field("one too long", "too_long", field.member, "x" * (field.most + 1))
        yield _kept(f"{field.member} at its limit", **{field.member: "x" * field.most})
        if field.form == "line":
            yield _field("of two lines", "control_character", field.member, f"{CANARY}\nx")


def _values() -> Iterator[Case]:
    yield _field("no choice", "too_few", "content_kinds", [])
    yield _field("one twice", "repeated", "content_kinds", ["threat", "threat"])
    unknown = order_body(content_kinds=["threat", CANARY])
    yield _wrong("unknown kind", "not_in_list", "/order/content_kinds/1", unknown)
    yield _field("unknown", "not_in_list", "authority_kind", CANARY)
    yield _field("in words", "not_a_member_state", "issuing_state", CANARY)
    yield _field("in small letters", "not_a_member_state", "issuing_state", "be")
    yield _field("without host", "not_an_email", "email", CANARY)
    for member in ("issued_at", "signed_at"):
        for name, text in (("a day", "2026-11-21"), ("no zone", "2026-11-21T09:30:00"), ("words", CANARY)):
            yield _field(name, "not_a_time", member, text)
    for member in ("no_disclosure", "cross_border"):
        yield _field("1", "wrong_type", member, 1)
        yield _kept(f"{member} false", **{member: False})
    yield _field("a hundred years ahead", "not_yet_issued", "issued_at", "2126-11-21T09:30:00Z")
    yield _field("outside the Union", "not_a_member_state", "issuing_state", "US")
    yield _kept("leap second", issued_at="2016-12-31T23:59:60Z")
    yield _kept(
        "all kinds",
        content_kinds=[kind for f in ORDER_FIELDS if f.form == "choices" for kind in f.choices or ()],
    )


CASES = named(CATEGORY, [*_whole(), *_fields(), *_values()])
