"""Percentiles from buckets are as near as they say, and nothing has no percentile."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from review.domain.durations import ERROR, bucket_of, middle_of, percentile

TIMES = st.lists(st.floats(min_value=1, max_value=31_536_000), min_size=1, max_size=60)


@given(TIMES, st.sampled_from([0.5, 0.9, 1.0]))
def test_a_percentile_is_at_most_the_error_off(times: list[float], share: float) -> None:
    found = percentile(Counter(map(bucket_of, times)), share)
    true = sorted(times)[math.ceil(share * len(times)) - 1]
    assert found is not None
    assert abs(found - true) / true <= ERROR + 1e-9


def test_the_error_is_what_the_page_says() -> None:
    assert round(ERROR * 100) == 9


def test_nothing_has_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({3: 0}, 0.5) is None


def test_times_below_a_second_are_told_apart_from_longer_ones() -> None:
    assert (bucket_of(-5), bucket_of(0), bucket_of(0.99), bucket_of(1)) == (0, 0, 0, 1)
    assert middle_of(0) < 1 < middle_of(1)


@given(st.floats(min_value=1, max_value=31_536_000))
def test_buckets_follow_each_other(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert middle_of(bucket) / (1 + ERROR) <= seconds * (1 + 1e-9)
    assert seconds <= middle_of(bucket) * (1 + ERROR) * (1 + 1e-9)
    assert bucket_of(seconds * 2) in (bucket + 3, bucket + 4, bucket + 5)
