"""`flask referrals import`: files as senders hand them over, what the command says, and what is stored."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.domain.commitments import parse_envelope
from review.models import Case, Opening, Referral
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.data import public_data
from tests.factories import make_sender, referral_body
from tests.workbooks import make_workbook

CSV = '\ufeffReference;Reason;URL;Good_faith\r\nA;Praise, and more;https://video.example/a;yes\r\n\r\nB;"Two\r\nlines";https://video.example/b;\r\n'


@pytest.fixture
def run(desk: Desk) -> Callable[..., Result]:
    """Runs the command for one sender."""
    sender = make_sender()

    def invoke(file: Path, *options: str, sender: str = sender) -> Result:
        arguments = ["referrals", "import", str(file), "--sender", sender, *options]
        return desk.app.test_cli_runner().invoke(args=arguments)

    return invoke


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def lines(*references: str) -> bytes:
    return b"".join(referral_body(name, f"https://video.example/{name}") + b"\n" for name in references)


def counts(batch: dict[str, Any]) -> tuple[int, int, int, int]:
    return batch["lines"], batch["received"], batch["repeated"], batch["refused"]


@pytest.mark.parametrize("name", ["action.ndjson", "action.JSONL", "action.ndjson.gz", "action.jsonl.GZ"])
def test_lines_are_taken_in_and_the_same_file_again_adds_nothing(
    desk: Desk, run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    file, content = tmp_path / name, lines("A", "B") + b"{}\n"
    file.write_bytes(gzip.compress(content) if name.lower().endswith(".gz") else content)
    first = answer(run(file, "--json"))
    assert counts(first) == (3, 2, 0, 1)
    assert [one["line"] for one in first["refusals"]] == [3]
    assert counts(answer(run(file, "--json"))) == (3, 0, 2, 1)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Case)) == 2
    envelopes = desk.session.scalars(
        sa.select(Opening.envelope).where(Opening.event_type == "batch.completed")
    )
    assert {parse_envelope(envelope)["actor"]["kind"] for envelope in envelopes} == {"operator"}


def test_rows_are_taken_in_and_their_original_is_the_row_as_it_stood(
    desk: Desk, run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "action.csv"
    file.write_bytes(CSV.encode())
    assert counts(answer(run(file, "--json"))) == (2, 2, 0, 0)
    assert counts(answer(run(file, "--json"))) == (2, 0, 2, 0)
    stored = {row.reference: row for row in desk.session.scalars(sa.select(Referral))}
    assert stored["A"].good_faith is True
    assert stored["B"].reason == "Two\r\nlines"
    assert {row.transmitted_via for row in stored.values()} == {"file"}
    assert (
        original_of(desk.session, stored["A"].id, data_dir=desk.settings.data_dir)
        == CSV.encode().splitlines(True)[1]
    )


def test_rows_of_one_reference_are_one_referral_and_a_workbook_repeats_the_table(
    desk: Desk, run: Callable[..., Result], tmp_path: Path
) -> None:
    table = [
        ["Reference", "Reason", "URL"],
        ["A", "Praise", "https://video.example/a1"],
        ["B", "Praise", "https://video.example/b"],
        ["A", "", "https://video.example/a2"],
        ["", "Praise", "https://video.example/c"],
    ]
    file, book = tmp_path / "action.csv", tmp_path / "action.xlsx"
    file.write_text("".join(",".join(row) + "\n" for row in table))
    make_workbook(book, table)
    assert counts(answer(run(file, "--json"))) == (4, 4, 0, 0)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Referral)) == 3
    first = desk.session.scalars(sa.select(Referral).where(Referral.reference == "A")).one()
    kept = original_of(desk.session, first.id, data_dir=desk.settings.data_dir)
    assert kept == b"A,Praise,https://video.example/a1\nA,,https://video.example/a2\n"
    assert counts(answer(run(book, "--json"))) == (4, 0, 4, 0)


def test_a_command_says_what_a_heading_means(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "action.csv"
    file.write_text("Id,Why so,Link\nA,Praise,https://video.example/a\n")
    two = ("--column", "Why so=reason", "--column", "Link=url")
    assert "Id (perhaps reference)" in run(file, *two).output
    said = [f"--column={heading}" for heading in ("Id=reference", "Why so=reason", "Link=url")]
    assert counts(answer(run(file, "--json", *said))) == (1, 1, 0, 0)


def test_a_heading_is_left_out_by_the_command(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "action.xlsx"
    make_workbook(file, [["Our ref", "URL", "Why", "Size"], ["A", "https://video.example/a", "Praise", "41"]])
    refused = run(file)
    assert refused.exit_code == 1
    assert "--column 'Our ref=reference' --column Why=reason --column Size=-" in refused.output
    options = ("--column", "Our ref=reference", "--column", "Why=reason", "--column", "Size=-")
    assert counts(answer(run(file, "--json", *options))) == (1, 1, 0, 0)


def test_real_reports_are_taken_one_by_one_and_line_by_line(
    desk: Desk, run: Callable[..., Result], tmp_path: Path
) -> None:
    """Only the host is put in our list: the samples name none of ours."""
    reports = []
    for path in sorted((public_data() / "xarf" / "samples" / "v4").glob("content-*.json")):
        report = json.loads(path.read_bytes())
        report["url"] = f"https://video.example/{path.stem}"
        reports.append(json.dumps(report))
    single, many = tmp_path / "one.json", tmp_path / "many.ndjson"
    single.write_text(json.dumps(json.loads(reports[0]), indent=2))
    many.write_text("\n".join(reports) + "\n")
    assert counts(answer(run(single, "--json"))) == (1, 1, 0, 0)
    assert counts(answer(run(many, "--json"))) == (len(reports), len(reports) - 1, 1, 0)


def test_a_corrected_table_of_lines_is_taken_as_those_lines(
    desk: Desk, run: Callable[..., Result], tmp_path: Path
) -> None:
    good, report = lines("A").decode().strip(), {"xarf_version": "4", "report_id": "X", "description": "Why"}
    report["url"] = "https://video.example/x"
    rows = [["content", "row", "error"], [good, "3", "Why"], [json.dumps(report), "7", ""], ["{bad", "9", ""]]
    file, book = tmp_path / "to-correct.csv", tmp_path / "to-correct.xlsx"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    make_workbook(book, rows)
    first = answer(run(file, "--json"))
    assert counts(first) == (3, 2, 0, 1)
    assert [one["line"] for one in first["refusals"]] == [4]
    assert counts(answer(run(book, "--json"))) == (3, 0, 2, 1)
    assert set(desk.session.scalars(sa.select(Referral.reference))) == {"A", "X"}


@pytest.mark.parametrize("name", ["reports.ndjson", "report.json"])
def test_a_refused_report_is_told_in_its_own_names(
    run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    report = {"xarf_version": "4", "description": "Why", "url": "https://video.example/x"}
    file = tmp_path / name
    file.write_text(json.dumps(report))
    assert "Line 1 was refused: /report_id Give this member" in run(file).output


def test_a_broken_line_is_named_by_its_number_in_the_file(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "action.ndjson"
    file.write_bytes(lines("A") + b"\n{bad json\n")
    assert "Line 3 was refused: Line 3, column 2: this is not JSON" in run(file).output


def test_people_read_counts_and_why_a_line_was_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "action.csv"
    file.write_text("reference,reason,url\nA,Why,https://video.example/a\nB,Why,https://elsewhere.example/\n")
    result = run(file)
    assert result.exit_code == 0
    assert "action.csv" in result.output
    assert "2 lines: 1 received, 0 repeated, 1 refused (batch B-" in result.output
    assert "Line 3 (B) was refused: /items" in result.output


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("action.xlsx", b"PK", "no XLSX workbook"),
        ("action", b"{}", "The name must end in one of: .csv"),
        ("action.csv.gz", gzip.compress(CSV.encode()), "The name must end in one of: .csv"),
        ("action.csv", b"", "these are missing: reason, url"),
        ("action.csv", b"reference,reason,url\n", "no line"),
        ("action.csv", b"reference,reason,url,colour\n", "These columns are not known: colour"),
        (
            "action.csv",
            b'reference,reason,url\nA,"never ends,https://video.example/a\n',
            "nothing was stored",
        ),
        ("action.ndjson", b"\n\n", "no line"),
        ("action.ndjson.gz", b"plain", "The gzip stream is damaged; nothing was stored"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_remedy(
    desk: Desk, run: Callable[..., Result], tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    result = run(file)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Referral)) == 0


def test_an_unknown_sender_or_missing_file_is_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "action.ndjson"
    file.write_bytes(lines("A"))
    assert "There is no such sender" in run(file, sender="S-0000-0000-0000").output
    assert run(tmp_path / "missing.ndjson").exit_code == 2
