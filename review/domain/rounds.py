"""Which first reviews need a second one, and when do two amount to the same? Why is a round empty?

The pool of second reviews mixes what a rule asks for with a random share of everything else, so that being
in it proves no outcome (product.md, "The life of a case").
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from review.domain.decisions import ReviewInput
from review.domain.states import CaseState, Round

RANDOM: Final = "random"
WHOLE_SOURCES: Final = ("account", "channel")
"""Content types that stand for many pieces of content at once."""
_REMOVAL_ORDER: Final = "removal_order"


@dataclass(frozen=True)
class Place:
    """What the covered items of a case name: their common match key, and the broadest content type."""

    match_key: str
    content_type: str | None


def is_over_broad(place: Place, *, patterns: Collection[str]) -> bool:
    """Whether the location stands for more than one piece of content, as far as its address tells.

    ``patterns``: paths in which ``*`` stands for anything but a slash, such as ``/channel/*``.
    """
    if place.content_type in WHOLE_SOURCES:
        return True
    address = urlsplit(place.match_key)
    path = address.path.rstrip("/")
    if not path:
        return not address.query
    return any(_compiled(pattern).fullmatch(path) is not None for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in pattern.rstrip("/").split("*"))
    return re.compile("[^/]*".join(parts))


def why_second(
    review: ReviewInput,
    *,
    intake_kind: str,
    place: Place,
    patterns: Collection[str],
    lot: float,
    share: float,
) -> tuple[str, ...]:
    """Why this first review needs a second one: the rules that ask for it, else the draw, else nothing.

    ``lot`` is a number drawn from 0 up to 1; below ``share`` the review is drawn, whatever its outcome.
    """
    rules = {
        "account_measure": review.account != "none",
        "over_broad": review.over_broad or is_over_broad(place, patterns=patterns),
        "refused_order": intake_kind == _REMOVAL_ORDER and review.outcome == "declined",
        "context": review.context != "none",
    }
    asked = tuple(code for code, holds in rules.items() if holds)
    return asked or ((RANDOM,) if lot < share else ())


def same_judgement(
    one: ReviewInput,
    other: ReviewInput,
    *,
    clauses: tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]],
) -> bool:
    """Whether two reviews come to the same: outcome, ground or reason, clauses, and measures.

    ``clauses``: document and number of those that each names; two versions of a clause are the same one.
    """
    first, second = clauses
    return _essence(one) == _essence(other) and set(first) == set(second)


def _essence(review: ReviewInput) -> tuple[str | None, ...]:
    accepted = review.outcome == "accepted"
    measures = (review.visibility, review.account, review.territory) if accepted else ()
    return (review.outcome, review.ground, review.decline_reason, *measures)


_NOT_ASKED = {
    Round.FIRST: "waiting",
    Round.SECOND: "not_asked",
    Round.RESOLVING: "no_difference",
    Round.COMPLAINT: "no_complaint",
}


def why_empty(empty: Round, *, state: str) -> str:
    """The code of the reason, of the words family ``no_round``, for a case in this state."""
    if state == CaseState.WITHDRAWN:
        return "withdrawn"
    if state == CaseState.COMPLAINT and empty is Round.COMPLAINT:
        return "waiting"
    if state in (CaseState.DECIDED, CaseState.COMPLAINT):
        return _NOT_ASKED[empty]
    return "waiting"
