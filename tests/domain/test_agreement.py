"""Agreement: published worked examples, another implementation, and what holds for all counts."""

from collections import Counter
from itertools import product

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.domain.agreement import (
    NORMAL_95,
    UNKNOWN,
    Estimate,
    band_of,
    classes_of,
    cohen_kappa,
    krippendorff_alpha,
    raw_agreement,
    specific_agreement,
    wilson,
)

FOUR_OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""

classes = st.sampled_from("abcd")
pair_lists = st.lists(st.tuples(classes, classes), max_size=40)
unit_lists = st.lists(st.tuples(*[st.none() | classes] * 4), max_size=25)


def table(*rows: tuple[int, ...]) -> dict[tuple[str, str], int]:
    size = range(len(rows))
    return {(str(one), str(other)): rows[one][other] for one, other in product(size, size)}


def units_of(*observers: str) -> Counter[tuple[str | None, ...]]:
    judged = zip(*(text.split() for text in observers), strict=True)
    return Counter(tuple(None if value == "." else value for value in unit) for unit in judged)


def error_of(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return (found.high - found.low) / 2 / NORMAL_95


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_intervals_of_newcombe_1998(part: int, whole: int, low: float, high: float) -> None:
    """Statistics in Medicine 17, table I, method 3."""
    found = wilson(part, whole)
    assert found.value == pytest.approx(part / whole)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_kappa_and_its_error_are_those_of_fleiss_1981() -> None:
    """Statistical Methods for Rates and Proportions, table 13.1: 100 diagnoses by two raters."""
    found = cohen_kappa(table((75, 1, 4), (5, 4, 1), (0, 0, 10)))
    assert found.value == pytest.approx(0.676, abs=5e-4)
    assert error_of(found) == pytest.approx(0.0877, abs=5e-5)


def test_kappa_and_its_error_are_those_of_agresti_and_of_r() -> None:
    """Agresti's 91 married couples, which the R package vcd has as SexualFun: 0.1293, ASE 0.06860."""
    found = cohen_kappa(table((7, 7, 2, 3), (2, 8, 3, 7), (1, 5, 4, 9), (2, 8, 9, 14)))
    assert found.value == pytest.approx(0.1293, abs=5e-5)
    assert error_of(found) == pytest.approx(0.06860, abs=5e-6)


def test_kappa_of_85_mammograms_is_that_of_the_stata_manual() -> None:
    pairs = table((21, 12, 0, 0), (4, 17, 1, 0), (3, 9, 15, 2), (0, 0, 0, 1))
    assert raw_agreement(pairs).value == pytest.approx(0.6353, abs=5e-5)
    assert cohen_kappa(pairs).value == pytest.approx(0.4728, abs=5e-5)


def test_kappa_falls_with_skewed_classes_while_raw_agreement_stays() -> None:
    """Feinstein and Cicchetti, J Clin Epidemiol 43 (1990) 543-549: the first paradox, and its resolution."""
    even, skewed = table((40, 9), (6, 45)), table((80, 10), (5, 5))
    assert raw_agreement(even).value == raw_agreement(skewed).value == 0.85
    assert cohen_kappa(even).value == pytest.approx(0.70, abs=5e-3)
    assert cohen_kappa(skewed).value == pytest.approx(0.32, abs=5e-3)
    assert specific_agreement(skewed, "0").value == pytest.approx(0.914, abs=5e-4)
    assert specific_agreement(skewed, "1").value == pytest.approx(0.40)


def test_alpha_has_the_values_of_krippendorff_2011() -> None:
    """Computing Krippendorff's Alpha-Reliability, sections A (binary), B (nominal) and C (gaps)."""
    binary = units_of("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
    nominal = units_of("a a b b d c c c e d d a", "b a b b b c c c e d d d")
    gaps = units_of(*FOUR_OBSERVERS.split("\n")[1:5])
    assert krippendorff_alpha(binary).value == pytest.approx(0.095, abs=5e-4)
    assert krippendorff_alpha(nominal).value == pytest.approx(0.692, abs=5e-4)
    assert krippendorff_alpha(gaps).value == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(gaps).counted == 11


def test_what_cannot_be_told_is_unknown_and_not_zero() -> None:
    for figure in (raw_agreement({}), cohen_kappa({}), krippendorff_alpha({}), wilson(0, 0)):
        assert figure == UNKNOWN
        assert figure.value is None
    one_class = {("a", "a"): 12}
    assert cohen_kappa(one_class) == krippendorff_alpha(Counter(one_class)) == Estimate(None, counted=12)
    assert specific_agreement(one_class, "b") == UNKNOWN
    assert krippendorff_alpha({("a", None): 5, (None, "b"): 5}) == UNKNOWN
    assert raw_agreement(one_class).value == 1


def test_no_interval_is_claimed_where_no_pair_differs() -> None:
    perfect = {("a", "a"): 3, ("b", "b"): 2}
    for figure in (cohen_kappa(perfect), krippendorff_alpha(Counter(perfect))):
        assert (figure.value, figure.low, figure.high, figure.counted) == (1, None, None, 5)
    raw = raw_agreement(perfect)
    assert raw.low is not None
    assert raw.low < 0.6


def test_the_interval_of_alpha_is_repeated_from_its_seed_and_like_that_of_a_bootstrap() -> None:
    units: dict[tuple[str | None, ...], int]
    units = {("a", "a"): 120, ("a", "b"): 14, ("b", "a"): 10, ("b", "b"): 56}
    found = krippendorff_alpha(units)
    assert krippendorff_alpha(dict(reversed(units.items()))) == found
    assert krippendorff_alpha(units, seed=1) != found
    chance = np.random.default_rng(1)
    drawn = chance.multinomial(200, np.array(list(units.values())) / 200, size=2_000)
    alphas = [krippendorff_of([*zip(units, map(int, counts), strict=True)]) for counts in drawn]
    low, high = np.quantile(alphas, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def krippendorff_of(units: list[tuple[tuple[str | None, ...], int]]) -> float:
    """Alpha of these many cases of each kind, by the other implementation."""
    counts = np.zeros((sum(number for _unit, number in units), 2))
    place = 0
    for unit, number in units:
        for chosen in unit:
            counts[place : place + number, "ab".index(chosen or "")] += 1
        place += number
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


@settings(max_examples=150, deadline=None)
@given(unit_lists)
def test_alpha_is_that_of_another_implementation(units: list[tuple[str | None, ...]]) -> None:
    found = krippendorff_alpha(Counter(units))
    judged = [value for unit in units for value in unit if value is not None]
    pairable = [unit for unit in units if sum(value is not None for value in unit) > 1]
    if not pairable or len({value for unit in pairable for value in unit if value is not None}) < 2:
        assert found.value is None
        return
    codes = {value: number for number, value in enumerate(sorted(set(judged)))}
    matrix = [[codes.get(unit[at] or "", np.nan) for unit in units] for at in range(4)]
    assert found.value == pytest.approx(
        krippendorff.alpha(reliability_data=matrix, level_of_measurement="nominal"), abs=1e-9
    )


@settings(max_examples=100, deadline=None)
@given(unit_lists, st.permutations(range(4)), st.permutations("abcd"))
def test_neither_the_order_of_reviewers_nor_the_names_of_classes_change_alpha(
    units: list[tuple[str | None, ...]], order: list[int], names: list[str]
) -> None:
    renamed = dict(zip("abcd", names, strict=True))
    moved = [tuple(None if unit[at] is None else renamed[unit[at] or ""] for at in order) for unit in units]
    one, other = krippendorff_alpha(Counter(units)).value, krippendorff_alpha(Counter(moved)).value
    assert one == (None if other is None else pytest.approx(other))


@settings(max_examples=150, deadline=None)
@given(pair_lists)
def test_who_came_first_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    counted, swapped = Counter(pairs), Counter((other, one) for one, other in pairs)
    assert raw_agreement(counted) == raw_agreement(swapped)
    one, other = cohen_kappa(counted), cohen_kappa(swapped)
    for ours, theirs in ((one.value, other.value), (one.low, other.low), (one.high, other.high)):
        assert ours == (None if theirs is None else pytest.approx(theirs, abs=1e-9))
    for chosen in "abcd":
        assert specific_agreement(counted, chosen) == specific_agreement(swapped, chosen)


@settings(max_examples=150, deadline=None)
@given(pair_lists)
def test_every_figure_is_within_its_interval_and_its_bounds(pairs: list[tuple[str, str]]) -> None:
    counted = Counter(pairs)
    figures = [raw_agreement(counted), *(specific_agreement(counted, each) for each in "abcd")]
    bounded = [(figure, 0) for figure in figures]
    bounded += [(cohen_kappa(counted), -1), (krippendorff_alpha(Counter(counted)), -1)]
    for figure, least in bounded:
        assert figure.value is None or least <= figure.value <= 1 + 1e-9
        if figure.low is not None:
            assert figure.value is not None
            assert figure.high is not None
            assert least - 1e-9 <= figure.low <= figure.value <= figure.high + 1e-9 <= 1 + 2e-9


@given(st.lists(classes, min_size=2, max_size=20).filter(lambda chosen: len(set(chosen)) > 1))
def test_perfect_agreement_is_one(chosen: list[str]) -> None:
    pairs = Counter((each, each) for each in chosen)
    assert raw_agreement(pairs).value == 1
    assert cohen_kappa(pairs).value == pytest.approx(1)
    assert krippendorff_alpha(Counter(pairs)).value == pytest.approx(1)
    assert all(specific_agreement(pairs, each).value == 1 for each in classes_of(pairs))


@pytest.mark.parametrize(
    ("kappa", "band"),
    [
        (-0.1, "poor"),
        (0, "slight"),
        (0.2, "slight"),
        (0.21, "fair"),
        (0.61, "substantial"),
        (1, "almost_perfect"),
    ],
)
def test_kappas_have_the_words_of_landis_and_koch(kappa: float, band: str) -> None:
    assert band_of(kappa) == band
