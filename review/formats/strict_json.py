"""Is this body strict JSON? RFC 8259 without everything that two parsers could read differently."""

import json
import re
from typing import Any, NoReturn

from review.domain.pointers import pointer_to
from review.errors import NotStrictJson

GREATEST_DEPTH = 32
GREATEST_INTEGER = 2**53 - 1
MOST_PARTS = 500_000
"""Strings, brackets and commas of one body; the fullest referral that keeps the rules has half as many."""

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_LONGEST_INTEGER = len(str(-GREATEST_INTEGER))
_PART = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")

_DUPLICATE = "an object names a member twice"
_NOT_FINITE = "NaN and Infinity are not JSON"
_FLOAT_TOO_LARGE = "a number is too large to be kept"
_INTEGER_TOO_LARGE = "an integer is outside -(2^53-1) to 2^53-1"
_NUL_CHARACTER = "a string or member name contains U+0000"
_LONE_SURROGATE = "a string or member name contains half of a surrogate pair"


class _Flaw(Exception):
    """A broken rule met while parsing; also stands in for the broken value while its place is looked up."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a strict JSON object (RFC 8259, UTF-8 only, depth at most 32).

    Raises ``NotStrictJson``, whose detail names the rule and the place (line and column, or a JSON Pointer)
    and repeats nothing of the body but member names inside a pointer.
    """
    text = _decoded(body)
    _check_size(body)
    try:
        value = _STOPPING.decode(text)
    except json.JSONDecodeError as error:
        _refuse_at(text, error.pos, "this is not JSON (RFC 8259)")
    except _Flaw as flaw:
        _refuse_value(text, flaw.rule)
    if not isinstance(value, dict):
        raise NotStrictJson("The root must be a JSON object; send { ... }.")
    if _SUSPECT_ESCAPE.search(text) is not None:
        _check_strings(value)
    return value


def _decoded(body: bytes) -> str:
    if body.startswith(_BYTE_ORDER_MARKS):
        raise NotStrictJson("The body starts with a byte order mark; send UTF-8 without one.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        sound = body[: error.start].decode("utf-8")
        _refuse_at(sound, len(sound), "this is not UTF-8")


def _check_size(body: bytes) -> None:
    """Refuse nesting too deep and parts too many before a parser recurses or builds anything of them."""
    openings = body.count(b"[") + body.count(b"{")
    if openings <= GREATEST_DEPTH and openings + body.count(b",") <= MOST_PARTS:
        return
    depth = 0
    for number, match in enumerate(_PART.finditer(body), start=1):
        if number > MOST_PARTS:
            raise NotStrictJson(
                f"The body has more than {MOST_PARTS} strings, brackets and commas; send smaller referrals."
            )
        sign = body[match.start()]
        if sign in b"[{":
            depth += 1
            if depth > GREATEST_DEPTH:
                before = body[: match.start()].decode("utf-8")
                _refuse_at(before, len(before), f"nesting is deeper than {GREATEST_DEPTH}")
        elif sign in b"]}":
            depth -= 1


def _refuse_at(text: str, position: int, rule: str) -> NoReturn:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    raise NotStrictJson(
        f"Line {line}, column {column}: {rule}; correct the body and send it again."
    ) from None


def _refuse_value(text: str, rule: str) -> NoReturn:
    """Parse again with the broken values kept as marks, to name the place of the first one."""
    try:
        flaw = _first_flaw(_MARKING.decode(text))
    except json.JSONDecodeError as error:
        _refuse_at(text, error.pos, "this is not JSON (RFC 8259)")
    place, rule = flaw or ("", rule)
    raise NotStrictJson(f"At '{place}': {rule}; correct the body and send it again.") from None


def _check_strings(root: dict[str, Any]) -> None:
    flaw = _first_flaw(root)
    if flaw is not None:
        raise NotStrictJson(f"At '{flaw[0]}': {flaw[1]}; correct the body and send it again.")


def _first_flaw(value: Any, steps: tuple[str | int, ...] = ()) -> tuple[str, str] | None:
    """Pointer and rule of the first broken value in document order; as deep as the depth limit."""
    if isinstance(value, _Flaw):
        return pointer_to(steps), value.rule
    if isinstance(value, str):
        rule = _broken_rule(value)
        return None if rule is None else (pointer_to(steps), rule)
    if isinstance(value, list):
        children: Any = enumerate(value)
    elif isinstance(value, dict):
        children = value.items()
    else:
        return None
    for step, child in children:
        if isinstance(step, str) and (rule := _broken_rule(step)) is not None:
            return pointer_to(steps), rule
        found = _first_flaw(child, (*steps, step))
        if found is not None:
            return found
    return None


def _broken_rule(text: str) -> str | None:
    if "\0" in text:
        return _NUL_CHARACTER
    return None if text.isascii() or _SURROGATE.search(text) is None else _LONE_SURROGATE


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Flaw(_DUPLICATE)
    return members


def _integer_of(digits: str) -> int:
    """Length is looked at first: converting very many digits is slow and raises past a limit of Python's."""
    if len(digits) <= _LONGEST_INTEGER:
        number = int(digits)
        if -GREATEST_INTEGER <= number <= GREATEST_INTEGER:
            return number
    raise _Flaw(_INTEGER_TOO_LARGE)


def _float_of(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _Flaw(_FLOAT_TOO_LARGE)
    return number


def _constant_of(_name: str) -> NoReturn:
    raise _Flaw(_NOT_FINITE)


def _marked(read: Any) -> Any:
    """The same reading rule, answering with the flaw in place of the value instead of stopping."""

    def reading(source: Any) -> Any:
        try:
            return read(source)
        except _Flaw as flaw:
            return flaw

    return reading


_STOPPING = json.JSONDecoder(
    object_pairs_hook=_object_of, parse_int=_integer_of, parse_float=_float_of, parse_constant=_constant_of
)
_MARKING = json.JSONDecoder(
    object_pairs_hook=_marked(_object_of),
    parse_int=_marked(_integer_of),
    parse_float=_marked(_float_of),
    parse_constant=_marked(_constant_of),
)
