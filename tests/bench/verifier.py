"""One process that verifies a trail, or a part of it, or only hashes its bytes.

Prints seconds, events and its peak memory.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import sqlalchemy as sa

from app import create_app
from review import db
from review.actions import trail
from review.domain.permissions import OPERATOR
from review.models import Opening
from review.queries.trail_links import Links
from review.queries.trail_rows import many_pages
from review.queries.trail_run import Run
from tests.bench.databases import settings_of

Found = dict[str, float]


def verify(folder: Path) -> Found:
    """The whole of `flask trail verify` but its printing: the log, and all ordinary rows beside it."""
    started = time.perf_counter()
    verdict = trail.verify_trail(folder=folder, actor=OPERATOR)
    seconds = time.perf_counter() - started
    assert verdict.finding.intact, verdict.finding
    return {"seconds": seconds, "events": verdict.finding.entries}


def log(_folder: Path) -> Found:
    """The log alone: entries with their fields, tiles, heads, checkpoints, and the chain of each object."""
    reader = db.session()
    started = time.perf_counter()
    db.begin_snapshot(reader)
    with many_pages(reader):
        links = Links(reader)
        run = Run(reader, vkeys=(), outside=None, progress=None, met=links.take, doubted=links.take_odd)
        problem, holds = run.problem(), links.hold()
    seconds = time.perf_counter() - started
    assert problem is None, problem
    assert holds
    return {"seconds": seconds, "events": run.size}


def entries(folder: Path) -> Found:
    """The same, but that the values of fields are read and not looked at."""
    with patch("review.domain.plain_event._values", lambda _fields, _eid, _committed: {}):
        return log(folder)


def bare(_folder: Path) -> Found:
    """SHA-256 over each event's envelope and openings; reading them is not counted."""
    seconds, events, hashed = 0.0, 0, 0
    rows = db.session().execute(
        sa.select(Opening.envelope, sa.cast(Opening.fields, sa.Text)), execution_options={"yield_per": 5_000}
    )
    for part in rows.partitions():
        texts = [envelope + fields.encode() for envelope, fields in part]
        started = time.perf_counter()
        for text in texts:
            hashlib.sha256(text).digest()
        seconds += time.perf_counter() - started
        events += len(texts)
        hashed += sum(map(len, texts))
    return {"seconds": seconds, "events": events, "bytes": hashed}


WORK: dict[str, Callable[[Path], Found]] = {"bare": bare, "entries": entries, "log": log, "verify": verify}


def peak_mib() -> float:
    """The most memory this process ever held; `getrusage` would count what its parent held when it began."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """URL, folder, and a name of `WORK`."""
    url, folder, work = sys.argv[1:]
    settings = settings_of(url, Path(folder))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(settings)
    with app.app_context():
        found = WORK[work](settings.data_dir)
    found["peak_mib"] = peak_mib()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
