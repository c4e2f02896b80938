"""How a page appears at a browser: when it can be used, when its largest part is painted, how still it is.

The browser's owner watches, not a script of the page: its policy stays as it is.
"""

from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

WATCH = """(() => {
  const seen = window.appearing = {paint: 0, shift: 0, task: 0};
  const on = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
    .observe({type, buffered: true});
  on("largest-contentful-paint", entry => { seen.paint = entry.startTime; });
  on("layout-shift", entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
  on("longtask", entry => { seen.task = Math.max(seen.task, entry.duration); });
})()"""
TOLD = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const server = page.responseStart - page.requestStart;
  return {...window.appearing, interactive: page.domContentLoadedEventEnd, server};
}"""


@dataclass(frozen=True)
class Appeared:
    """Milliseconds from the request: until the page and its scripts take part, and until its largest part is
    painted; the sum of its layout shifts; the longest task, 0 where none took 50 ms; how long the server took
    until its answer began."""

    interactive_ms: float
    largest_paint_ms: float
    shift: float
    longest_task_ms: float
    server_ms: float


def watch_appearing(context: BrowserContext) -> None:
    """Watch every page that this window opens from now on."""
    context.add_init_script(WATCH)


def appeared(page: Page) -> Appeared:
    """What was seen of the page, once it is loaded, painted and takes keys."""
    page.wait_for_load_state("load")
    page.locator("html[data-awake]").wait_for(state="attached")
    told = page.evaluate(TOLD)
    return Appeared(told["interactive"], told["paint"], told["shift"], told["task"], told["server"])
