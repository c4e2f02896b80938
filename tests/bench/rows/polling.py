"""Rows: many senders' programs that ask for changes, at many stored cases beside few."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from review.clock import rfc3339
from review.models import Referral
from tests.bench.databases import Source
from tests.bench.rows.pages import GROWTH
from tests.bench.servers import Installed
from tests.bench.stage import Stage, refusals
from tests.bench.table import Row

SIZES = ("large", "small")


def newest_changes(desk: Installed) -> dict[str, datetime]:
    """When the newest referral of each sender changed."""
    engine = desk.engine()
    with engine.connect() as reader:
        newest = sa.select(Referral.sender_id, sa.func.max(Referral.updated_at)).group_by(Referral.sender_id)
        found = {row[0]: row[1] for row in reader.execute(newest)}
    engine.dispose()
    return found


def order_of(stage: Stage, desk: Installed, source: Source) -> dict[str, Any]:
    """Each sender with its own key asks for what changed since its newest change, which is one referral."""
    newest, large = newest_changes(desk), source.filled.people["senders"]
    keys = source.filled.people["keys"][: stage.options.pollers]
    asked = [
        {
            "key": key,
            "step": "large" if sender in large else "small",
            "address": "/api/v1/referrals?" + urlencode({"updated_since": rfc3339(newest[sender])}),
        }
        for sender, key in keys
        if sender in newest
    ]
    return {
        "journey": "poll",
        "clients": len(asked),
        "senders": asked,
        "thought_seconds": stage.options.poll_seconds,
        "warm_seconds": stage.options.poll_seconds / 2,
        "seconds": stage.options.thought_run_seconds,
    }


def rows_of(stage: Stage) -> list[Row]:
    """Few senders hold half of all referrals, many hold the other half; both ask alike."""
    large, many = stage.desk()
    small, few = stage.desk(stage.options.small)
    order = order_of(stage, large, many)
    ours, less = stage.alternate((large, order), (small, order_of(stage, small, few)))
    who = f"{order['clients']} senders asking every {stage.options.poll_seconds:g} s"
    return [
        Row(
            f"changes of a {size} sender, {who}, {many.filled.cases} stored",
            stage.kind,
            f"{len(ours.steps.get(size, ()))} answers",
            ours.p50(size),
            ours.p99(size),
            f"at {few.filled.cases}: p50 {less.p50(size):.1f}, p99 {less.p99(size):.1f} ms",
            ours.p50(size) / less.p50(size),
            target=GROWTH,
            note=f"p99 {ours.p99(size) / less.p99(size):.2f} times that at few. {refusals(ours)}".strip(),
        )
        for size in SIZES
    ]
