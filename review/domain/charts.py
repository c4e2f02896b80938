"""Where do the parts of a chart stand? Plain geometry for SVG drawn on the server.

Across, everything is a percentage of the width; down, it is in em: so a chart is as wide as its place while
its words keep the reader's size. In scripts that run from right to left everything is mirrored; the anchors
``start`` and ``end`` of texts turn with the direction by themselves (SVG 2, section 11.10.1).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from review.domain.agreement import Estimate

NAME_DOWN = 1.0
PLOT_DOWN = 1.6
PLOT_HEIGHT = 4.0
BASE_DOWN = PLOT_DOWN + PLOT_HEIGHT
ROW_HEIGHT = BASE_DOWN + 1.0
TICK_LENGTH = 0.4
AXIS_HEIGHT = 1.6
LEAST_BAR = 0.12
"""Even a small number has to be told from none."""
FULL_BAR = 0.8
NEAR_EDGE = 6.0
BAND_HEIGHT = 2.9
BAND_DOWN = 1.4
BAND_THICKNESS = 0.8
BAND_WITH_INTERVAL = 3.3
INTERVAL_DOWN = 0.3
INTERVAL_MARK = 0.2
"""Below a bar, not across it: in every theme it stands on the page alone."""

DURATIONS = (
    60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 259_200, 604_800, 1_209_600,
    2_592_000, 7_776_000, 31_536_000,
)  # fmt: skip
"""Ends of a scale of time, in seconds, that a reader knows by name."""

Values = Sequence[float | None]


@dataclass(frozen=True)
class Series:
    """One row of a chart: its name, its values (None: unknown), and the words of each."""

    name: str
    values: Values
    words: Sequence[str]


@dataclass(frozen=True)
class Bar:
    """A rectangle and the words that name it."""

    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Stretch:
    """A piece of a base line: of values that are known, or of ones that are not."""

    x1: float
    x2: float
    known: bool


@dataclass(frozen=True)
class Row:
    """One series with its own base line; ``name_y``, ``top_y`` and ``base_y`` say how far down."""

    name: str
    name_y: float
    top_y: float
    base_y: float
    bars: tuple[Bar, ...]
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on the axis, with or without words."""

    x: float
    words: str
    anchor: str


@dataclass(frozen=True)
class Columns:
    """Rows of upright bars over one axis, all on one scale that ends at ``top``."""

    rows: tuple[Row, ...]
    top: str
    ticks: tuple[Tick, ...]
    axis_y: float
    height: float
    start: float
    end: float

    @property
    def has_gaps(self) -> bool:
        """Whether something is not known."""
        return any(not stretch.known for row in self.rows for stretch in row.stretches)


@dataclass(frozen=True)
class Interval:
    """Between which ends a value may lie: a line at ``y`` with a mark at each end, below its bar."""

    x1: float
    x2: float
    y: float
    top_y: float
    base_y: float


@dataclass(frozen=True)
class Band:
    """One lying bar: its name, its value in words, how long it is of the whole width, and its interval."""

    name: str
    value: str
    name_y: float
    bar: Bar
    interval: Interval | None = None


@dataclass(frozen=True)
class Bands:
    """Lying bars below each other, each with its name and value above it."""

    bands: tuple[Band, ...]
    height: float
    start: float
    end: float


def whole_end(greatest: float) -> int:
    """The end of a scale of counts: 1, 2 or 5 with zeros, no less than the greatest."""
    if greatest <= 1:
        return 1
    power = 10 ** math.floor(math.log10(greatest))
    return int(next(step * power for step in (1, 2, 5, 10) if step * power >= greatest))


def duration_end(greatest: float) -> int:
    """The end of a scale of seconds: one that has a name, no less than the greatest where there is one."""
    return next((end for end in DURATIONS if end >= greatest), math.ceil(greatest))


def greatest_of(series: Sequence[Series]) -> float:
    """The largest value that is known; 0 of none."""
    return max((value for row in series for value in row.values if value is not None), default=0)


def columns(
    series: Sequence[Series], *, end: float, top: str, marks: Mapping[int, str], mirrored: bool = False
) -> Columns:
    """Upright bars: one row for each series, all as long as the first.

    ``end`` is the value at the top of each row and ``top`` its words; ``marks`` are the places on the axis
    that get a tick, with their words or none.
    """
    count = len(series[0].values)
    rows = tuple(
        _row(one, down=number * ROW_HEIGHT, end=end, mirrored=mirrored) for number, one in enumerate(series)
    )
    axis = rows[-1].base_y
    return Columns(
        rows=rows,
        top=top,
        ticks=tuple(_tick(place, words, count, mirrored=mirrored) for place, words in marks.items()),
        axis_y=axis,
        height=_em(axis + TICK_LENGTH + AXIS_HEIGHT),
        start=_across(0, mirrored=mirrored),
        end=_across(100, mirrored=mirrored),
    )


def bands(
    entries: Sequence[tuple[str, str, float | None]],
    *,
    end: float,
    mirrored: bool = False,
    spacing: float = BAND_HEIGHT,
) -> Bands:
    """Lying bars of name, words and value; an unknown value has no bar."""
    made = []
    for number, (name, words, value) in enumerate(entries):
        width = 0.0 if not value or value < 0 else max(0.4, 100 * min(value / end, 1))
        bar = Bar(
            x=_across(width, mirrored=True) if mirrored else 0.0,
            y=_em(number * spacing + BAND_DOWN),
            width=round(width, 2),
            height=BAND_THICKNESS,
            words=f"{name}: {words}",
        )
        made.append(Band(name, words, _em(number * spacing + NAME_DOWN), bar))
    height = _em(len(made) * spacing)
    return Bands(tuple(made), height, _across(0, mirrored=mirrored), _across(100, mirrored=mirrored))


def bands_with_intervals(entries: Sequence[tuple[str, str, Estimate]], *, mirrored: bool = False) -> Bands:
    """Lying bars from 0 to 1 of name, words and figure; what lies below 0 ends at 0."""
    values = [(name, words, figure.value) for name, words, figure in entries]
    plain = bands(values, end=1, mirrored=mirrored, spacing=BAND_WITH_INTERVAL)
    drawn = [
        replace(band, interval=_interval(figure, band.bar, mirrored=mirrored))
        for band, (_name, _words, figure) in zip(plain.bands, entries, strict=True)
    ]
    return replace(plain, bands=tuple(drawn))


def _interval(figure: Estimate, bar: Bar, *, mirrored: bool) -> Interval | None:
    if figure.low is None or figure.high is None:
        return None
    x1, x2 = (_across(100 * min(max(end, 0), 1), mirrored=mirrored) for end in (figure.low, figure.high))
    y = bar.y + bar.height + INTERVAL_DOWN
    return Interval(x1, x2, y=_em(y), top_y=_em(y - INTERVAL_MARK), base_y=_em(y + INTERVAL_MARK))


def _row(series: Series, *, down: float, end: float, mirrored: bool) -> Row:
    count = len(series.values)
    step, base = 100 / count, down + BASE_DOWN
    width = step * FULL_BAR
    bars = []
    for place, value in enumerate(series.values):
        if not value:
            continue
        height = max(LEAST_BAR, PLOT_HEIGHT * min(value / end, 1))
        x = place * step + (step - width) / 2
        bars.append(
            Bar(
                x=_across(x + width, mirrored=True) if mirrored else round(x, 2),
                y=_em(base - height),
                width=round(width, 2),
                height=_em(height),
                words=series.words[place],
            )
        )
    return Row(
        name=series.name,
        name_y=_em(down + NAME_DOWN),
        top_y=_em(down + PLOT_DOWN),
        base_y=_em(base),
        bars=tuple(bars),
        stretches=tuple(_stretches(series.values, mirrored=mirrored)),
    )


def _stretches(values: Values, *, mirrored: bool) -> list[Stretch]:
    """The base line in as few pieces as tell what is known from what is not."""
    step, found, begun = 100 / len(values), [], 0
    for place in range(1, len(values) + 1):
        known = values[begun] is not None
        if place < len(values) and (values[place] is not None) == known:
            continue
        x1, x2 = _across(begun * step, mirrored=mirrored), _across(place * step, mirrored=mirrored)
        found.append(Stretch(x1, x2, known))
        begun = place
    return found


def _tick(place: int, words: str, count: int, *, mirrored: bool) -> Tick:
    x = (place + 0.5) * 100 / count
    anchor = "start" if x < NEAR_EDGE else "end" if x > 100 - NEAR_EDGE else "middle"
    return Tick(_across(x, mirrored=mirrored), words, anchor)


def _across(x: float, *, mirrored: bool) -> float:
    return round(100 - x if mirrored else x, 2)


def _em(down: float) -> float:
    return round(down, 2)
