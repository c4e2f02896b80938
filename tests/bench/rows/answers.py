"""Rows: how long a moderator waits for the server's answer, 95 of 100 times: queue, case and search."""

from typing import Any
from urllib.parse import quote

from tests.bench.databases import Source
from tests.bench.load import Measured
from tests.bench.rows.pages import deep_page, defanged, hold_cases
from tests.bench.servers import Installed
from tests.bench.stage import Stage, refusals
from tests.bench.table import Row, Target

SLOWEST = Target(150, 60, most=True, unit=" ms")
"""Goal 14 of the screens: 95 of 100 answers within 150 ms at the server."""
SHARE = 0.95


def pages_of(stage: Stage, desk: Installed, source: Source) -> dict[str, Any]:
    """What a moderator opens, as an order for the loader: at a few hands, without a pause.

    Moderators find by our references, a URL or a digest; words lead them nowhere, and that is answered too.
    """
    (moderator,) = desk.sign_in([source.filled.people["moderators"][-1][0]])
    samples = source.filled.samples
    return {
        "journey": "look",
        "clients": stage.options.moderators,
        "cookie": moderator.cookie,
        "pages": {
            "queue": ["/queue"],
            "queue at 9/10": [deep_page(desk)],
            "case": hold_cases(desk, moderator, [sample for sample in samples if not sample["decided"]]),
            "search by reference": [f"/search?q={sample['referral']}" for sample in samples],
            "search by URL": [f"/search?q={quote(defanged(sample['url']))}" for sample in samples],
            "search by words": ["/search?q=logo+speaker"],
        },
    }


def rows_of(stage: Stage) -> list[Row]:
    """A row for each kind of page: many people who think between pages, then a few who never do."""
    desk, source = stage.desk()
    order, options = pages_of(stage, desk, source), stage.options
    thinking = {
        "clients": options.console_moderators,
        "thought_seconds": options.thought_seconds,
        "seconds": options.thought_run_seconds,
        "warm_seconds": options.thought_seconds * 2,
    }
    (calm,) = stage.alternate((desk, order | thinking))
    (busy,) = stage.alternate((desk, order))
    stored = f"{source.filled.cases} stored"
    who = f"{options.console_moderators} moderators thinking {options.thought_seconds:g} s"
    crowd = f"{options.moderators} who never pause"
    return _rows(f"{stored}, {who}", stage.kind, order, calm) + _rows(
        f"{stored}, {crowd}", stage.kind, order, busy
    )


def _rows(work: str, kind: str, order: dict[str, Any], found: Measured) -> list[Row]:
    return [
        Row(
            f"answer: {page}, {work}",
            kind,
            f"p95 {found.percentile(page, SHARE):.1f} ms",
            found.p50(page),
            found.p99(page),
            figure=found.percentile(page, SHARE),
            target=SLOWEST,
            note=f"judged by p95 of {len(found.steps.get(page, ()))}. {refusals(found)}".strip(),
        )
        for page in order["pages"]
    ]
