"""What is wrong with a referral? Every broken rule with its place, a stable code and the remedy."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from review.domain.categories import CATEGORIES, CHILD_SEXUAL_ABUSE, KEYWORDS
from review.domain.pointers import pointer_to
from review.domain.referral_schema import (
    REMEDIES,
    ContactBody,
    EvidenceBody,
    ItemBody,
    OrderBody,
    ReferralBody,
)
from review.errors import FieldError

MOST_UNKNOWN_MEMBERS: Final = 100
"""Unknown members listed for one body."""

UNKNOWN: Final = "This member is not known; remove it or correct its name."
_MOST_LOOKED_AT: Final = 1_000
"""Elements of an array that are looked at; a longer array is refused for its length."""

_CODES: Final = {
    "missing": ("missing", "Give this member; it is required."),
    "string_type": ("wrong_type", "Write a string."),
    "bool_type": ("wrong_type", "Write true or false."),
    "list_type": ("wrong_type", "Write an array."),
    "model_type": ("wrong_type", "Write an object."),
    "string_too_short": ("too_short", REMEDIES["blank"]),
    "blank": ("too_short", REMEDIES["blank"]),
    "string_too_long": ("too_long", "Write at most {max_length} characters."),
    "too_short": ("too_few", "Give at least one."),
    "too_long": ("too_many", "Give at most {max_length}."),
    "literal_error": ("not_in_list", "Use one of: {expected}."),
    "extra_forbidden": ("unknown_member", UNKNOWN),
}
_OBJECTS: Final[dict[str, type[BaseModel]]] = {
    "contact": ContactBody,
    "items": ItemBody,
    "evidence": EvidenceBody,
    "order": OrderBody,
}
_ORDER_MISSING: Final = FieldError(
    "/order", "order_required", "A removal order needs order, with the fields of Annex I (2021/784)."
)
_ORDER_TOO_MUCH: Final = FieldError(
    "/order", "order_not_of_kind", "Leave order out, or make intake_kind removal_order."
)
_KINDS: Final[tuple[type[BaseModel], ...]] = (ReferralBody, *_OBJECTS.values())
_NAMES: Final = {kind: frozenset(kind.model_fields) for kind in _KINDS}
_PARTS_OF: Final = {kind: tuple(_OBJECTS.keys() & _NAMES[kind]) for kind in _KINDS}


def without_unknown_members(body: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """A copy of the body with only the members we know, and a problem for each of the others.

    Done here and not by the schema, because a body of nothing but unknown members would make it build
    millions of errors.
    """
    problems: list[FieldError] = []
    if _only_known_members(body, ReferralBody):
        return dict(body), problems
    return _known_members(body, ReferralBody, (), problems), problems


def _only_known_members(members: Mapping[str, Any], kind: type[BaseModel]) -> bool:
    """Whether there is nothing to leave out, without copying anything."""
    if not _NAMES[kind].issuperset(members):
        return False
    for name in _PARTS_OF[kind]:
        value = members.get(name)
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, dict) and not _only_known_members(part, _OBJECTS[name]):
                return False
    return True


def _known_members(
    members: Mapping[str, Any],
    kind: type[BaseModel],
    steps: tuple[str | int, ...],
    problems: list[FieldError],
) -> dict[str, Any]:
    names = _NAMES[kind]
    known = dict(members)
    if not names.issuperset(members):
        known = {name: value for name, value in members.items() if name in names}
        for name in sorted(members.keys() - names)[: MOST_UNKNOWN_MEMBERS - len(problems)]:
            problems.append(FieldError(pointer_to((*steps, name)), "unknown_member", UNKNOWN))
    for name in _PARTS_OF[kind]:
        part, value = _OBJECTS[name], known.get(name)
        if isinstance(value, dict):
            known[name] = _known_members(value, part, (*steps, name), problems)
        elif isinstance(value, list):
            known[name] = [
                _known_members(element, part, (*steps, name, index), problems)
                if index < _MOST_LOOKED_AT and isinstance(element, dict)
                else element
                for index, element in enumerate(value)
            ]
    return known


def schema_problems(failure: ValidationError) -> list[FieldError]:
    """Every problem the schema found, in our codes and words; ``null`` for a required member is missing."""
    return [_schema_problem(error) for error in failure.errors(include_url=False)]


def _schema_problem(error: Any) -> FieldError:
    pointer, kind, value = pointer_to(error["loc"]), error["type"], error["input"]
    code, detail = _CODES.get(kind) or (kind, error["msg"])
    if kind == "literal_error" and not isinstance(value, str):
        code, detail = _CODES["string_type"]
    if value is None:
        code, detail = _CODES["missing"]
    return FieldError(pointer, code, detail.format(**error.get("ctx", {})))


def cross_member_problems(body: Mapping[str, Any]) -> list[FieldError]:
    """Rules between members, on a body whose members may still be of any type."""
    problems = []
    category, keyword = body.get("category"), body.get("keyword")
    if not isinstance(keyword, str):
        keyword = None
    if isinstance(category, str) and category in CATEGORIES and keyword in KEYWORDS - CATEGORIES[category]:
        detail = "Use a keyword of this category, or leave one of the two out."
        problems.append(FieldError("/keyword", "keyword_not_of_category", detail))
    if (body.get("order") is not None) != (body.get("intake_kind") == "removal_order"):
        problems.append(_ORDER_MISSING if body.get("order") is None else _ORDER_TOO_MUCH)
    if body.get("intake_kind") == "notice":
        problems += _notice_problems(body, needs_contact=keyword not in CHILD_SEXUAL_ABUSE)
    return problems


def _notice_problems(body: Mapping[str, Any], *, needs_contact: bool) -> list[FieldError]:
    """What an Article 16 notice needs beside reason and location (DSA, Article 16(2)(c) and (d))."""
    problems = []
    if body.get("good_faith") in (None, False):
        detail = "A notice needs good_faith true: the belief that what it says is accurate and complete."
        problems.append(FieldError("/good_faith", "good_faith_required", detail))
    contact = body.get("contact")
    detail = "A notice needs the name and the e-mail address of the person or body that sends it."
    if not needs_contact:
        return problems
    if contact is None:
        problems.append(FieldError("/contact", "contact_required", detail))
    if not isinstance(contact, dict):
        return problems
    for name in ("name", "email"):
        value = contact.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            problems.append(FieldError(f"/contact/{name}", "contact_required", detail))
    return problems
