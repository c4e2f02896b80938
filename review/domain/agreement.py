"""How far do reviewers of the same cases agree? Raw, by class, beyond chance; each with its 95 % interval.

Everything is computed from counts: how many cases were judged with which classes, one place for each
reviewer, None where one did not judge. What cannot be told is `UNKNOWN`, which is not zero: no pair, or one
class only, of which agreement by chance explains everything.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

Class = str
Pairs = Mapping[tuple[Class, Class], int]
"""How often the first reviewer chose one class and the second another."""
Units = Mapping[tuple[Class | None, ...], int]
"""How often a case was judged so: the class that each reviewer chose, None for one who did not judge."""

NORMAL_95: Final = 1.959963984540054
"""The standard normal distribution keeps 95 % between this and its negative."""
ALPHA_SEED: Final = 20_110_125
"""Where the draws of alpha's interval begin: the same counts have the same interval."""
DRAWS: Final = 1_000
_NOTHING: Final = 1e-12

LANDIS_KOCH: Final = (
    (0.0, "poor"),
    (0.20, "slight"),
    (0.40, "fair"),
    (0.60, "moderate"),
    (0.80, "substantial"),
    (math.inf, "almost_perfect"),
)
"""Landis and Koch, Biometrics 33 (1977), page 165: up to which kappa each word stands; below 0 is poor."""


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval; each is None where it is unknown.

    ``counted``: the pairs of judgements, or the cases, that it stands on.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    counted: int = 0


UNKNOWN: Final = Estimate(None)


def wilson(part: float, whole: float) -> Estimate:
    """A share and its score interval (Wilson, JASA 22 (1927) 209-212); unknown of nothing.

    ``whole`` may be an effective number, which need not be a whole one.
    """
    if whole <= 0:
        return UNKNOWN
    share, spread = part / whole, NORMAL_95**2 / whole
    middle = (share + spread / 2) / (1 + spread)
    reach = NORMAL_95 * math.sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    # rounding must not put the share itself outside
    low, high = max(0.0, min(middle - reach, share)), min(1.0, max(middle + reach, share))
    return Estimate(share, low, high, counted=round(whole))


def raw_agreement(pairs: Pairs) -> Estimate:
    """The share of cases on which both chose the same class; interval after Wilson."""
    return wilson(sum(count for (one, other), count in pairs.items() if one == other), sum(pairs.values()))


def specific_agreement(pairs: Pairs, chosen: Class) -> Estimate:
    """Given that one of the two chose the class, how likely the other did too (Dice, Ecology 26 (1945)).

    With two classes these are positive and negative agreement (Cicchetti and Feinstein, J Clin Epidemiol 43
    (1990) 551-558): 2a / (2a + b + c). The share d = a / (a + b + c) of the cases for which either chose it
    has Wilson's interval, and 2d / (1 + d) carries its ends over, since it only rises with d.
    """
    both = pairs.get((chosen, chosen), 0)
    either = sum(count for pair, count in pairs.items() if chosen in pair)
    share = wilson(both, either)
    if share.value is None or share.low is None or share.high is None:
        return UNKNOWN
    return Estimate(
        value=2 * share.value / (1 + share.value),
        low=2 * share.low / (1 + share.low),
        high=2 * share.high / (1 + share.high),
        counted=either,
    )


def cohen_kappa(pairs: Pairs) -> Estimate:
    """Agreement beyond chance of two reviewers (Cohen, Educ Psychol Meas 20 (1960) 37-46).

    The interval is kappa and 1.96 large-sample standard errors to both sides (Fleiss, Cohen and Everitt,
    Psychol Bull 72 (1969) 323-327, formula 13), cut at -1 and 1. It is unknown where no pair differs: the
    formula then finds an error of zero, however few pairs there are.
    """
    count = sum(pairs.values())
    if count == 0:
        return UNKNOWN
    shares = {pair: number / count for pair, number in pairs.items() if number}
    firsts = dict.fromkeys(classes_of(pairs), 0.0)
    seconds = dict(firsts)
    for (one, other), share in shares.items():
        firsts[one] += share
        seconds[other] += share
    by_chance = sum(firsts[each] * seconds[each] for each in firsts)
    if 1 - by_chance < _NOTHING:
        return Estimate(None, counted=count)
    agreed = sum(share for (one, other), share in shares.items() if one == other)
    kappa = (agreed - by_chance) / (1 - by_chance)
    if 1 - agreed < _NOTHING:
        return Estimate(kappa, counted=count)
    error = _kappa_error(shares, firsts, seconds, kappa=kappa, by_chance=by_chance, count=count)
    reach = NORMAL_95 * error
    return Estimate(kappa, max(-1.0, kappa - reach), min(1.0, kappa + reach), counted=count)


def _kappa_error(
    shares: Mapping[tuple[Class, Class], float],
    firsts: Mapping[Class, float],
    seconds: Mapping[Class, float],
    *,
    kappa: float,
    by_chance: float,
    count: int,
) -> float:
    rest = 1 - kappa
    alike = sum(
        share * (1 - (firsts[one] + seconds[one]) * rest) ** 2
        for (one, other), share in shares.items()
        if one == other
    )
    unlike = rest**2 * sum(
        share * (seconds[one] + firsts[other]) ** 2 for (one, other), share in shares.items() if one != other
    )
    variance = (alike + unlike - (kappa - by_chance * rest) ** 2) / (count * (1 - by_chance) ** 2)
    return math.sqrt(max(0.0, variance))


def krippendorff_alpha(units: Units, *, seed: int = ALPHA_SEED) -> Estimate:
    """Agreement beyond chance of any number of reviewers with gaps, for classes without an order.

    Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C. The interval holds 95 % of
    the alphas of 1 000 weightings of the cases that are drawn from ``seed`` on: Rubin's Bayesian bootstrap
    (Ann Statist 9 (1981) 130-134), in which cases judged alike share one gamma variate, so that its time
    does not grow with the cases. It is unknown where no two judgements of a case differ.
    """
    pairable = {unit: number for unit, number in units.items() if number and _judged(unit) > 1}
    count = sum(pairable.values())
    alpha = _alpha({unit: float(number) for unit, number in pairable.items()})
    if alpha is None or all(len(set(unit) - {None}) == 1 for unit in pairable):
        return Estimate(alpha, counted=count)
    drawn = sorted(_drawn_alphas(pairable, seed=seed))
    edge = round(DRAWS * 0.025)
    return Estimate(alpha, min(drawn[edge], alpha), max(drawn[DRAWS - 1 - edge], alpha), counted=count)


def _drawn_alphas(pairable: Mapping[tuple[Class | None, ...], int], *, seed: int) -> Iterable[float]:
    chance = Random(seed)  # noqa: S311 (draws for an interval are no secret, and are to be repeated)
    count = sum(pairable.values())
    ordered = sorted(pairable, key=lambda unit: [value or "" for value in unit])
    for _number in range(DRAWS):
        weights = {unit: chance.gammavariate(pairable[unit], 1.0) for unit in ordered}
        scale = count / sum(weights.values())
        alpha = _alpha({unit: weight * scale for unit, weight in weights.items()})
        if alpha is not None:
            yield alpha


def _alpha(weights: Mapping[tuple[Class | None, ...], float]) -> float | None:
    """Alpha of cases with weights; None without pairs and where all judgements are of one class."""
    totals: dict[Class, float] = {}
    differing = 0.0
    for unit, weight in weights.items():
        values = [value for value in unit if value is not None]
        chosen = Counter(values)
        for value, times in chosen.items():
            totals[value] = totals.get(value, 0.0) + weight * times
        judged = len(values)
        differing += weight * (judged**2 - sum(times**2 for times in chosen.values())) / (judged - 1)
    every = sum(totals.values())
    by_chance = every**2 - sum(total**2 for total in totals.values())
    if len(totals) < 2 or by_chance <= 0:
        return None
    return 1 - (every - 1) * differing / by_chance


def _judged(unit: tuple[Class | None, ...]) -> int:
    return sum(value is not None for value in unit)


def classes_of(pairs: Pairs) -> tuple[Class, ...]:
    """Every class that somebody chose, in the order of their codes."""
    return tuple(sorted({chosen for pair, count in pairs.items() if count for chosen in pair}))


def band_of(kappa: float) -> str:
    """The word of Landis and Koch for a kappa, as its code."""
    if kappa < 0:
        return "poor"
    return next(word for most, word in LANDIS_KOCH[1:] if kappa <= most)
