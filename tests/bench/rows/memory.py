"""Row: what a freshly started desk holds in memory, with all its loops, when nobody asks for anything.

It comes first in a run, before other rows use the small desk.
"""

import time

import httpx

from tests.bench.stage import Stage
from tests.bench.table import Row, Target


def rows_of(stage: Stage) -> list[Row]:
    """Server, its worker and the loops, after one page each."""
    desk, _source = stage.desk(stage.options.small)
    for address in ("/sign-in", "/log/key", "/healthz"):
        httpx.get(desk.address + address)
    time.sleep(stage.options.settle_seconds)
    found = desk.memory()
    return [
        Row(
            f"memory idle, all loops, {found.processes} processes",
            stage.kind,
            f"{found.once:.0f} MiB, shared pages counted once",
            reference=f"{found.resident:.0f} MiB resident, counted once a process",
            figure=found.once,
            target=Target(160, 120, most=True, unit=" MiB"),
            note=f"at most {found.peak:.0f} MiB resident since the start; the processes are forked from one"
            " and share most pages; the database's own server is not counted",
        )
    ]


def busy_rows(stage: Stage) -> list[Row]:
    """The most that the shared desk ever held during the rows before."""
    desk, source = stage.desk()
    found = desk.memory()
    return [
        Row(
            f"memory busy: peak over the rows above, {source.filled.cases} stored",
            stage.kind,
            f"{found.peak:.0f} MiB resident, shared pages counted once a process",
            reference=f"now {found.resident:.0f} MiB resident, {found.once:.0f} MiB counted once",
        )
    ]
