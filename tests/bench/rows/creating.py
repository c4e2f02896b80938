"""Row: single create with 8 clients, beside thin on the same server."""

from tests.bench.stage import Stage, cost, refusals
from tests.bench.table import Row, Target

CLIENTS = 8


def rows_of(stage: Stage) -> list[Row]:
    """Submits one by one, each its own transaction."""
    desk, source = stage.desk()
    order = {"journey": "create", "clients": CLIENTS}
    ours, thin = stage.alternate(
        (desk, order | {"key": source.filled.people["key"], "address": "/api/v1/referrals"}),
        (stage.thin(), order | {"address": "/referrals"}),
    )
    return [
        Row(
            f"single create, {CLIENTS} clients",
            stage.kind,
            f"{ours.rate:.0f}/s",
            ours.p50("create"),
            ours.p99("create"),
            f"thin {thin.rate:.0f}/s, p99 {thin.p99('create'):.0f} ms",
            ours.rate / thin.rate,
            target=Target(0.35, 0.5),
            note=f"{cost(ours, thin)}. {refusals(ours)}".strip(),
        )
    ]
