"""One command, one table: `python -m tests.bench [names...]`."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg

from tests.bench import databases, machine, table
from tests.bench.databases import Databases
from tests.bench.rows import (
    answers,
    batches,
    browsing,
    checkpoints,
    console,
    creating,
    deciding,
    delivering,
    files,
    memory,
    pages,
    polling,
    trail_cost,
    verifying,
)
from tests.bench.stage import Options, Stage
from tests.bench.table import Row

ROWS: dict[str, Callable[[Stage], list[Row]]] = {
    "memory": memory.rows_of,
    "status": pages.status_rows,
    "create": creating.rows_of,
    "decide": deciding.rows_of,
    "thinking": deciding.thinking_rows,
    "console": console.rows_of,
    "answers": answers.rows_of,
    "browser": browsing.rows_of,
    "pages": pages.rows_of,
    "checkpoint": checkpoints.rows_of,
    "busy": memory.busy_rows,
    "processes": deciding.process_rows,
    "verify": verifying.rows_of,
    "batch": batches.rows_of,
    "files": files.rows_of,
    "trail": trail_cost.rows_of,
    "deliveries": delivering.rows_of,
    "polling": polling.rows_of,
}
FULL = 1_000_000
PROFILED = ("create", "decide", "pages", "status", "batch")


def options_of(arguments: argparse.Namespace) -> Options:
    """How much work this run does."""
    default = Options()
    return Options(
        stored=FULL if arguments.full else arguments.stored,
        small=min(arguments.small, arguments.stored),
        lines=arguments.lines,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
        warm_seconds=min(default.warm_seconds, arguments.seconds / 3),
        many_moderators=arguments.moderators,
        console_moderators=min(default.console_moderators, arguments.moderators),
        thought_seconds=arguments.thought,
        thought_run_seconds=arguments.seconds * 7,
        checkpoint_seconds=arguments.seconds * 3,
        settle_seconds=min(default.settle_seconds, arguments.seconds),
        page_runs=min(default.page_runs, round(arguments.seconds * 10)),
        messages=arguments.messages,
        pollers=arguments.pollers,
        poll_seconds=default.poll_seconds * min(1.0, arguments.thought),
    )


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="rows to measure: " + ", ".join(ROWS))
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--stored", type=int, default=100_000, help="open cases stored (100 000)")
    parser.add_argument("--small", type=int, default=10_000, help="open cases in the small desk (10 000)")
    parser.add_argument("--full", action="store_true", help="1 000 000 stored, as the targets say")
    parser.add_argument("--lines", type=int, default=26_000, help="lines of the batch (26 000)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one round (3)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each, in turn (3)")
    parser.add_argument("--moderators", type=int, default=50, help="how many think (50)")
    parser.add_argument("--thought", type=float, default=1.0, help="seconds of thought between steps (1)")
    parser.add_argument("--messages", type=int, default=4_000, help="messages due at once (4 000)")
    parser.add_argument("--pollers", type=int, default=1_000, help="senders that ask for changes (1 000)")
    parser.add_argument("--profile", choices=PROFILED, help="show where this row's time goes, instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--cache", type=Path, default=databases.default_cache(), help="filled databases")
    found = parser.parse_args(arguments)
    unknown = sorted(set(found.names) - set(ROWS))
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    return found


def say(text: str) -> None:
    """What goes on, beside the table."""
    print(f"  {text}", file=sys.stderr, flush=True)


def measure(stage: Stage, names: Sequence[str]) -> list[Row]:
    """The rows on one database."""
    rows: list[Row] = []
    for name in names:
        started = time.monotonic()
        stage.noise.measure()
        rows += ROWS[name](stage)
        say(f"{stage.kind}: {name} took {time.monotonic() - started:.0f} s")
    return rows


def profile(stage: Stage, name: str) -> str:
    """Where the time of one row goes: once to warm up, once to see."""
    desk, _source = stage.desk()
    text = ""
    for _time in range(2):
        httpx.get(desk.address + "/bench/profile", timeout=60)
        ROWS[name](stage)
        text = httpx.get(desk.address + "/bench/profile", timeout=60).text
    return f"{name} on {stage.kind}\n{text}"


def version_of(found: Databases) -> str:
    """The PostgreSQL server's version; nothing for SQLite, which the machine's description names."""
    if found.kind == "sqlite":
        return ""
    url = found.bare()
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    found.drop(url)
    return f"PostgreSQL {row[0] if row else '?'}, fsync on, its files on the same disk"


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measure, print one table, give the rows back."""
    given = parsed(arguments)
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    noise, rows, about = machine.Noise(), [], machine.description()
    for kind in kinds:
        with ExitStack() as closing:
            found = closing.enter_context(databases.opened(kind, cache=given.cache, progress=say))
            about += [version_of(found)] if kind == "postgresql" else []
            work = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            target = "tests.bench.profiled:create_profiled_app" if given.profile else ""
            stage = Stage(found, options_of(given), work, noise, target=target)
            closing.callback(stage.close)
            if given.profile:
                print(profile(stage, given.profile))
            else:
                rows += measure(stage, given.names or list(ROWS))
    if rows:
        print("\n".join(["", table.text_of(rows), "", *about, noise.sentence()]))
    if given.json:
        plain = {"rows": [row.as_dict() for row in rows], "machine": about, "noise": noise.sentence()}
        given.json.write_text(json.dumps(plain, indent=1))
    return rows


if __name__ == "__main__":
    main()
