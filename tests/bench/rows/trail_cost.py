"""Row: what the trail costs a batch: the same lines with it and without it, in turn, in one run."""

import json
import subprocess
import sys
from statistics import median

from tests.bench.stage import Stage
from tests.bench.table import Row
from tests.house.readme_tables import ROOT

REPEATS = 3
WAYS = ("without", "with")


def _child(stage: Stage, way: str) -> dict[str, float]:
    url, folder = stage.databases.empty(), str(stage.new_folder())
    command = [sys.executable, "-m", "tests.bench.untrailed", url, folder, str(stage.options.lines), way]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    stage.databases.drop(url)
    found: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return found


def rows_of(stage: Stage) -> list[Row]:
    """A process of its own each, the two ways in turn, so that noise falls on both."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _number in range(REPEATS):
        for way in WAYS:
            found[way].append(_child(stage, way))
        stage.noise.measure()
    seconds = {way: median(one["seconds"] for one in found[way]) for way in WAYS}
    sequencing = median(one["sequencing"] for one in found["with"])
    events = found["with"][0]["events"]
    lines = stage.options.lines
    assert events >= lines
    assert all(one["events"] == 0 for one in found["without"])
    cost = (seconds["with"] - seconds["without"]) / events * 1e6
    return [
        Row(
            f"batch of {lines} with the trail",
            stage.kind,
            f"{seconds['with']:.2f} s, {lines / seconds['with']:.0f} lines/s",
            reference=f"without it {seconds['without']:.2f} s",
            ratio=seconds["with"] / seconds["without"],
            note=f"{cost:.0f} µs an event; positions for {events:.0f} events afterwards: {sequencing:.2f} s",
        )
    ]
