"""Row: verify the whole trail on one core, beside bare SHA-256 over the same bytes."""

import json
import subprocess
import sys

from tests.bench.stage import Stage
from tests.bench.table import Row, Target
from tests.house.readme_tables import ROOT


def _child(url: str, folder: str, work: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.verifier", url, folder, work]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    found: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return found


def rows_of(stage: Stage) -> list[Row]:
    """A process of its own each, so that its memory is known."""
    source = stage.databases.filled(stage.options.stored)
    url = stage.databases.copy(source)
    folder = str(stage.new_folder())
    bare = _child(url, folder, "hash")
    ours = _child(url, folder, "verify")
    stage.noise.measure()
    stage.databases.drop(url)
    rate, theirs = ours["events"] / ours["seconds"], bare["events"] / bare["seconds"]
    memory = Target(300, 200, most=True, unit=" MiB")
    return [
        Row(
            f"verify {ours['events']:.0f} events",
            stage.kind,
            f"{rate:.0f}/s, {ours['seconds']:.1f} s",
            reference=f"bare SHA-256 of the same {bare['bytes'] / 2**20:.0f} MiB: {theirs:.0f} events/s",
            ratio=rate / theirs,
            target=Target(0.10, 0.15),
        ),
        Row(
            "verify: peak memory",
            stage.kind,
            f"{ours['peak_mib']:.0f} MiB",
            figure=ours["peak_mib"],
            target=memory,
        ),
    ]
