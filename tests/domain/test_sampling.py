"""Samples: what seeds promise, how strata share, what may be found, and what errors say of the whole."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.agreement import UNKNOWN, wilson
from review.domain.sampling import (
    Draw,
    Finding,
    Stratum,
    StratumResult,
    StratumShare,
    check_draw,
    check_judgement,
    draw_sample,
    error_rate,
    findings_for,
    new_seed,
    shares_of,
)
from review.errors import InvalidInput

TODAY = date(2026, 11, 23)
DRAW = Draw(date(2026, 10, 1), date(2026, 10, 31), 10, "7f3a")
ACCEPTED, DECLINED = Stratum("accepted", "referral"), Stratum("declined", "referral")
ORDERS = Stratum("accepted", "removal_order")

strata = st.tuples(st.sampled_from(["accepted", "declined"]), st.sampled_from(["referral", "notice"]))
populations = st.dictionaries(strata.map(lambda pair: Stratum(*pair)), st.integers(1, 3_000), min_size=1)


def decisions(**counts: int) -> list[tuple[Stratum, str]]:
    kinds = {"accepted": ACCEPTED, "declined": DECLINED, "orders": ORDERS}
    return [(kinds[name], f"D-{name}-{number}") for name, count in counts.items() for number in range(count)]


def test_the_same_seed_gives_the_same_sample_in_whatever_order_decisions_are_read() -> None:
    decided = decisions(accepted=300, declined=90, orders=3)
    drawn = draw_sample(decided, DRAW)
    assert draw_sample(decided[::-1], DRAW) == drawn
    assert draw_sample(decided, Draw(DRAW.since, DRAW.until, 10, "7f3b")) != drawn
    # the order of `sha256sum` over "7f3a", a line feed and the id
    assert [one.decision_id for one in drawn[:3]] == ["D-accepted-8", "D-declined-3", "D-accepted-33"]


def test_a_larger_sample_of_the_same_seed_holds_the_smaller_one() -> None:
    decided = decisions(accepted=300, declined=90)
    small, large = (
        {one.decision_id for one in draw_sample(decided, Draw(DRAW.since, DRAW.until, size, "s"))}
        for size in (13, 39)
    )
    assert small < large


def test_every_stratum_is_drawn_from_in_proportion_with_one_at_least() -> None:
    population = {ACCEPTED: 800, DECLINED: 200, ORDERS: 2}
    assert shares_of(population, size=97) == {ACCEPTED: 77, DECLINED: 19, ORDERS: 1}
    assert shares_of(population, size=2) == {ACCEPTED: 1, DECLINED: 1, ORDERS: 0}
    assert shares_of(population, size=5_000) == population


@given(populations, st.integers(1, 1_000))
def test_shares_add_up_and_no_stratum_gives_more_than_it_has(
    population: dict[Stratum, int], size: int
) -> None:
    shares = shares_of(population, size=size)
    assert sum(shares.values()) == min(size, sum(population.values()))
    assert all(shares[each] <= population[each] for each in population)
    assert size < len(population) or all(shares.values())


def test_seeds_are_drawn_anew_and_can_be_written_down() -> None:
    one, other = new_seed(), new_seed()
    assert one != other
    check_draw(Draw(DRAW.since, DRAW.until, 97, one), today=TODAY)


@pytest.mark.parametrize(
    ("field", "draw"),
    [
        ("until", Draw(date(2026, 10, 2), date(2026, 10, 1), 10, "a")),
        ("until", Draw(date(2026, 11, 1), TODAY, 10, "a")),
        ("until", Draw(date(2025, 10, 1), date(2025, 10, 1) + timedelta(days=366), 10, "a")),
        ("size", Draw(DRAW.since, DRAW.until, 0, "a")),
        ("size", Draw(DRAW.since, DRAW.until, 1_001, "a")),
        ("seed", Draw(DRAW.since, DRAW.until, 10, "")),
        ("seed", Draw(DRAW.since, DRAW.until, 10, "a\nb")),
    ],
)
def test_what_cannot_be_drawn_is_said_at_its_field(field: str, draw: Draw) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_draw(draw, today=TODAY)
    assert [error.pointer for error in refused.value.errors] == [field]


def test_only_what_fits_the_outcome_can_be_found_and_errors_are_explained() -> None:
    assert Finding.FALSE_DECLINE not in findings_for("accepted")
    assert set(findings_for("declined")) == {Finding.CORRECT, Finding.FALSE_DECLINE, Finding.TECHNICAL}
    assert check_judgement("correct", "", outcome="declined") is Finding.CORRECT
    assert check_judgement("technical", "The statement is empty.", outcome="declined") is Finding.TECHNICAL
    refused = [
        ("false_accept", "It is satire.", "declined"),
        ("", "", "accepted"),
        ("false_accept", " ", "accepted"),
        ("correct", "\x00", "accepted"),
        ("correct", "x" * 2_001, "accepted"),
    ]
    for finding, remark, outcome in refused:
        with pytest.raises(InvalidInput):
            check_judgement(finding, remark, outcome=outcome)


def result(stratum: Stratum, population: int, judged: int, errors: int) -> StratumResult:
    return StratumResult(StratumShare(stratum, population, judged), judged, errors)


def test_each_stratum_counts_by_its_weight_in_the_span() -> None:
    """Cochran, Sampling Techniques (1977), section 5.2: the estimate is the weighted mean of the strata."""
    rate = error_rate([result(ACCEPTED, 900, 45, 9), result(DECLINED, 100, 5, 0)])
    assert rate.value == pytest.approx(0.9 * 0.2)
    assert rate.counted == 50
    # drawn in proportion, the effective number is the number itself
    assert rate.low == pytest.approx(wilson(9, 50).low)
    assert rate.high == pytest.approx(wilson(9, 50).high)
    uneven = error_rate([result(ACCEPTED, 900, 5, 1), result(DECLINED, 100, 45, 9)])
    assert uneven.value == pytest.approx(0.2)
    assert uneven.high is not None
    assert rate.high is not None
    assert uneven.high > rate.high


def test_the_whole_is_unknown_while_a_stratum_has_nothing_judged() -> None:
    assert error_rate([result(ACCEPTED, 900, 45, 9), result(DECLINED, 100, 0, 0)]) == UNKNOWN
    assert error_rate([]) == UNKNOWN
    assert result(DECLINED, 100, 0, 0).rate == UNKNOWN
    none_wrong = error_rate([result(ACCEPTED, 90, 20, 0)])
    assert none_wrong.value == 0
    assert none_wrong.high == pytest.approx(0.1611, abs=5e-5)
