"""A chart as its component draws it, whoever reads it."""

from dataclasses import dataclass

from review.domain.charts import Bands, Columns
from review.web.texts import language


@dataclass(frozen=True)
class Chart:
    """One chart as its component draws it; ``reading`` tells somebody who cannot see it how it is built."""

    id: str
    title: str
    sentence: str
    reading: str
    drawing: Columns | Bands
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def mirrored() -> bool:
    """Whether the reader reads from right to left, and so do the charts."""
    return language().direction == "rtl"
