"""What this process counts for `/metrics`: requests, refusals, events, waits. No content, no names.

One desk is often several processes, of which the scraper reaches any. So `flask serve` with more than one
worker gives them a folder in which each keeps its figures, and any of them answers for all.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
    values,
)

Figure = Literal["events", "items"]
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEMORY_FILE = Path("/proc/self/statm")


class Metrics:
    """The figures of one process, or its part of the figures of all workers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "review_requests",
            "Requests by endpoint, method and class of status.",
            ("endpoint", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "review_request_seconds",
            "Seconds from the first line of a request to its answer, waiting for its turn left out.",
            ("endpoint", "method"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "review_requests_in_flight",
            "Requests being answered or waiting for their turn now.",
            ("lane",),
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        self.shed = Counter(
            "review_requests_shed",
            "Requests turned away with 503 because their lane was full.",
            ("lane",),
            registry=self.registry,
        )
        self.limited = Counter(
            "review_requests_limited",
            "Requests turned away with 429, by what was counted: key, address, failed_key.",
            ("limit",),
            registry=self.registry,
        )
        self.events = Counter(
            "review_events", "Events committed, by name.", ("event",), registry=self.registry
        )
        self.items = Counter(
            "review_items_received",
            "Items received and committed, repeated ones left out, by kind of referral.",
            ("intake_kind",),
            registry=self.registry,
        )
        self.database_wait = Histogram(
            "review_database_wait_seconds",
            "Seconds that a write waited for its turn and its connection.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.memory = Gauge(
            "review_process_memory_bytes",
            "Resident memory of each process that has answered a request.",
            multiprocess_mode="liveall",
            registry=self.registry,
        )
        self.delivery_attempts = _delivery_attempts(self.registry)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, figure: Figure, word: str, count: int) -> None:
        """Count what was committed."""
        (self.events if figure == "events" else self.items).labels(word).inc(count)

    def answered(self, endpoint: str, method: str, hundreds: int, *, seconds: float) -> None:
        """Count one answer; the figures of each kind of request are looked up once."""
        kept = self._children.get((endpoint, method, hundreds))
        if kept is None:
            kept = self._children[endpoint, method, hundreds] = (
                self.requests.labels(endpoint, method, f"{hundreds}xx"),
                self.seconds.labels(endpoint, method),
            )
        kept[0].inc()
        kept[1].observe(seconds)


def _delivery_attempts(registry: CollectorRegistry) -> Counter:
    return Counter(
        "review_delivery_attempts",
        "Tries to deliver a message to a sender, by what came of them.",
        ("outcome",),
        registry=registry,
    )


disable_created_metrics()
current = Metrics()


def share(folder: str) -> None:
    """Keep this process's figures in ``folder`` from now on, beside those of the other workers."""
    global current  # noqa: PLW0603 (one process has one set of figures, chosen once at its start)
    os.environ[FOLDER] = folder
    values.ValueClass = values.MultiProcessValue()
    current = Metrics()


def remember_memory() -> None:
    """Note how much memory this process holds now; where the system does not say, nothing."""
    with suppress(OSError, ValueError, IndexError):
        pages = int(MEMORY_FILE.read_text().split()[1])
        current.memory.set(pages * os.sysconf("SC_PAGE_SIZE"))


def _dead(folder: Path) -> Iterator[int]:
    """Processes that left live figures behind."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*_*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            yield pid


def as_text() -> bytes:
    """Everything counted, of all workers of this server, in the text format of Prometheus."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return generate_latest(current.registry)
    for pid in _dead(Path(folder)):
        multiprocess.mark_process_dead(pid)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)
