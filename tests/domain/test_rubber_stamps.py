"""Signals of the team: short looks and equal words of each week, and silence about few people."""

from datetime import date, timedelta

from review.domain.rubber_stamps import Recorded, digest_of_words, weeks_of

MONDAY = date(2026, 11, 16)
PEOPLE = ("a", "b", "c", "d", "e")


def review(person: str, *, seconds: float | None = 60.0, words: str = "", day: date = MONDAY) -> Recorded:
    return Recorded(day, person, seconds, words or f"{person}{seconds}{day}")


def test_shares_are_of_the_reviews_of_a_week() -> None:
    reviews = [review(person, seconds=9.9 if person < "c" else 10.0) for person in PEOPLE]
    (week,) = weeks_of(reviews, [MONDAY], short_seconds=10)
    assert (week.short.value, week.short.counted) == (0.4, 5)
    assert (week.alike.value, week.withheld) == (0, False)


def test_words_are_alike_from_the_third_time_on_over_all_weeks() -> None:
    later = MONDAY + timedelta(weeks=1)
    reviews = [review(person, words="same" if person < "c" else "") for person in PEOPLE]
    (alone,) = weeks_of(reviews, [MONDAY], short_seconds=10)
    assert alone.alike.value == 0
    reviews += [review(person, day=later + timedelta(days=6), words="same") for person in PEOPLE]
    both = weeks_of(reviews, [MONDAY, later], short_seconds=10)
    assert [week.alike.value for week in both] == [0.4, 1]


def test_a_week_of_fewer_than_five_people_is_withheld() -> None:
    reviews = [review(person) for person in PEOPLE[:4]] * 9
    (week,) = weeks_of(reviews, [MONDAY], short_seconds=10)
    assert week.withheld
    assert week.short.value is week.alike.value is None


def test_a_look_of_unknown_length_counts_for_neither_side() -> None:
    reviews = [review(person, seconds=None if person == "a" else 1.0) for person in PEOPLE]
    (week,) = weeks_of(reviews, [MONDAY], short_seconds=10)
    assert (week.short.value, week.short.counted) == (1, 4)


def test_case_spaces_and_punctuation_do_not_make_words_differ() -> None:
    assert digest_of_words("No breach; a PARODY.") == digest_of_words("  no breach a\nparody")
    assert digest_of_words("No breach.") != digest_of_words("A breach.")
