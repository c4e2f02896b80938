"""Rows: how long a moderator waits for the server's answer, 95 of 100 times: queue, case and search."""

from typing import Any
from urllib.parse import quote

from tests.bench.databases import Source
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
    """A row for each kind of page."""
    desk, source = stage.desk()
    order = pages_of(stage, desk, source)
    (ours,) = stage.alternate((desk, order))
    return [
        Row(
            f"answer: {page}, {source.filled.cases} stored, {stage.options.moderators} moderators",
            stage.kind,
            f"p95 {ours.percentile(page, SHARE):.1f} ms",
            ours.p50(page),
            ours.p99(page),
            figure=ours.percentile(page, SHARE),
            target=SLOWEST,
            note=f"judged by p95 of {len(ours.steps.get(page, ()))}. {refusals(ours)}".strip(),
        )
        for page in order["pages"]
    ]
