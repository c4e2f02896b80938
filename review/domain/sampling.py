"""Which decided cases are looked at again, what may be found, and what does that say of all of them?

A sample is drawn by strata (outcome and intake kind). Which decisions of a stratum come in follows from the
SHA-256 of the seed and the decision's id alone: the same seed, span and size give the same sample anywhere.
"""

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

from review.domain.agreement import UNKNOWN, Estimate, wilson
from review.errors import FieldError, InvalidInput

SIZES: Final = (30, 97, 385)
"""What the form offers: 97 and 385 tell a share to 10 and to 5 points, whatever it is."""
MOST_DRAWN: Final = 1_000
LONGEST_SPAN_DAYS: Final = 366
LONGEST_REMARK: Final = 2_000
_SEED: Final = re.compile(r"[0-9A-Za-z-]{1,40}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Stratum(NamedTuple):
    """Decisions that are drawn from together."""

    outcome: str
    intake_kind: str


class Finding(StrEnum):
    """What a quality review finds; all but ``correct`` are errors."""

    CORRECT = "correct"
    FALSE_ACCEPT = "false_accept"
    FALSE_DECLINE = "false_decline"
    WRONG_CLAUSE = "wrong_clause"
    TECHNICAL = "technical"


_ONLY_FOR: Final = {
    Finding.FALSE_ACCEPT: "accepted",
    Finding.FALSE_DECLINE: "declined",
    Finding.WRONG_CLAUSE: "accepted",
}


@dataclass(frozen=True)
class Draw:
    """What a sample is drawn by: both days belong to its span."""

    since: date
    until: date
    size: int
    seed: str


class Drawn(NamedTuple):
    """One decision of a sample."""

    stratum: Stratum
    decision_id: str


@dataclass(frozen=True)
class StratumShare:
    """How many decisions a stratum has in the span, and how many of them were drawn."""

    stratum: Stratum
    population: int
    drawn: int


@dataclass(frozen=True)
class StratumResult:
    """What was found in a stratum so far; ``rate`` is its share of errors."""

    share: StratumShare
    judged: int
    errors: int

    @property
    def rate(self) -> Estimate:
        """Errors among what was judged, with Wilson's interval."""
        return wilson(self.errors, self.judged)


def new_seed() -> str:
    """A fresh seed: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def findings_for(outcome: str) -> tuple[Finding, ...]:
    """What can be found of a decision with this outcome."""
    return tuple(one for one in Finding if _ONLY_FOR.get(one, outcome) == outcome)


def check_draw(draw: Draw, *, today: date) -> None:
    """Raise `InvalidInput` at what is wrong: only days that are over are drawn from, so that none grows."""
    problems = []
    if draw.until < draw.since:
        problems.append(FieldError("until", "reversed", "The last day is before the first; exchange them."))
    elif (draw.until - draw.since).days >= LONGEST_SPAN_DAYS:
        problems.append(FieldError("until", "too_long", "Choose a span of at most 366 days."))
    if draw.until >= today:
        problems.append(
            FieldError(
                "until", "not_over", "Choose a day in UTC that is over: the cases of today still grow."
            )
        )
    if not 1 <= draw.size <= MOST_DRAWN:
        problems.append(FieldError("size", "out_of_range", "Draw at least 1 and at most 1000 cases."))
    if _SEED.fullmatch(draw.seed) is None:
        detail = "A seed is 1 to 40 letters, digits and hyphens; leave it blank for a new one."
        problems.append(FieldError("seed", "not_a_seed", detail))
    if problems:
        raise InvalidInput("No sample is drawn yet; correct what is marked.", errors=problems)


def check_judgement(finding: str, remark: str, *, outcome: str) -> Finding:
    """The finding, if it can be found of this outcome; an error needs a remark. Raises `InvalidInput`."""
    problems = []
    found = next((one for one in findings_for(outcome) if one == finding), None)
    if found is None:
        problems.append(FieldError("finding", "missing", "Choose what you found."))
    if found not in (None, Finding.CORRECT) and not remark.strip():
        problems.append(FieldError("remark", "missing", "Say what is wrong, so that others can follow it."))
    if len(remark) > LONGEST_REMARK:
        problems.append(FieldError("remark", "too_long", "Write at most 2000 characters."))
    if _CONTROL.search(remark):
        problems.append(FieldError("remark", "control_character", "Remove the control characters."))
    if problems or found is None:
        raise InvalidInput("The judgement is not recorded yet; correct what is marked.", errors=problems)
    return found


def draw_sample(decisions: Iterable[tuple[Stratum, str]], draw: Draw) -> tuple[Drawn, ...]:
    """The decisions of the sample, in the order in which they are to be judged: strata mixed."""
    keyed = sorted(
        (_place(draw.seed, decision_id), stratum, decision_id) for stratum, decision_id in decisions
    )
    wanted = shares_of(Counter(stratum for _key, stratum, _id in keyed), size=draw.size)
    taken, drawn = Counter[Stratum](), []
    for _key, stratum, decision_id in keyed:
        if taken[stratum] < wanted[stratum]:
            taken[stratum] += 1
            drawn.append(Drawn(stratum, decision_id))
    return tuple(drawn)


def shares_of(population: Mapping[Stratum, int], *, size: int) -> dict[Stratum, int]:
    """How many of each stratum are drawn: in proportion, with one of each as far as the size goes.

    Each further place goes to the stratum that lacks most of its exact share; ties to the larger stratum.
    """
    ordered = sorted(population, key=lambda one: (-population[one], one))
    whole = sum(population.values())
    size = min(size, whole)
    shares = {stratum: int(place < size) for place, stratum in enumerate(ordered)}
    exact = {stratum: population[stratum] * size / whole for stratum in ordered}
    for _seat in range(size - sum(shares.values())):
        short = (one for one in ordered if shares[one] < population[one])
        shares[max(short, key=lambda one: exact[one] - shares[one])] += 1
    return shares


def _place(seed: str, decision_id: str) -> bytes:
    return sha256(f"{seed}\n{decision_id}".encode()).digest()


def error_rate(results: Sequence[StratumResult]) -> Estimate:
    """The share of errors among all decisions of the span, each stratum by its weight there.

    Wilson's interval with Kish's effective number, 1 / sum(w² / n): what stratifying gains is given away, so
    that it is rather too wide than too narrow. Unknown while a stratum has nothing judged.
    """
    whole = sum(one.share.population for one in results)
    if whole == 0 or any(one.judged == 0 for one in results):
        return UNKNOWN
    weights = [one.share.population / whole for one in results]
    rate = sum(weight * one.errors / one.judged for weight, one in zip(weights, results, strict=True))
    effective = 1 / sum(weight**2 / one.judged for weight, one in zip(weights, results, strict=True))
    interval = wilson(rate * effective, effective)
    return Estimate(rate, interval.low, interval.high, counted=sum(one.judged for one in results))
