"""The one table: a row per piece of work, ours beside its reference, and whether gate and goal are met."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEADINGS = ("work", "database", "ours", "p50", "p99", "reference", "ratio", "gate", "goal", "met?")


@dataclass(frozen=True)
class Target:
    """A gate that must hold and the goal behind it, both on one figure; ``most``: less is better."""

    gate: float
    goal: float
    most: bool = False
    unit: str = ""

    def verdict(self, figure: float) -> str:
        """``goal``, ``gate`` or ``MISSED``."""
        if math.isnan(figure):
            return "?"
        for name, bound in (("goal", self.goal), ("gate", self.gate)):
            if figure <= bound if self.most else figure >= bound:
                return name
        return "MISSED"

    def bound(self, value: float) -> str:
        """How a bound is written."""
        return f"{'≤' if self.most else '≥'} {value:g}{self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table; ``figure`` is what the target judges, by default the ratio; times in ms."""

    work: str
    database: str
    ours: str
    p50: float | None = None
    p99: float | None = None
    reference: str = ""
    ratio: float | None = None
    figure: float | None = None
    target: Target | None = None
    note: str = ""

    @property
    def met(self) -> str:
        """The verdict; a dash where there is no target."""
        judged = self.ratio if self.figure is None else self.figure
        return "–" if self.target is None or judged is None else self.target.verdict(judged)

    def cells(self) -> tuple[str, ...]:
        """The texts of the table."""
        target = self.target
        return (
            self.work,
            self.database,
            self.ours,
            "" if self.p50 is None else f"{self.p50:.1f}",
            "" if self.p99 is None else f"{self.p99:.1f}",
            self.reference,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            "" if target is None else target.bound(target.gate),
            "" if target is None else target.bound(target.goal),
            self.met,
        )

    def as_dict(self) -> dict[str, Any]:
        """For a program: everything, with the verdict."""
        return asdict(self) | {"met": self.met}


def text_of(rows: Sequence[Row]) -> str:
    """The table in Markdown with its columns aligned, and the notes of the rows below."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    padded = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    notes = [f"- {row.work}, {row.database}: {row.note}" for row in rows if row.note]
    return "\n".join([padded[0], rule, *padded[1:], *([""] if notes else []), *notes])
