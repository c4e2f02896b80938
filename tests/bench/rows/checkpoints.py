"""Row: from the commit of a referral to the signed checkpoint that covers it, at 200 referrals a second."""

import threading
import time
from bisect import bisect_right

import httpx
import sqlalchemy as sa

from review.models import Leaf, Opening
from tests.bench import load
from tests.bench.servers import Installed
from tests.bench.stage import Stage, refusals
from tests.bench.table import Row, Target
from tests.journeys.server import until

CLIENTS = 8
POLL_SECONDS = 0.02


class Watch:
    """Asks for the newest checkpoint all the time, and keeps when each size was first seen."""

    def __init__(self, desk: Installed) -> None:
        self._client = httpx.Client(base_url=desk.address)
        self._stop = threading.Event()
        self.sizes: list[int] = [0]
        self.seen: list[float] = [0.0]
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            answer = self._client.get("/log/checkpoint")
            size = int(answer.text.split("\n")[1]) if answer.status_code == 200 else 0
            if size > self.sizes[-1]:
                self.sizes.append(size)
                self.seen.append(time.time())

    def covered_at(self, position: int) -> float:
        """When a checkpoint over this position was first seen."""
        return self.seen[bisect_right(self.sizes, position)]

    def end(self) -> None:
        """Stop asking."""
        self._stop.set()
        self._thread.join()
        self._client.close()


def positions_of(desk: Installed, referrals: list[str]) -> dict[str, int]:
    """Where the first event of each referral stands; those that wait are missing."""
    engine = desk.engine()
    found: dict[str, int] = {}
    with engine.connect() as connection:
        for start in range(0, len(referrals), 500):
            rows = connection.execute(
                sa.select(Opening.object_id, Leaf.position)
                .join(Leaf, Leaf.eid == Opening.eid)
                .where(
                    Opening.object_kind == "referral",
                    Opening.object_id.in_(referrals[start : start + 500]),
                    Opening.object_version == 1,
                )
            )
            found |= {row.object_id: row.position for row in rows}
    engine.dispose()
    return found


def rows_of(stage: Stage) -> list[Row]:
    """Clients at a fixed rate; one watcher of the public checkpoint."""
    desk, source = stage.desk()
    options = stage.options
    watch = Watch(desk)
    try:
        ours = load.run(
            {
                "journey": "create", "clients": CLIENTS, "port": desk.port, "address": "/api/v1/referrals",
                "key": source.filled.people["key"], "rate": options.checkpoint_rate,
                "seconds": options.checkpoint_seconds, "warm_seconds": 1.0, "name": f"{time.time_ns():x}",
            }
        )  # fmt: skip
        committed = dict(ours.acknowledged)

        def places() -> dict[str, int] | None:
            found = positions_of(desk, list(committed))
            return found if len(found) == len(committed) and watch.sizes[-1] > max(found.values()) else None

        found = until(places, seconds=120)
    finally:
        watch.end()
    stage.noise.measure()
    waits = sorted(watch.covered_at(place) - committed[referral] for referral, place in found.items())
    p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    return [
        Row(
            "commit → covering checkpoint",
            stage.kind,
            f"at {ours.rate:.0f} referrals/s",
            p50 * 1000,
            p99 * 1000,
            reference=f"{len(waits)} referrals, looked every {POLL_SECONDS * 1000:.0f} ms",
            figure=p99,
            target=Target(5, 2, most=True, unit=" s"),
            note=refusals(ours),
        )
    ]
