"""All our own cases by category, and how many of each there must be at least (targets.md)."""

from tests.corpus import (
    answer_cases,
    canonical_cases,
    json_cases,
    order_cases,
    repeat_cases,
    schema_cases,
    unicode_cases,
    url_cases,
)
from tests.corpus.batch_cases import CASES as BATCHES
from tests.corpus.cases import Case
from tests.corpus.framing_cases import FRAMES

BY_CATEGORY: dict[str, tuple[Case, ...]] = {
    module.CATEGORY: module.CASES
    for module in (
        json_cases,
        canonical_cases,
        schema_cases,
        url_cases,
        unicode_cases,
        repeat_cases,
        answer_cases,
        order_cases,
    )
}
LINES = ("json", "schema", "url", "unicode")
"""Categories that run as lines of a batch too."""
LEAST = {
    "json": 60,
    "canonicalisation": 20,
    "schema": 80,
    "url": 70,
    "unicode": 60,
    "framing": 40,
    "repeats": 20,
    "answers": 30,
    "orders": 60,
    "batches": 20,
}
COUNTS = {category: len(cases) for category, cases in BY_CATEGORY.items()} | {
    "framing": len(FRAMES),
    "batches": len(BATCHES),
}
