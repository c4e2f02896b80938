"""Bars stand where they should, small is told from none, unknown from zero, and right-to-left mirrors."""

from hypothesis import given
from hypothesis import strategies as st

from review.domain.charts import (
    BASE_DOWN,
    PLOT_HEIGHT,
    Bar,
    Series,
    bands,
    columns,
    duration_end,
    greatest_of,
    whole_end,
)

VALUES = st.lists(st.one_of(st.none(), st.integers(0, 10_000)), min_size=1, max_size=90)


def _series(*values: float | None) -> Series:
    return Series("Referral", values, [str(value) for value in values])


def _inside(bar: Bar) -> bool:
    return bar.x >= -0.05 and bar.x + bar.width <= 100.05 and bar.width > 0 and bar.height > 0


@given(VALUES)
def test_a_bar_for_each_number_and_none_for_zero_or_unknown(values: list[int | None]) -> None:
    series = _series(*values)
    end = whole_end(greatest_of([series]))
    (row,) = columns([series], end=end, top="", marks={}).rows
    assert [bar.words for bar in row.bars] == [str(value) for value in values if value]
    assert all(map(_inside, row.bars))
    assert all(abs(bar.y + bar.height - BASE_DOWN) < 0.02 and bar.height <= PLOT_HEIGHT for bar in row.bars)


@given(VALUES)
def test_the_base_line_tells_unknown_from_zero(values: list[int | None]) -> None:
    (row,) = columns([_series(*values)], end=10_000, top="", marks={}).rows
    assert (row.stretches[0].x1, row.stretches[-1].x2) == (0, 100)
    for before, after in zip(row.stretches, row.stretches[1:], strict=False):
        assert before.x2 == after.x1
        assert before.known is not after.known
    known = sum(piece.x2 - piece.x1 for piece in row.stretches if piece.known)
    assert abs(known - 100 * sum(value is not None for value in values) / len(values)) < 1


@given(VALUES)
def test_right_to_left_mirrors_everything(values: list[int | None]) -> None:
    given_marks = {0: "a", len(values) - 1: "b"}
    plain, mirrored = (
        columns([_series(*values)], end=10_000, top="", marks=given_marks, mirrored=way)
        for way in (False, True)
    )
    for bar, other in zip(plain.rows[0].bars, mirrored.rows[0].bars, strict=True):
        assert abs(bar.x + bar.width + other.x - 100) < 0.05
        assert (bar.y, bar.height, bar.words) == (other.y, other.height, other.words)
    for tick, turned in zip(plain.ticks, mirrored.ticks, strict=True):
        assert abs(tick.x + turned.x - 100) < 0.05
        assert tick.anchor == turned.anchor  # anchors turn with the direction by themselves
    assert (plain.start, plain.end) == (mirrored.end, mirrored.start)


def test_a_small_number_beside_a_large_one_can_be_seen() -> None:
    (row,) = columns([_series(1, 10_000)], end=10_000, top="", marks={}).rows
    assert row.bars[0].height > 0.1


def test_words_near_an_edge_stay_inside() -> None:
    found = columns([_series(*range(90))], end=100, top="", marks={0: "a", 45: "b", 89: "c"})
    assert [tick.anchor for tick in found.ticks] == ["start", "middle", "end"]


def test_lying_bars_are_as_long_as_their_share() -> None:
    found = bands([("a", "50%", 0.5), ("b", "0%", 0.0), ("c", "–", None), ("d", "100%", 1.0)], end=1)
    assert [band.bar.width for band in found.bands] == [50, 0, 0, 100]
    turned = bands([("a", "25%", 0.25)], end=1, mirrored=True).bands[0].bar
    assert (turned.x, turned.width) == (75, 25)


@given(st.integers(0, 10**9))
def test_a_scale_of_counts_ends_at_a_round_number_above_the_greatest(greatest: int) -> None:
    end = whole_end(greatest)
    assert end >= greatest
    assert str(end).rstrip("0") in ("1", "2", "5")
    assert greatest <= 1 or end <= greatest * 2.5


def test_a_scale_of_time_ends_at_one_that_has_a_name() -> None:
    assert [duration_end(seconds) for seconds in (0, 61, 4_000, 90_000)] == [60, 300, 7_200, 172_800]
    assert duration_end(40_000_000.2) == 40_000_001
