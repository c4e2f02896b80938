"""Rows: one batch over HTTP, the same again, and into a full desk; beside raw inserts of the same rows."""

import json
import time
from collections.abc import Sequence
from contextlib import closing
from statistics import median
from typing import Any

import sqlalchemy as sa

from review.models import PendingEvent
from tests.bench.databases import Source
from tests.bench.loader import Connection, referral_bytes
from tests.bench.machine import watched
from tests.bench.raw import RawInsert, rows_of_batch
from tests.bench.servers import Installed
from tests.bench.stage import Stage
from tests.bench.table import Row, Target
from tests.journeys.server import until

TIMES = Target(6, 3, most=True, unit=" ×")
GROWTH = Target(2, 1.5, most=True, unit=" ×")
MEMORY = Target(300, 200, most=True, unit=" MiB")
REPEATS = 3


class BatchRefused(RuntimeError):
    """The desk did not take the batch; the message is its answer."""


def upload_of(lines: int) -> bytes:
    """So many referrals, each with a location of its own, a line each."""
    name = f"{time.time_ns():x}"
    return b"".join(
        referral_bytes(f"{name}-{number}", f"https://video.example/watch/{name}/{number}") + b"\n"
        for number in range(lines)
    )


def send(desk: Installed, source: Source, upload: bytes) -> tuple[float, dict[str, Any]]:
    """Post a batch; seconds until the whole answer is there, and the answer."""
    with closing(Connection(desk.port, bearer=source.filled.people["key"])) as connection:
        started = time.perf_counter()
        status, body = connection.send("POST", "/api/v1/referrals/batch", upload, "application/x-ndjson")
        seconds = time.perf_counter() - started
    if status != 200:
        raise BatchRefused(f"{status}: {body[:200].decode(errors='replace')}")
    return seconds, json.loads(body)


def wait_for_sequencer(desk: Installed) -> None:
    """Let the loops end what the batch left, so that they take no share of the next figure."""
    engine = desk.engine()

    def done() -> bool:
        with engine.connect() as connection:
            return connection.execute(sa.select(PendingEvent.eid).limit(1)).one_or_none() is None

    until(done, seconds=300)
    engine.dispose()


def _first_rows(stage: Stage, upload: bytes) -> tuple[list[Row], float]:
    """Into an empty desk: new, and the same again."""
    lines = upload.count(b"\n")
    with stage.fresh_desk(0) as (desk, source):
        before = desk.memory()
        with watched(desk.process.pid) as held:
            seconds, answer = send(desk, source, upload)
        peak = desk.memory().peak
        wait_for_sequencer(desk)
        stored = rows_of_batch(desk)
        again, repeated = send(desk, source, upload)
    raw = _raw(stage, stored)
    counts = ", ".join(f"{len(rows)} {table}" for table, rows in stored.items())
    values = (value for rows in stored.values() for row in rows for value in row)
    size = sum(len(value) for value in values if isinstance(value, bytes | str))
    rows = [
        Row(
            f"batch of {lines} over HTTP",
            stage.kind,
            f"{seconds:.2f} s, {lines / seconds:.0f} lines/s",
            reference=f"raw {way} {took:.2f} s",
            ratio=seconds / took,
            target=None if way == "COPY" else TIMES,
            note=f"{answer['received']} received; reference: {counts}, {size / 2**20:.0f} MiB",
        )
        for way, took in raw.items()
    ]
    return [
        *rows,
        Row(
            f"batch of {lines}: peak memory of the server", stage.kind,
            f"{held.once:.0f} MiB, shared pages counted once", figure=held.once, target=MEMORY,
            reference=f"{before.once:.0f} MiB before",
            note=f"resident, counted once a process: {before.peak:.0f} MiB before, {peak:.0f} MiB at most",
        ),
        Row(
            "the same batch again", stage.kind, f"{again:.2f} s, {repeated['repeated']} repeated",
            reference=f"new {seconds:.2f} s", ratio=again / seconds,
        ),
    ], seconds  # fmt: skip


def _raw(stage: Stage, stored: dict[str, Sequence[tuple[Any, ...]]]) -> dict[str, float]:
    """The median of some raw inserts, by the way they are done."""
    found: dict[str, list[float]] = {}
    for _number in range(REPEATS):
        for way in RawInsert.ways(stage.kind):
            url = stage.databases.bare()
            found.setdefault(way, []).append(RawInsert(url).seconds(way, stored))
            stage.databases.drop(url)
        stage.noise.measure()
    return {way: median(times) for way, times in found.items()}


def _into_full(stage: Stage, upload: bytes, *, empty_seconds: float) -> Row:
    desk, source = stage.desk()
    wait_for_sequencer(desk)
    seconds, _answer = send(desk, source, upload)
    lines = upload.count(b"\n")
    return Row(
        f"batch of {lines} into {source.filled.cases} stored",
        stage.kind,
        f"{seconds:.2f} s",
        reference=f"into none {empty_seconds:.2f} s",
        ratio=seconds / empty_seconds,
        target=GROWTH,
    )


def rows_of(stage: Stage) -> list[Row]:
    """All lines of the batch; one that says so where the desk does not take it."""
    upload = upload_of(stage.options.lines)
    try:
        rows, seconds = _first_rows(stage, upload)
        return [*rows, _into_full(stage, upload, empty_seconds=seconds)]
    except BatchRefused as refused:
        lines = stage.options.lines
        return [Row(f"batch of {lines} over HTTP", stage.kind, "not taken", target=TIMES, note=str(refused))]
