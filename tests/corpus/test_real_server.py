"""The whole corpus against the real server: every answer as promised, the worker alive, its memory flat."""

import json
from pathlib import Path

from tests.corpus.batches import judge_lines
from tests.corpus.cases import CANARY
from tests.corpus.desks import Served, served
from tests.corpus.framing_cases import FRAMES
from tests.corpus.own_cases import BY_CATEGORY, LINES
from tests.corpus.public_sets import judge_json, judge_strings, judge_urls
from tests.corpus.wire import exchange, judge_frame

MOST_GROWTH = 64 * 1024 * 1024
GREETING = "Referral Review serves on "


def test_the_corpus_is_answered_as_promised_by_a_server_that_stays_well(
    database_url: str, tmp_path: Path, public_data: Path
) -> None:
    with served(tmp_path, database_url) as server:
        processes, resident = server.processes, server.resident_bytes()
        counts = _own(server) | _public(server, public_data)
        growth = server.resident_bytes() - resident
        print(counts)
        print(f"{server.judge.sent} requests; memory {resident >> 20} MiB, grown by {growth >> 20} MiB")
        assert not server.judge.failures, "\n".join(server.judge.failures)
        assert server.processes == processes
        assert exchange(
            server.program.port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", cut=False
        ).startswith(b"HTTP/1.1 200 ")
        assert growth < MOST_GROWTH
        assert counts["JSONTestSuite"] > 600
        assert counts["WHATWG"] > 869
        assert counts["naughty strings"] > 1_000
    _check_log((tmp_path / "server.log").read_text("utf-8"), server)


def _own(server: Served) -> dict[str, int]:
    counts = {}
    for category, cases in BY_CATEGORY.items():
        here = [case for case in cases if not any(step.later for step in (case, *case.before))]
        for case in here:
            server.judge.judge(case)
        counts[category] = len(here)
    for frame in FRAMES:
        judge_frame(server.judge, frame, port=server.program.port)
    counts["framing"] = len(FRAMES)
    for category in LINES:
        counts[f"lines of {category}"] = judge_lines(server.judge, category, BY_CATEGORY[category])
    return counts


def _public(server: Served, folder: Path) -> dict[str, int]:
    return {
        "JSONTestSuite": judge_json(server.judge, folder),
        "WHATWG": judge_urls(server.judge, folder),
        "naughty strings": judge_strings(server.judge, folder),
    }


def _check_log(log: str, server: Served) -> None:
    """The program logs no requests; what it does log is one JSON object a line and repeats nothing sent."""
    for line in log.splitlines():
        assert line.startswith(GREETING) or not line or isinstance(json.loads(line), dict)
    assert CANARY not in log
    assert not any(key in log for key in server.keys.values())
