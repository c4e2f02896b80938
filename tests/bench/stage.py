"""What every row stands on: the options of the run, its databases, and servers that rows may share."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import load, servers
from tests.bench.databases import Databases, Source
from tests.bench.load import Measured
from tests.bench.machine import Noise
from tests.bench.servers import Installed, Person, Served


@dataclass(frozen=True)
class Options:
    """How much work each row does; small in the test that keeps the command alive."""

    stored: int = 100_000
    small: int = 10_000
    lines: int = 26_000
    seconds: float = 3.0
    rounds: int = 3
    warm_seconds: float = 1.0
    moderators: int = 8
    many_moderators: int = 50
    console_moderators: int = 32
    thought_seconds: float = 1.0
    thought_run_seconds: float = 20.0
    checkpoint_rate: int = 200
    checkpoint_seconds: float = 10.0
    settle_seconds: float = 4.0
    page_runs: int = 30
    messages: int = 4_000
    pollers: int = 1_000
    poll_seconds: float = 20.0


class Stage:
    """One run on one kind of database; closes every server that it started."""

    def __init__(
        self, databases: Databases, options: Options, work: Path, noise: Noise, *, target: str = ""
    ) -> None:
        self.databases = databases
        self.options = options
        self.noise = noise
        self.kind = databases.kind
        self._work = work
        self._target = target
        self._closing = ExitStack()
        self._desks: dict[int, tuple[Installed, Source]] = {}
        self._thin: Served | None = None
        self._numbers = 0

    def close(self) -> None:
        """Stop the shared servers."""
        self._closing.close()

    def new_folder(self) -> Path:
        """A folder of its own for a server or a process."""
        self._numbers += 1
        return self._work / f"{self.kind}-{self._numbers}"

    @contextmanager
    def fresh_desk(self, cases: int, *, workers: int = 1) -> Iterator[tuple[Installed, Source]]:
        """A desk of its own on a copy of a filled database."""
        source = self.databases.filled(cases)
        url = self.databases.copy(source)
        with servers.installed(url, self.new_folder(), workers=workers, target=self._target) as desk:
            yield desk, source
        self.databases.drop(url)

    @contextmanager
    def fresh_thin(self, cases: int, *, workers: int = 1) -> Iterator[Served]:
        """Thin with so many open cases on a database of its own."""
        url = self.databases.bare()
        with servers.thin(url, self.new_folder(), workers=workers, cases=cases) as served:
            yield served
        self.databases.drop(url)

    def desk(self, cases: int | None = None) -> tuple[Installed, Source]:
        """The desk that rows share; with ``stored`` open cases unless said."""
        wanted = self.options.stored if cases is None else cases
        if wanted not in self._desks:
            self._desks[wanted] = self._closing.enter_context(self.fresh_desk(wanted))
        return self._desks[wanted]

    def thin(self) -> Served:
        """The thin program that rows share, with ``stored`` open cases."""
        if self._thin is None:
            self._thin = self._closing.enter_context(self.fresh_thin(self.options.stored))
        return self._thin

    def alternate(self, *work: tuple[Served, dict[str, Any]]) -> tuple[Measured, ...]:
        """Run the orders in turn, several short rounds of each, so that noise falls on all alike."""
        totals = tuple(Measured() for _order in work)
        for number in range(self.options.rounds):
            for (served, order), total in zip(work, totals, strict=True):
                timing = {"seconds": self.options.seconds, "warm_seconds": self.options.warm_seconds}
                name = {"name": f"{time.time_ns():x}-{number}"}
                before = served.cpu_seconds()
                measured = load.run(timing | name | {"port": served.port} | order)
                measured.cpu_seconds = served.cpu_seconds() - before
                total.add(measured)
                self.noise.measure()
        return totals

    def moderators(self, desk: Installed, source: Source, count: int) -> list[Person]:
        """So many moderators of that desk, signed in."""
        accounts = [account for account, _trail_id in source.filled.people["moderators"]]
        return desk.sign_in(accounts[:count])


def cost(ours: Measured, theirs: Measured) -> str:
    """Processor time of both servers for one cycle: what noise of the machine changes least."""
    share = theirs.cpu_ms / ours.cpu_ms if ours.cpu_ms else float("nan")
    return f"CPU a cycle {ours.cpu_ms:.1f} ms, reference {theirs.cpu_ms:.1f} ms: {share:.2f}"


def refusals(measured: Measured) -> str:
    """What was refused, for the note of a row; empty where nothing was."""
    return "" if not measured.refused else "refused: " + str(dict(measured.refused))
