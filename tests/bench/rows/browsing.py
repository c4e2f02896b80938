"""Rows: how fast and how still queue, case and search appear at a real browser that kept nothing of them."""

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Browser

from tests.bench.rows.pages import hold_cases
from tests.bench.servers import Person
from tests.bench.stage import Stage
from tests.bench.table import Row, Target
from tests.journeys.appearing import Appeared, appeared, watch_appearing
from tests.journeys.conftest import chromium_here, launched

SERVER = Target(150, 60, most=True, unit=" ms")
INTERACTIVE = Target(500, 250, most=True, unit=" ms")
PAINT = Target(1_000, 500, most=True, unit=" ms")
SHIFT = Target(0.02, 0, most=True)
TASK = Target(100, 50, most=True, unit=" ms")
SHARE = 0.95


@dataclass(frozen=True)
class Looker:
    """A moderator at a browser on this desk."""

    browser: Browser
    address: str
    person: Person

    def at(self, path: str) -> Appeared:
        """Open a page in a window of its own, whose cache is empty."""
        context = self.browser.new_context()
        name, _, value = self.person.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": self.address}])
        watch_appearing(context)
        page = context.new_page()
        page.goto(self.address + path)
        found = appeared(page)
        context.close()
        return found


def rows_of(stage: Stage) -> list[Row]:
    """Five rows for each of three pages; one that says so where there is no browser."""
    desk, source = stage.desk()
    (person,) = desk.sign_in([source.filled.people["moderators"][-2][0]])
    (case, *_more) = hold_cases(desk, person, [one for one in source.filled.samples if not one["decided"]])
    if chromium_here() is None:
        return [Row(f"browser: {name}", stage.kind, "no browser") for name in ("queue", "case", "search")]
    sample = source.filled.samples[0]["referral"]
    opened = {"queue": "/queue", "case": case, "search": f"/search?q={sample}"}
    found: dict[str, list[Appeared]] = {name: [] for name in opened}
    with launched() as browser:
        looker = Looker(browser, desk.address, person)
        for _run in range(stage.options.page_runs):  # in turn, so that noise falls on both
            for name, path in opened.items():
                found[name].append(looker.at(path))
            stage.noise.measure()
    return [
        row
        for name, seen in found.items()
        for row in _rows(f"browser: {name}, {source.filled.cases} stored", stage.kind, seen)
    ]


def _rows(work: str, kind: str, seen: list[Appeared]) -> Iterator[Row]:
    times = {
        "server's answer": ([one.server_ms for one in seen], SERVER),
        "interactive": ([one.interactive_ms for one in seen], INTERACTIVE),
        "largest paint": ([one.largest_paint_ms for one in seen], PAINT),
    }
    for name, (values, target) in times.items():
        figure = _within(values)
        yield Row(
            f"{work}: {name}", kind, f"p95 {figure:.0f} ms", statistics.median(values), max(values),
            figure=figure, target=target, note=f"judged by p95 of {len(values)} runs; p99 is the slowest",
        )  # fmt: skip
    shift, task = max(one.shift for one in seen), max(one.longest_task_ms for one in seen)
    yield Row(f"{work}: layout shift", kind, f"at most {shift:.4f}", figure=shift, target=SHIFT)
    yield Row(
        f"{work}: longest task", kind, f"{task:.0f} ms" if task else "none of 50 ms or more",
        figure=task, target=TASK, note="the browser tells of tasks of 50 ms or more",
    )  # fmt: skip


def _within(values: list[float]) -> float:
    """The time within which 95 of 100 runs stayed."""
    return sorted(values)[math.ceil(len(values) * SHARE) - 1]
