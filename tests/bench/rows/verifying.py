"""Rows: verify the trail on one core, part by part and whole, beside bare SHA-256 over the same bytes."""

import json
import subprocess
import sys

from tests.bench.stage import Stage
from tests.bench.table import Row, Target
from tests.house.readme_tables import ROOT

PARTS = {
    "entries": "entries without the values of their fields",
    "log": "the log alone, with all fields and chains",
    "verify": "everything, all ordinary rows too",
}
JUDGED = "log"
"""The part that is nothing but hashing what was hashed before: the target is set for it."""


def _child(url: str, folder: str, work: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.verifier", url, folder, work]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    found: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return found


def _rate(found: dict[str, float]) -> float:
    return found["events"] / found["seconds"]


def rows_of(stage: Stage) -> list[Row]:
    """A process of its own each, so that its memory is known."""
    source = stage.databases.filled(stage.options.stored)
    url = stage.databases.copy(source)
    folder = str(stage.new_folder())
    bares = [_child(url, folder, "bare")]
    parts = {}
    for work in PARTS:
        parts[work] = _child(url, folder, work)
        bares.append(_child(url, folder, "bare"))
    stage.noise.measure()
    stage.databases.drop(url)
    bare = max(bares, key=_rate)  # the least disturbed of several, which is the hardest to come near to
    reference = f"bare SHA-256 of the same {bare['bytes'] / 2**20:.0f} MiB: {_rate(bare):.0f} events/s"
    rows = [
        Row(
            f"verify {found['events']:.0f} events: {PARTS[work]}",
            stage.kind,
            f"{_rate(found):.0f}/s, {found['seconds']:.1f} s",
            reference=reference,
            ratio=_rate(found) / _rate(bare),
            target=Target(0.10, 0.15) if work == JUDGED else None,
        )
        for work, found in parts.items()
    ]
    peak = parts["verify"]["peak_mib"]
    memory = Target(300, 200, most=True, unit=" MiB")
    rows.append(Row("verify: peak memory", stage.kind, f"{peak:.0f} MiB", figure=peak, target=memory))
    return rows
