"""The corpus as lines of batches: each line is answered as alone, and none blocks its neighbours."""

import json
from collections.abc import Iterator, Sequence

from tests.corpus.cases import ADDRESS, URL, Case, body_of
from tests.corpus.running import Answer, Judge

NDJSON = ("Content-Type", "application/x-ndjson")
BATCH = f"{ADDRESS}/batch"
LONGEST_LINE = 2**20
MOST_ERRORS = 20
"""Errors that one refused line keeps."""


def send_lines(
    judge: Judge, body: bytes, *, headers: tuple[tuple[str, str], ...] = (NDJSON,), key: str = "other"
) -> Answer:
    """One batch with its key."""
    return judge.send(Case("batch", "", body, 200, path=BATCH, headers=headers, key=key))


def results_of(judge: Judge, answer: Answer, *, key: str = "other") -> dict[int, dict[str, object]]:
    """What became of each line, by its number."""
    address = answer.json["links"]["results"]
    found = judge.send(Case("batch", "", b"", 200, method="GET", path=address, headers=(), key=key))
    assert found.status == 200
    lines = [json.loads(line) for line in found.body.splitlines()]
    return {line["line"]: line for line in lines}


def judge_lines(judge: Judge, category: str, cases: Sequence[Case]) -> int:
    """Send all cases of a category in one batch, a good line behind each tenth; how many lines there were."""
    lines: list[Case] = []
    for case in cases:
        if case.line:
            lines.append(case)
        if len(lines) % 10 == 9:
            body = body_of(f"neighbour {category} {len(lines)}", items=[{"url": f"{URL}/neighbour"}])
            lines.append(Case(category, f"neighbour {len(lines)}", body, 201))
    before = judge.counts_before()
    answer = send_lines(judge, b"\n".join(case.body for case in lines) + b"\n")
    if answer.status != 200:
        judge.failures.append(f"batch of {category}: {answer.status} {answer.body[:300]!r}")
        return 0
    results = results_of(judge, answer)
    judge.failures += [
        f"line of a batch, {case}: {problem}"
        for number, case in enumerate(lines, start=1)
        for problem in _wrong(judge, case, results.get(number, {}))
    ]
    after, good = judge.counts(), sum(case.status == 201 and len(case.body) <= LONGEST_LINE for case in lines)
    if answer.json["lines"] != len(lines) or answer.json["received"] != good:
        judge.failures.append(f"batch of {category}: counts {answer.json}, not {len(lines)} and {good}")
    if (
        after["referrals"] - before["referrals"] != good
        or after["referral.refused"] != before["referral.refused"]
    ):
        judge.failures.append(f"batch of {category}: {before} became {after}")
    return len(lines)


def _wrong(judge: Judge, case: Case, result: dict[str, object]) -> Iterator[str]:
    errors = result.get("errors", [])
    assert isinstance(errors, list)
    found = [(entry["pointer"], entry["code"]) for entry in errors]
    if len(case.body) > LONGEST_LINE:
        if found != [("", "line_too_long")]:
            yield f"{result}, not line_too_long"
    elif case.status == 201:
        if result.get("result") != "received":
            yield f"not received: {result}"
            return
        columns = case.stored.columns if case.stored else {}
        yield from judge.kept_otherwise(str(result["id"]), case.body, columns)
    elif case.code == "kind_not_enabled":
        if found != [("/intake_kind", "kind_not_enabled")]:
            yield f"{found}, not kind_not_enabled"
    elif (case.pointer or "", case.code) not in found or len(found) > MOST_ERRORS:
        yield f"{found}, not {case.code} at {case.pointer}"
    if not all(entry["detail"] for entry in errors):
        yield "an error without a remedy"
