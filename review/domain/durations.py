"""How long did most of them take? Times counted in logarithmic buckets, and percentiles from the counts.

Four buckets to a doubling: a percentile read from them is at most `ERROR` off, and a day needs some dozens of
counts whether it had ten cases or a million.
"""

import math
from collections.abc import Mapping

STEPS = 4
"""Buckets to a doubling."""
ERROR = 2 ** (1 / (2 * STEPS)) - 1
"""The largest relative error of a percentile of times from one second up: about 0.09."""


def bucket_of(seconds: float) -> int:
    """The bucket of a time: 0 below one second, then ``n`` from 2^((n-1)/4) to below 2^(n/4) seconds."""
    return 0 if seconds < 1 else 1 + math.floor(math.log2(seconds) * STEPS)


def middle_of(bucket: int) -> float:
    """The seconds that stand for a bucket: its geometric middle; half a second for the first."""
    return 0.5 if bucket == 0 else float(2 ** ((bucket - 0.5) / STEPS))


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The seconds within which this share of the counted times lies (nearest rank); None of nothing."""
    total = sum(counts.values())
    wanted, seen = math.ceil(share * total), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if counts[bucket] and seen >= wanted:
            return middle_of(bucket)
    return None
