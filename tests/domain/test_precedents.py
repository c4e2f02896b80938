"""Which earlier decisions are like a case: pictures by bits, texts by words, and what tells most."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from review.domain.precedents import (
    LEAST_ALIKE,
    LEAST_TERMS,
    MOST_BITS,
    MOST_SHOWN,
    MOST_TERMS,
    Agreement,
    Candidate,
    Reversal,
    Why,
    agreement_of,
    alike,
    bits_between,
    chosen,
    is_hash,
    may_be_shown,
    near_parts,
    parts_of,
    reversals_told,
    terms_of,
)
from review.domain.states import Round

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def flipped(perceptual_hash: str, bits: list[int]) -> str:
    number = int(perceptual_hash, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:064x}"


def found(own: str, other: str) -> bool:
    """Whether looking parts up would lead from one hash to the other."""
    stored = set(parts_of(other))
    return any(stored.intersection(near) for near in near_parts(own))


def test_every_hash_within_31_bits_is_found_by_some_part() -> None:
    dice = random.Random(2026)
    for _try in range(500):
        own = f"{dice.getrandbits(256):064x}"
        other = flipped(own, dice.sample(range(256), dice.randint(0, MOST_BITS)))
        assert bits_between(own, other) <= MOST_BITS
        assert found(own, other)


def test_the_worst_spread_of_31_bits_is_found_and_of_32_is_not() -> None:
    own = "0" * 64
    two_each = [part * 16 + bit for part in range(16) for bit in (0, 1)]
    assert found(own, flipped(own, two_each[:31]))
    assert not found(own, flipped(own, two_each))


@pytest.mark.parametrize("text", [None, "", "0" * 63, "0" * 65, "G" * 64, "A" * 64])
def test_what_is_no_hash_is_left_alone(text: str | None) -> None:
    assert not is_hash(text)


def test_words_stand_for_a_text_whatever_their_order_case_and_form() -> None:
    assert terms_of(["The Flag waved, proudly"]) == terms_of(["proudly THE flag; waved"])
    assert terms_of(["ﬂag"]) == terms_of(["flag"])
    assert terms_of(["an at 2026 12345 ___"]) == ()
    assert len(terms_of(["طقس جميل اليوم في المدينة القديمة"])) == 4
    many = " ".join(f"word{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh")
    assert len(terms_of([many])) == MOST_TERMS


def test_digests_of_words_fit_the_column() -> None:
    assert all(0 <= term < 2**63 for term in terms_of(["alpha beta gamma delta epsilon zeta eta theta"]))


def test_similar_texts_share_most_of_the_words_drawn_for_them() -> None:
    dice = random.Random(7)
    words = ["".join(dice.choices("abcdefghij", k=7)) for _word in range(60)]
    text, changed, other = words[:40], words[:36] + words[40:44], words[32:60]
    own = set(terms_of([" ".join(text)]))
    assert len(own & set(terms_of([" ".join(changed)]))) * 100 // len(own) >= LEAST_ALIKE
    assert len(own & set(terms_of([" ".join(other)]))) * 100 // len(own) < LEAST_ALIKE


@pytest.mark.parametrize(
    ("shared", "telling", "per_cent"),
    [(2, 4, 50), (1, 4, None), (3, LEAST_TERMS - 1, None), (12, 16, 75), (0, 0, None)],
)
def test_half_of_enough_telling_words_makes_a_text_similar(
    shared: int, telling: int, per_cent: int | None
) -> None:
    assert alike(shared, telling) == per_cent


def _at(case_id: str, why: Why, *, days: int = 0, measure: int | None = None) -> Candidate:
    return Candidate(case_id, why, NOW - timedelta(days=days), measure)


def test_the_most_telling_come_first_and_each_case_once() -> None:
    found = chosen(
        [
            _at("text", Why.TEXT, measure=60),
            _at("closer text", Why.TEXT, measure=90, days=9),
            _at("far picture", Why.PICTURE, measure=20),
            _at("near picture", Why.PICTURE, measure=2, days=5),
            _at("file", Why.FILE, days=3),
            _at("near picture", Why.TEXT, measure=100),
        ]
    )
    assert [one.case_id for one in found] == ["file", "near picture", "far picture", "closer text", "text"]
    assert found[1].why is Why.PICTURE


def test_five_are_shown_the_newest_of_equals() -> None:
    found = chosen([_at(f"{days}", Why.LOCATION, days=days) for days in (6, 2, 5, 1, 4, 3)])
    assert [one.case_id for one in found] == ["1", "2", "3", "4", "5"]
    assert len(found) == MOST_SHOWN


def test_a_second_reviewer_is_shown_no_duplicate_of_the_case() -> None:
    for why in Why:
        assert may_be_shown(why, of_round=Round.FIRST)
        assert may_be_shown(why, of_round=Round.RESOLVING)
    allowed = {why for why in Why if may_be_shown(why, of_round=Round.SECOND)}
    assert allowed == {Why.PICTURE, Why.TEXT}


@pytest.mark.parametrize(
    ("rounds", "agreement"),
    [
        (["first"], Agreement.ONE),
        (["first", "second"], Agreement.AGREED),
        (["first", "second", "resolving"], Agreement.DIFFERED),
    ],
)
def test_agreement_is_read_from_the_rounds_that_were_held(rounds: list[str], agreement: Agreement) -> None:
    assert agreement_of(rounds) is agreement


def test_a_second_reviewer_is_told_of_no_later_decision() -> None:
    everything = list(reversed(Reversal))
    for of_round in (Round.FIRST, Round.RESOLVING, None):
        assert reversals_told(everything, of_round=of_round) == tuple(Reversal)
    assert reversals_told(everything, of_round=Round.SECOND) == (
        Reversal.RESOLVED,
        Reversal.COMPLAINT,
        Reversal.QUALITY,
    )
    assert reversals_told([], of_round=Round.FIRST) == ()
