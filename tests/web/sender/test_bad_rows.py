"""Rows that need fixing: shown as the file has them, given out as a table, corrected and taken again."""

import csv
import html
import io
import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from review.models import BatchLine, Referral
from tests.conftest import Desk
from tests.files import Officer, work
from tests.workbooks import workbook

REPORT = {
    "xarf_version": "4.2.0",
    "report_id": "8f3c1c1e-0f5a-4f0e-9d5e-6a1d6b1f2a77",
    "timestamp": "2024-01-15T14:30:25Z",
    "reporter": {"org": "Unit", "contact": "desk@unit.example", "domain": "unit.example"},
    "category": "content",
    "type": "fraud",
    "description": "Why",
    "url": "https://video.example/x",
}


@pytest.fixture
def officer(desk: Desk) -> Officer:
    """A person of a sender."""
    return Officer(desk)


def line(reference: str, url: str = "https://video.example/1", **members: object) -> str:
    return json.dumps({"reference": reference, "reason": "Why", "items": [{"url": url}]} | members)


def report(**members: object) -> str:
    found = REPORT | members
    return json.dumps({name: value for name, value in found.items() if value is not None})


def checked(desk: Desk, officer: Officer, content: bytes, name: str) -> str:
    page = officer.upload(content, name=name)
    work(desk.app)
    return page


def table_to_correct(officer: Officer, page: str) -> list[list[str]]:
    text = officer.get(f"{page}/corrections.csv").data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def as_csv(rows: list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows(rows)
    return written.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize(("kind", "write"), [("a.csv", as_csv), ("a.xlsx", workbook)])
def test_bad_lines_are_corrected_in_their_table_and_taken(
    desk: Desk, officer: Officer, kind: str, write: Callable[[list[list[str]]], bytes]
) -> None:
    lines = [
        line("N1"),
        line("N2", "https://elsewhere.example/2"),
        "{bad json",
        line("N4", items=[]),
        report(url="https://elsewhere.example/5"),
        "=1+1",
    ]
    page = checked(desk, officer, "\r\n".join(lines).encode(), "action.ndjson")
    assert "6 rows · 1 ready · 5 need fixing" in officer.said(page)
    officer.post(f"{page}/send")
    work(desk.app)
    header, *rows = table_to_correct(officer, page)
    assert header == ["content", "row", "error"]
    assert [(row[0], row[1]) for row in rows] == [
        (text, str(number)) for number, text in enumerate([*lines[:5], "'=1+1"], start=1) if number > 1
    ]
    rows[0][0] = rows[0][0].replace("elsewhere", "video")
    rows[2][0] = line("N4", "https://video.example/4")
    rows[3][0] = rows[3][0].replace("elsewhere", "video")
    again = checked(desk, officer, write([header, *rows]), kind)
    assert "5 rows · 3 ready · 2 need fixing" in officer.said(again)
    header, *left = table_to_correct(officer, again)
    assert [row[:2] for row in left] == [["{bad json", "3"], ["'=1+1", "6"]]
    left[0][0], left[1][0] = line("N3"), line("N6")
    last = checked(desk, officer, write([header, *left]), kind)
    assert "2 rows · 2 ready · 0 need fixing" in officer.said(last)
    for each in (again, last):
        officer.post(f"{each}/send")
        work(desk.app)
    stored = set(desk.session.scalars(sa.select(Referral.reference)))
    assert stored == {"N1", "N2", "N3", "N4", "N6", str(REPORT["report_id"])}
    assert sorted(desk.session.scalars(sa.select(BatchLine.line))) == [1, 2, 2, 3, 4, 5]


def test_a_bad_report_is_corrected_in_its_table_and_taken(desk: Desk, officer: Officer) -> None:
    content = json.dumps(json.loads(report(timestamp="yesterday")), indent=2)
    page = checked(desk, officer, content.encode(), "report.json")
    assert "1 row · 0 ready · 1 need fixing" in officer.said(page)
    assert "Each line stands in the column content." in officer.said(page)
    header, (text, number, error) = table_to_correct(officer, page)
    assert (text, number) == (content, "1")
    assert error
    mended = [header, [text.replace("yesterday", "2024-01-15T14:30:25Z"), number, error]]
    again = checked(desk, officer, as_csv(mended), "report-to-correct.csv")
    assert "1 row · 1 ready · 0 need fixing" in officer.said(again)


def test_a_table_of_more_than_lines_is_asked_for_its_columns(desk: Desk, officer: Officer) -> None:
    rows = [["content", "address", "row", "error"], [line("N1"), "x", "2", ""]]
    assert "What do the columns mean?" in officer.said(checked(desk, officer, as_csv(rows), "a.csv"))


def rows_shown(officer: Officer, page: str) -> dict[str, str]:
    """The words of each bad row on its page, by its number."""
    rows = re.findall(r"<tr[^>]*>\s*(<th.*?)</tr>", officer.get(page).text, re.DOTALL)
    said = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]
    return {row.split()[0]: row.partition(" ")[2] for row in said if row.split()[0].isdigit()}


def test_a_bad_line_is_shown_with_its_values_and_names(desk: Desk, officer: Officer) -> None:
    lines = [
        line("N1", "https://elsewhere.example/2", reason="Praise of https://bad.example/x"),
        line("N2", detected_at="yesterday", colour=1),
        json.dumps(
            {"reference": "N3", "items": [{"url": "ftp://a.example/1"}, {"url": 7}, {"url": "x" * 300}]}
        ),
        line("N4", items=[]),
        "",
        "{bad json",
    ]
    page = checked(desk, officer, "\n".join(lines).encode(), "action.ndjson")
    shown = rows_shown(officer, page)
    assert list(shown) == ["1", "2", "3", "4", "6"]
    assert "N1" in shown["1"]
    assert "Praise of hxxps://bad[.]example/x" in shown["1"]
    assert "hxxps://elsewhere[.]example/2 items[0].url: Give a location on a host" in shown["1"]
    assert "(empty)" not in shown["1"].replace("(empty)", "", 1)  # it says nothing of when it was found
    assert "yesterday detected_at: Write a time" in shown["2"]
    assert "colour: This member is not known" in shown["2"]
    assert "(empty) reason: Give this member; it is required." in shown["3"]
    assert "7 items[1].url: Write a string." in shown["3"]
    assert "N4" in shown["4"]
    assert "items: Give at least one." in shown["4"]
    assert "{bad json Line 6, column 2: this is not JSON" in shown["6"]
    assert "(empty)" not in shown["6"]
    errors = {row[1]: row[2] for row in table_to_correct(officer, page)[1:]}
    assert errors["1"].startswith("items[0].url: Give a location")
    assert errors["6"].startswith("Line 6, column 2: ")


def test_a_bad_report_is_told_in_its_own_names(desk: Desk, officer: Officer) -> None:
    mail = {"org": "Unit", "contact": "nobody", "domain": "unit.example"}
    proof = [{"content_type": "?", "payload": "AAAA", "size": 3}]
    lines = [
        report(timestamp="yesterday"),
        report(report_id=None),
        report(reporter=mail),
        report(url=None, infringing_url="https://elsewhere.example/"),
        report(evidence=proof),
        report(xarf_version="3"),
    ]
    page = checked(desk, officer, "\n".join(lines).encode(), "reports.ndjson")
    shown = rows_shown(officer, page)
    for number, told in {
        "1": "yesterday timestamp: Write a time",
        "2": "(empty) report_id: Give this member",
        "3": "nobody reporter.contact: Write one e-mail address",
        "4": "hxxps://elsewhere[.]example/ infringing_url: Give a location",
        "5": "evidence[0].content_type: Write a media type",
        "6": "xarf_version: Send X-ARF reports of version 4.",
    }.items():
        assert told in shown[number], shown[number]
    errors = [row[2].partition(": ")[0] for row in table_to_correct(officer, page)[1:]]
    assert errors == [
        "timestamp",
        "report_id",
        "reporter.contact",
        "infringing_url",
        "evidence[0].content_type",
        "xarf_version",
    ]


def test_errors_of_a_table_are_told_behind_its_own_headings(desk: Desk, officer: Officer) -> None:
    page = officer.upload(b"Why,Link\nPraise,https://elsewhere.example/\n", name="a.csv")
    work(desk.app)
    officer.post(f"{page}/columns", **{"column-0": "reason", "column-1": "url"})
    work(desk.app)
    (_header, row) = table_to_correct(officer, page)
    assert row[3].startswith("Link: Give a location")
