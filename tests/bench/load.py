"""Orders for the loader, and what it measured: rates and percentiles over several short runs."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.house.readme_tables import ROOT


@dataclass
class Measured:
    """What the clients saw, over one or several runs; times in milliseconds.

    ``cycles`` were measured, ``done`` counts those of the warming up as well.
    """

    seconds: float = 0.0
    cycles: int = 0
    done: int = 0
    cpu_seconds: float = 0.0
    steps: dict[str, list[float]] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    acknowledged: list[tuple[str, float]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Whole cycles a second."""
        return self.cycles / self.seconds if self.seconds else 0.0

    def percentile(self, step: str, share: float) -> float:
        """The time below which this share of the step's requests stayed."""
        times = sorted(self.steps.get(step, ()))
        return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")

    def p50(self, step: str) -> float:
        """The median of a step."""
        return self.percentile(step, 0.50)

    def p99(self, step: str) -> float:
        """The 99th percentile of a step."""
        return self.percentile(step, 0.99)

    @property
    def cpu_ms(self) -> float:
        """Processor time of the server for one cycle; warming up counts on both sides."""
        return self.cpu_seconds * 1000 / self.done if self.done else float("nan")

    @property
    def doubles(self) -> int:
        """How many reviews of one and the same case were acknowledged beyond the first."""
        return len(self.decided) - len(set(self.decided))

    def add(self, other: "Measured") -> None:
        """Count another run of the same work in."""
        self.seconds += other.seconds
        self.cycles += other.cycles
        self.done += other.done
        self.cpu_seconds += other.cpu_seconds
        for step, times in other.steps.items():
            self.steps.setdefault(step, []).extend(times)
        self.decided += other.decided
        self.acknowledged += other.acknowledged
        self.refused += other.refused


class LoadFailed(RuntimeError):
    """The loader could not do its work; the message says why."""


def start(order: dict[str, Any]) -> "subprocess.Popen[str]":
    """Start the loader on an order; `finish` waits for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.loader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: "subprocess.Popen[str]") -> Measured:
    """What a started loader measured; raises `LoadFailed`."""
    printed, complaints = process.communicate(timeout=600)
    if process.returncode != 0:
        raise LoadFailed(complaints[-2000:])
    found = json.loads(printed)
    if found.pop("failures"):
        raise LoadFailed(str(found["refused"]) + printed[-1000:])
    acknowledged = [(name, at) for name, at in found.pop("acknowledged")]
    return Measured(**found | {"refused": Counter(found["refused"]), "acknowledged": acknowledged})


def run(order: dict[str, Any]) -> Measured:
    """Run an order to its end."""
    return finish(start(order))
