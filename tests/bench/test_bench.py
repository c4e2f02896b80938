"""The benchmark command runs, each row of it on one of both databases: counts are tiny, nothing is timed."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.__main__ import ROWS, main
from tests.bench.table import Row, Target, text_of

TINY = ("--stored", "1000", "--small", "1000", "--lines", "40", "--seconds", "0.3", "--rounds", "1",
        "--moderators", "4", "--thought", "0.05", "--messages", "64", "--pollers", "20")  # fmt: skip


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may enter, with a path short enough for its socket."""
    with tempfile.TemporaryDirectory(prefix="rb") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "turn"), [("sqlite", 0), ("postgresql", 1)])
def test_every_row_is_measured(
    kind: str, turn: int, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "rows.json"
    names = list(ROWS)[turn::2]
    rows = main([*names, "--database", kind, "--cache", str(cache), "--json", str(written), *TINY])
    printed = capsys.readouterr().out
    assert {row.database for row in rows} == {kind}
    assert all(row.work in printed for row in rows)
    assert len(rows) >= 2 * len(names)
    assert [row.note for row in rows if "refused: {" in row.note] == []
    assert [row.ours for row in rows if "double" in row.ours and ", 0 double" not in row.ours] == []
    assert [row.work for row in rows if row.p50 is not None and not row.p50 > 0] == []
    received = [row.note for row in rows if row.work.startswith("batch of 40 over")]
    assert bool(received) == ("batch" in names)
    assert [note for note in received if "40 received" not in note] == []
    assert len(json.loads(written.read_text())["rows"]) == len(rows)


def test_a_profile_names_the_functions_behind_a_row(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--database", "sqlite", "--cache", str(cache), "--profile", "status", *TINY])
    printed = capsys.readouterr().out
    assert "by tottime" in printed
    assert "review/queries/referrals.py" in printed


@pytest.mark.parametrize(
    ("figure", "most", "verdict"),
    [
        (0.5, False, "goal"),
        (0.4, False, "gate"),
        (0.2, False, "MISSED"),
        (3, True, "goal"),
        (7, True, "MISSED"),
    ],
)
def test_a_row_says_whether_gate_and_goal_are_met(figure: float, most: bool, verdict: str) -> None:
    target = Target(6, 3, most=True) if most else Target(0.35, 0.5)
    row = Row("work", "sqlite", "1/s", ratio=figure, target=target)
    assert row.met == verdict
    assert verdict in text_of([row])
