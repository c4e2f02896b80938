"""One process that verifies a trail, or only hashes its bytes; prints seconds, events and its peak memory."""

import hashlib
import json
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from app import create_app
from review import db
from review.actions import trail
from review.domain.permissions import OPERATOR
from review.models import Opening
from tests.bench.databases import settings_of


def verify(folder: Path) -> dict[str, float]:
    """The whole of `flask trail verify` but its printing."""
    started = time.perf_counter()
    verdict = trail.verify_trail(folder=folder, actor=OPERATOR)
    seconds = time.perf_counter() - started
    assert verdict.finding.intact, verdict.finding
    return {"seconds": seconds, "events": verdict.finding.entries}


def bare() -> dict[str, float]:
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


def peak_mib() -> float:
    """The most memory this process ever held; `getrusage` would count what its parent held when it began."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """URL, folder, and ``verify`` or ``hash``."""
    url, folder, work = sys.argv[1:]
    settings = settings_of(url, Path(folder))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(settings)
    with app.app_context():
        found = verify(settings.data_dir) if work == "verify" else bare()
    found["peak_mib"] = peak_mib()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
