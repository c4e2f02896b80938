"""What may be told of cases that two people judged apart? Figures of all, of classes, kinds and clauses.

Nothing is told of fewer than five such cases; where a reader may not learn of single people, nothing of what
fewer than five people judged either.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from review.domain.agreement import (
    Class,
    Estimate,
    Pairs,
    Units,
    classes_of,
    cohen_kappa,
    krippendorff_alpha,
    raw_agreement,
    specific_agreement,
)
from review.domain.team import is_team

LEAST_PAIRS: Final = 5
"""With fewer, an interval would be as wide as not knowing."""
OUTCOMES: Final = ("accepted", "declined")


class Judgement(NamedTuple):
    """The outcome of a review, and its ground or its reason to decline."""

    outcome: Class
    reason: Class


class Judged(NamedTuple):
    """How often a case of this kind was judged so in its rounds; None where there was no such round."""

    intake_kind: str
    first: Judgement
    second: Judgement
    resolving: Judgement | None
    cases: int


class ClauseNamed(NamedTuple):
    """A clause by its name, in how many cases both reviews named it, and in how many one of them did."""

    name: str
    both: int
    either: int
    people: int


@dataclass(frozen=True)
class Twice:
    """The cases of a span that were judged twice, and how many people judged them."""

    judged: tuple[Judged, ...]
    clauses: tuple[ClauseNamed, ...]
    people: int
    people_of_kind: Mapping[str, int]


@dataclass(frozen=True)
class Share:
    """A class, kind or clause with the agreement on it; ``kappa`` of a kind alone."""

    code: str
    agreement: Estimate
    kappa: Estimate | None = None


@dataclass(frozen=True)
class Figures:
    """Everything that may be told.

    ``rounds`` is alpha with the resolving reviews, which were not blind; None where there is none.
    ``kept_back``: how many kinds and clauses stay out of sight because they are too few.
    """

    cases: int
    raw: Estimate
    kappa: Estimate
    alpha: Estimate
    rounds: Estimate | None
    outcomes: tuple[Share, ...]
    reasons: tuple[Share, ...]
    reasons_raw: Estimate
    reasons_kappa: Estimate
    kinds: tuple[Share, ...]
    clauses: tuple[Share, ...]
    kept_back: int


class Withheld(NamedTuple):
    """Why nothing is told: too few ``cases``, or too few ``people``."""

    why: str


def figures_of(found: Twice, *, of_many: bool) -> Figures | Withheld:
    """The figures of these cases; ``of_many``: only where five people or more took part."""
    cases = sum(one.cases for one in found.judged)
    if cases < LEAST_PAIRS:
        return Withheld("cases")
    if of_many and not is_team(found.people):
        return Withheld("people")

    def enough(number: int, people: int) -> bool:
        return number >= LEAST_PAIRS and (not of_many or is_team(people))

    outcomes, reasons = _pairs(found.judged), _pairs(found.judged, fine=True)
    by_kind = {
        kind: _pairs(one for one in found.judged if one.intake_kind == kind) for kind in found.people_of_kind
    }
    kinds = [
        kind for kind, pairs in by_kind.items() if enough(sum(pairs.values()), found.people_of_kind[kind])
    ]
    clauses = [one for one in found.clauses if enough(one.either, one.people)]
    return Figures(
        cases=cases,
        raw=raw_agreement(outcomes),
        kappa=cohen_kappa(outcomes),
        alpha=krippendorff_alpha(_blind(outcomes)),
        rounds=krippendorff_alpha(_all_rounds(found.judged))
        if any(one.resolving for one in found.judged)
        else None,
        outcomes=tuple(Share(each, specific_agreement(outcomes, each)) for each in OUTCOMES),
        reasons=tuple(
            Share(each, agreement)
            for each in classes_of(reasons)
            if (agreement := specific_agreement(reasons, each)).counted >= LEAST_PAIRS
        ),
        reasons_raw=raw_agreement(reasons),
        reasons_kappa=cohen_kappa(reasons),
        kinds=tuple(Share(kind, raw_agreement(by_kind[kind]), cohen_kappa(by_kind[kind])) for kind in kinds),
        clauses=tuple(Share(one.name, _on_clause(one)) for one in clauses),
        kept_back=len(by_kind) - len(kinds) + len(found.clauses) - len(clauses),
    )


def _on_clause(clause: ClauseNamed) -> Estimate:
    """How likely one names the clause given that the other did."""
    named = {("named", "named"): clause.both, ("named", "not"): clause.either - clause.both}
    return specific_agreement(named, "named")


def _pairs(judged: Iterable[Judged], *, fine: bool = False) -> Pairs:
    counted = Counter[tuple[Class, Class]]()
    for one in judged:
        counted[one.first[fine], one.second[fine]] += one.cases
    return counted


def _blind(pairs: Pairs) -> Units:
    return {(one, other): count for (one, other), count in pairs.items()}


def _all_rounds(judged: Iterable[Judged]) -> Units:
    counted = Counter[tuple[Class | None, ...]]()
    for one in judged:
        last = None if one.resolving is None else one.resolving.outcome
        counted[one.first.outcome, one.second.outcome, last] += one.cases
    return counted
