"""Rows: keys pressed for a decision, and how long it takes from recording to the next case, 32 at work."""

import shutil
import statistics
import time

from playwright.sync_api import Page, expect, sync_playwright

from tests.bench import load
from tests.bench.rows.deciding import doubles_of, order_of_desk
from tests.bench.servers import Installed, Person
from tests.bench.stage import Stage, refusals
from tests.bench.table import Row, Target
from tests.journeys.conftest import ARGUMENTS
from tests.journeys.hands import Hands

KEYS = Target(5, 3, most=True)
SLOWEST = Target(150, 60, most=True, unit=" ms")
"""The goal of the console: 95 of 100 pages within 150 ms at the server."""
DECISIONS = 3


def keys_of(desk: Installed, person: Person) -> tuple[list[int], list[float]]:
    """Keys and milliseconds of each of a few decisions by a person at a real browser, typing apart."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        return [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        context = browser.new_context()
        name, _, value = person.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": desk.address}])
        page = context.new_page()
        page.goto(desk.address + "/queue")
        counted = _decided(page)
        page.get_by_role("button", name="Give back").click()
        browser.close()
    return counted


def _decided(page: Page) -> tuple[list[int], list[float]]:
    hands, keys, times = Hands(page), [], []
    hands.wait()
    hands.press("n")
    case = hands.case()
    for _number in range(DECISIONS):
        hands.count = 0
        hands.press("2", "3")
        expect(page.locator("[name=rationale]")).to_be_focused()
        hands.write()
        begun = time.perf_counter()
        hands.press("Ctrl+Enter")
        expect(page.locator("h1")).not_to_have_text(case)
        times.append((time.perf_counter() - begun) * 1000)
        keys.append(hands.count)
        case = hands.case()
    return keys, times


def rows_of(stage: Stage) -> list[Row]:
    """One person at a browser, then 32 who think between their decisions."""
    desk, source = stage.desk()
    options = stage.options
    people = stage.moderators(desk, source, options.console_moderators)
    keys, times = keys_of(desk, people[0])
    timing = {
        "seconds": options.thought_run_seconds,
        "warm_seconds": options.thought_seconds * 2,
        "thought_seconds": options.thought_seconds,
        "go_on": True,
    }
    ours = load.run(timing | order_of_desk(desk, people))
    stage.noise.measure()
    who = f"{len(people)} moderators thinking {options.thought_seconds:g} s, {source.filled.cases} open"
    return [
        Row(
            "keys for a decision, next case included, at a browser",
            stage.kind,
            f"{statistics.mean(keys):.1f} keys" if keys else "no browser",
            statistics.median(times) if times else None,
            max(times, default=None),
            figure=statistics.mean(keys) if keys else None,
            target=KEYS,
            note="judged by keys; the times are from the last key to the next case in the browser",
        ),
        Row(
            f"decide-and-next, {who}",
            stage.kind,
            f"{ours.rate:.1f}/s, {doubles_of(desk, ours)} double",
            ours.p50("cycle"),
            ours.p99("cycle"),
            figure=ours.p99("cycle"),
            target=SLOWEST,
            note=f"judged by p99: record and the page of the next case together. {refusals(ours)}".strip(),
        ),
    ]
