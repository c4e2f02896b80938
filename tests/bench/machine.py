"""The machine and its noise: CPU, versions, memory of a process tree, and a fixed piece of work repeated."""

import hashlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from review import db

_KIB = 1024
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Memory:
    """MiB of a process tree: ``once`` counts a page once however many of its processes share it.

    That is the sum of their proportional shares of memory of their own (PSS), and the pages of files that
    the one with most of them holds, because strangers share these too. ``resident`` counts a page once a
    process; ``peak`` adds up each one's own high-water mark of that.
    """

    resident: float
    once: float
    peak: float
    processes: int


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it ended since it was listed
                found += [int(child) for child in task.read_text().split()]
    return found


def _kib(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def _once(family: list[int]) -> int:
    own, files = 0, 0
    for member in family:
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended since it was listed: it holds nothing
        kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
        own += kib["Pss_Anon"]
        files = max(files, kib["Rss"] - kib["Anonymous"])
    return own + files


def memory_of(pid: int) -> Memory:
    """Memory of this process and all below it."""
    family = _family(pid)
    return Memory(
        resident=sum(_kib(member, "status", "VmRSS") for member in family) / _KIB,
        once=_once(family) / _KIB,
        peak=sum(_kib(member, "status", "VmHWM") for member in family) / _KIB,
        processes=len(family),
    )


@dataclass
class Watched:
    """The most that a process tree held while it was looked at, MiB with shared pages counted once."""

    once: float = 0.0


@contextmanager
def watched(pid: int) -> Iterator[Watched]:
    """Look at this process and all below it ten times a second; the kernel keeps no such mark itself."""
    found, ended = Watched(), threading.Event()

    def look() -> None:
        while True:
            found.once = max(found.once, _once(_family(pid)) / _KIB)
            if ended.wait(_LOOK_SECONDS):
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def cpu_seconds_of(pid: int) -> float:
    """Processor time that this process and all below it have used so far."""
    ticks = 0
    for member in _family(pid):
        parts = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Noise:
    """The same work again and again through the run; its spread says what a ratio is worth."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def measure(self) -> None:
        """Do the fixed work once: about a tenth of a second of hashing and arithmetic."""
        started = time.perf_counter()
        digest = b"calibration"
        for number in range(60_000):
            digest = hashlib.sha256(digest).digest()
            sum((number, number >> 1, number >> 2))
        self.times.append((time.perf_counter() - started) * 1000)

    def sentence(self) -> str:
        """Least, median and most, and how far they lie apart."""
        least, middle, most = min(self.times), median(self.times), max(self.times)
        return (
            f"calibration loop {len(self.times)} times: {least:.0f} / {middle:.0f} / {most:.0f} ms"
            f" (least / median / most), spread {(most - least) / middle:.0%} of the median"
        )


def description() -> list[str]:
    """CPU, cores, load and versions, a line each."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")),
        "?",
    )
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        f"{model}, {os.cpu_count()} cores, load {load}; loader on the same cores",
        f"Python {platform.python_version()}, SQLite {db.sqlite_driver().sqlite_version},"
        f" kernel {platform.release()}",
    ]
