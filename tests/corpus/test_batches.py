"""Odd batches: every line stored or refused under its number, and a whole batch refused stores nothing."""

import gzip
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from review import uploads
from review.models import Batch
from tests.conftest import Desk
from tests.corpus.batch_cases import CASES, GZIP, BatchCase
from tests.corpus.batches import results_of, send_lines
from tests.corpus.cases import body_of
from tests.corpus.desks import judge_in_process
from tests.corpus.running import Judge, problems_of


def test_odd_batches_are_answered_line_by_line(desk: Desk) -> None:
    assert len(CASES) >= 50
    assert len({case.name for case in CASES}) == len(CASES)
    judge = judge_in_process(desk)
    for case in CASES:
        judge.failures += [f"batch: {case.name}: {problem}" for problem in _wrong(judge, case)]
    assert not judge.failures, "\n".join(judge.failures)


def _wrong(judge: Judge, case: BatchCase) -> Iterator[str]:
    before, batches = judge.counts(), _batches(judge)
    answer = send_lines(judge, case.body, headers=case.headers)
    if answer.status != case.status:
        yield f"status {answer.status}, not {case.status}: {answer.body[:300]!r}"
        return
    after = judge.counts()
    good = list(case.results.values()).count("received")
    if (
        after["referrals"] - before["referrals"] != good
        or after["referral.refused"] != before["referral.refused"]
    ):
        yield f"{before} became {after}"
    if case.status >= 400:
        yield from problems_of(answer, case.code, None)
        if _batches(judge) != batches:
            yield "a batch without lines was left"
        return
    results = results_of(judge, answer)
    found = {number: _outcome(result) for number, result in results.items()}
    if found != case.results:
        yield f"lines {found}, not {case.results}"
        return
    told = {entry["line"]: entry["errors"][0]["code"] for entry in answer.json["refusals"]}
    if told != {number: code for number, code in found.items() if code not in ("received", "repeated")}:
        yield f"refusals {told}"
    for number, line in case.kept.items():
        yield from judge.kept_otherwise(str(results[number]["id"]), line, {})


def _outcome(result: dict[str, object]) -> object:
    errors = result.get("errors")
    return errors[0]["code"] if isinstance(errors, list) else result["result"]


def _batches(judge: Judge) -> int:
    return judge.session().scalar(sa.select(sa.func.count()).select_from(Batch)) or 0


def _many(name: str, number: int) -> bytes:
    return b"".join(body_of(f"{name} {line}") + b"\n" for line in range(1, number + 1))


def test_lines_beyond_the_limit_are_413_and_the_others_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_LINES", 25)
    monkeypatch.setattr(uploads, "CHUNK_LINES", 10)
    judge = judge_in_process(desk)
    whole = send_lines(judge, _many("whole", 25))
    assert (whole.status, whole.json["lines"]) == (200, 25)
    before = judge.counts()["referrals"]
    answer = send_lines(judge, _many("many", 26))
    assert answer.status == 413
    assert list(problems_of(answer, "too_large", None)) == []
    assert answer.json["last_line"] == "25"
    assert answer.json["batch"].startswith("B-")
    assert judge.counts()["referrals"] - before == 25


def test_a_bomb_ends_at_the_limit_of_unpacked_bytes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 2 * 1024 * 1024)
    judge = judge_in_process(desk)
    for filling in (b" ", b"\n", b"x"):
        first = body_of(f"first before {filling!r}") + b"\n"
        before = judge.counts()["referrals"]
        packed = gzip.compress(first + filling * (8 * 1024 * 1024), mtime=0)
        assert len(packed) < 64 * 1024
        answer = send_lines(judge, packed, headers=GZIP)
        assert answer.status == 413
        assert list(problems_of(answer, "too_large", None)) == []
        stored = judge.counts()["referrals"] - before
        assert stored == ("batch" in answer.json)
        again = send_lines(judge, first)
        assert (again.status, again.json["repeated"]) == (200, stored)


def test_a_batch_is_the_senders_own_and_names_nothing_of_others(desk: Desk) -> None:
    """The same lines from two senders are two sets of referrals."""
    judge = judge_in_process(desk)
    lines = _many("shared", 3)
    first, second = (send_lines(judge, lines, key=key) for key in ("first", "other"))
    assert [answer.json["received"] for answer in (first, second)] == [3, 3]
    ids = [
        {result["id"] for result in results_of(judge, answer, key=key).values()}
        for answer, key in ((first, "first"), (second, "other"))
    ]
    assert ids[0].isdisjoint(ids[1])
