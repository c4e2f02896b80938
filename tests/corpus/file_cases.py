"""Odd files: tables, lines, archives, reports, names; what is refused, which rows are stored exactly."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.test_workbooks import BOMBS
from tests.workbooks import workbook

HEADER = "reference,reason,url\n"
READY = "ready"


@dataclass(frozen=True)
class FileCase:
    """A file and what becomes of it.

    ``said``: words of the form that refuses it; ``problem``: words of the reason why it cannot be read; in
    both cases nothing is stored. ``asks``: its columns are asked for. ``rows``: row number -> ready, or the
    code of its first error. ``stored``: reference -> reason, exactly as they must be stored.
    """

    name: str
    content: bytes
    file_name: str = "a.csv"
    said: str = ""
    problem: str = ""
    asks: bool = False
    rows: Mapping[int, str] = field(default_factory=dict)
    stored: Mapping[str, str] = field(default_factory=dict)


def _row(number: int, *, reference: str = "", reason: str = "Why", url: str = "") -> str:
    return f"{reference or f'R{number}'},{reason},{url or f'https://video.example/{number}'}\n"


def _table(
    name: str, *rows: str, header: str = HEADER, encoding: str = "utf-8", **expected: object
) -> FileCase:
    return FileCase(name, "".join((header, *rows)).encode(encoding), **expected)  # type: ignore[arg-type]


def _spellings() -> Iterator[FileCase]:
    one = {2: READY}
    whole = HEADER + _row(2)
    for name, content in {
        "utf-8": whole.encode(),
        "utf-8 with mark": b"\xef\xbb\xbf" + whole.encode(),
        "utf-16 little": whole.encode("utf-16"),
        "utf-16 big": b"\xfe\xff" + whole.encode("utf-16-be"),
        "semicolons": whole.replace(",", ";").encode(),
        "tabs": whole.replace(",", "\t").encode(),
        "cr alone": whole.replace("\n", "\r").encode(),
        "no last line end": whole.rstrip().encode(),
        "all in quotes": "\n".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) for line in whole.split("\n")[:2]
        ).encode(),
        "separator line": b"sep=;\r\n" + whole.replace(",", ";").encode(),
        "columns in another order": b"url,reference,reason\nhttps://video.example/2,R2,Why\n",
        "heading in capitals": whole.replace("url", " URL ").encode(),
        "blank columns behind": b"reference,reason,url,,\nR2,Why,https://video.example/2,,\n",
    }.items():
        yield FileCase(name, content, rows=one, stored={"R2": "Why"})
    yield _table(
        "mixed line ends",
        _row(2).replace("\n", "\r\n"),
        _row(3).replace("\n", "\r"),
        "\n\n",
        _row(5),
        rows={2: READY, 3: READY, 5: READY},
    )
    yield _table(
        "quotes in quotes",
        _row(2, reason='"He said ""no"", twice"'),
        rows=one,
        stored={"R2": 'He said "no", twice'},
    )
    yield _table(
        "lines in a cell",
        _row(2, reason='"a\nb\r\nc"'),
        _row(3),
        rows={2: READY, 3: READY},
        stored={"R2": "a\nb\r\nc"},
    )
    yield _table(
        "letters of other alphabets",
        _row(2, reason="نص عن الطقس 🌦"),
        encoding="utf-16",
        rows=one,
        stored={"R2": "نص عن الطقس 🌦"},
    )
    yield _table("formula as text", _row(2, reason="=HYPERLINK(1)"), rows=one, stored={"R2": "=HYPERLINK(1)"})
    yield _table(
        "markup as text",
        _row(2, reason="<script>alert(1)</script>"),
        rows=one,
        stored={"R2": "<script>alert(1)</script>"},
    )


def _rows() -> Iterator[FileCase]:
    yield _table("no address", "R2,Why,\n", _row(3), rows={2: "url_empty", 3: READY})
    yield _table("other host", _row(2, url="https://elsewhere.example/"), rows={2: "not_our_host"})
    yield _table("host like ours", _row(2, url="https://vide\u043e.example/"), rows={2: "not_our_host"})
    yield _table("scheme", _row(2, url="ftp://video.example/"), rows={2: "url_scheme"})
    yield _table("no reason", _row(2, reason=" "), rows={2: "missing"})
    yield _table("defanged", _row(2, url="hxxps://video[.]example/2"), rows={2: READY})
    yield _table("reference too long", _row(2, reference="r" * 201), rows={2: "too_long"})
    yield _table("reason too long", _row(2, reason="r" * 10_001), rows={2: "too_long"})
    yield _table("reason at its limit", _row(2, reason="r" * 10_000), rows={2: READY})
    yield _table(
        "more cells than headings", _row(2).rstrip() + ",x\n", _row(3), rows={2: "unknown_member", 3: READY}
    )
    yield _table("fewer cells", "R2,Why\n", rows={2: "url_empty"})
    yield _table("letters that are none", _row(2), rows={2: READY})
    yield FileCase(
        "windows letters",
        (HEADER + _row(2, reason="caf\xe9") + _row(3)).encode("latin-1"),
        problem="The file is not UTF-8 or UTF-16",
    )
    yield FileCase(
        "one damaged letter",
        HEADER.encode() + _row(2, reason="caf\xe9").encode("latin-1") + _row(3, reason="caf\xe9").encode(),
        rows={2: "not_text", 3: READY},
    )
    yield _table("nul in a cell", _row(2, reason="a\0b"), _row(3), rows={2: "not_text", 3: READY})
    yield _table("control letter in a reference", _row(2, reference='"a\tb"'), rows={2: "control_character"})
    yield _table(
        "same address twice",
        _row(2, reference="A", url="https://video.example/a"),
        _row(3, reference="A", url="https://video.example/a"),
        rows={2: READY, 3: "repeated_location"},
    )
    yield _table(
        "reasons that differ",
        _row(2, reference="A"),
        _row(3, reference="A", reason="Else"),
        rows={2: READY, 3: "row_differs"},
    )
    yield _table(
        "not adjacent",
        _row(2, reference="A"),
        _row(3),
        _row(4, reference="A"),
        rows={2: READY, 3: READY, 4: READY},
    )
    yield _table(
        "equal rows without reference",
        *[",Why,https://video.example/e\n"] * 2,
        rows={2: READY, 3: "repeated_location"},
    )
    yield _table(
        "too many of one reference",
        *[_row(number, reference="A") for number in range(2, 1003)],
        rows=dict.fromkeys(range(2, 1003), "too_many"),
    )


def _members() -> Iterator[FileCase]:
    more = "reference,reason,url,intake_kind,good_faith,category,detected_at\n"
    for name, cells, code in (
        ("removal order", "removal_order,,,", "kind_not_enabled"),
        ("kind that is none", "order,,,", "not_in_list"),
        ("faith that is none", ",maybe,,", "wrong_type"),
        ("category nearly", ",,STATEMENT_CATEGORY_RISK,", "not_in_list"),
        ("date of this country", ",,,21.11.2019", "not_a_time"),
        ("day that is none", ",,,2019-02-30", "not_a_time"),
        ("date alone", ",,,2019-11-21", READY),
    ):
        yield _table(name, _row(2).rstrip() + f",{cells}\n", header=more, rows={2: code})


def _tables() -> Iterator[FileCase]:
    yield FileCase("no byte", b"", said="The file is empty.")
    yield FileCase("line ends only", b"\n" * 100, problem="must name the columns")
    yield FileCase("mark only", b"\xef\xbb\xbf", problem="must name the columns")
    yield _table("headings only", problem="no row below")
    yield _table("million columns", header="a," * 1_000_000 + "\n", problem="longer than 1 MiB")
    yield _table("300 columns", header="a," * 300 + "\n", problem="more than 200 columns")
    yield _table(
        "million cells in a row",
        _row(2).rstrip() + "," * 1_000_000 + "x\n",
        _row(3),
        rows={2: "unknown_member", 3: READY},
    )
    yield _table("row that is too long", "x" * 1_100_000 + "\n", problem="Row 2 is longer than 1 MiB")
    yield _table("quote without end", _row(2), '"a,b,c\n', problem="Row 3 has a quoted cell")
    yield _table("letters behind a quote", '"a"b,c,d\n', problem="Row 2 has a quoted cell")
    yield _table("heading twice", header="reason,url,url\n", asks=True)
    yield _table("unknown heading", _row(2), header="reference,why,url\n", asks=True)
    yield _table("no needed heading", _row(2), header="a,b,c\n", asks=True)
    yield _table("headings that hide", _row(2), header="reference,rea\u202eson,url\n", asks=True)
    yield _table("utf-16 without mark", _row(2), encoding="utf-16-le", problem="without a mark")
    yield _table("utf-32", _row(2), encoding="utf-32", problem="UTF-32")
    yield FileCase("half a letter", (HEADER + "R").encode("utf-16") + b"a", problem="middle of a letter")
    yield FileCase("workbook called csv", workbook([["reason", "url"]]), problem="a workbook or an archive")
    yield FileCase(
        "picture called csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), problem="not UTF-8"
    )


def _lines() -> Iterator[FileCase]:
    line = json.dumps(
        {"reference": "R1", "reason": "Why", "items": [{"url": "https://video.example/1"}]}
    ).encode()
    ready = {1: READY}
    for name, content, file_name in (
        ("line", line, "a.ndjson"),
        ("line in capitals", line, "A.JSONL"),
        ("packed", gzip.compress(line), "a.ndjson.gz"),
        ("document", json.dumps(json.loads(line), indent=4).encode(), "a.json"),
    ):
        yield FileCase(name, content, file_name, rows=ready, stored={"R1": "Why"})
    yield FileCase(
        "two lines called a document",
        line + b"\n" + line.replace(b"R1", b"R2"),
        "a.json",
        rows={1: READY, 2: READY},
    )
    yield FileCase(
        "line that is too long",
        line + b"\n" + b"x" * 1_100_000,
        "a.ndjson",
        rows={1: READY, 2: "line_too_long"},
    )
    yield FileCase("deep", b"[" * 100_000, "a.ndjson", rows={1: "not_strict_json"})
    yield FileCase(
        "packed bomb", gzip.compress(b"x" * (40 * 1024 * 1024)), "a.ndjson.gz", rows={1: "line_too_long"}
    )
    yield FileCase(
        "packed bomb of lines",
        gzip.compress(b"{}\n" * 100_001),
        "a.ndjson.gz",
        problem="more than 100000 rows",
    )
    yield FileCase("not packed", line, "a.ndjson.gz", problem="gzip stream is damaged")
    yield FileCase(
        "packed and cut", gzip.compress(line)[:-9], "a.ndjson.gz", problem="gzip stream ends early"
    )
    yield FileCase("packed otherwise", zlib.compress(line), "a.ndjson.gz", problem="gzip stream is damaged")
    report = {
        "xarf_version": "4.2.0", "report_id": "X1", "timestamp": "2025-01-11T15:15:24Z", "type": "phishing",
        "reporter": {"org": "Unit", "contact": "desk@unit.example"}, "category": "content",
        "url": "https://video.example/x", "evidence": [{"content_type": "text/plain", "payload": "YQ=="}],
    }  # fmt: skip
    for name, change, code in (
        ("report", {}, READY),
        ("report of version 3", {"xarf_version": "3"}, "not_in_list"),
        ("report of a number", {"xarf_version": 4}, "not_in_list"),
        ("report without address", {"url": None, "source_identifier": "203.0.113.1"}, "url_empty"),
        (
            "report with a broken payload",
            {"evidence": [{"content_type": "a/b", "payload": "?"}]},
            "evidence_not_canonical",
        ),
        ("report whose evidence is none", {"evidence": ["x"]}, "wrong_type"),
        ("report of others", {"url": "https://elsewhere.example/"}, "not_our_host"),
    ):
        yield FileCase(name, json.dumps(report | change).encode(), "a.json", rows={1: code})


def _names() -> Iterator[FileCase]:
    content = (HEADER + _row(2)).encode()
    for name in (
        "../../../etc/passwd.csv", "..\\..\\windows\\a.csv", "/etc/cron.d/a.csv", "C:\\a.csv",
        "a\u202egnp.csv",
        "<script>alert(1)<\u2215script>.csv", "a" * 400 + ".csv", "=cmd|' /C calc'!A0.csv", ".csv", "con.csv",
        "a.csv.xlsx.csv", "نص.csv", "a\u200b.CSV", "a;b\t.csv", "%2e%2e%2fa.csv",
    ):  # fmt: skip
        yield FileCase(f"name {name[:30]!r}", content, name, rows={2: READY})
    for name in ("a.exe", "a.csv.zip", "a", "csv", "a.xls", "a.csv\u202e", "a.xlsm"):
        yield FileCase(f"name {name!r}", content, name, said="The name must end in one of")


def _workbooks() -> Iterator[FileCase]:
    for name, (content, said) in BOMBS.items():
        if content:
            yield FileCase(f"workbook: {name}", content, "a.xlsx", problem=said)
    table: list[list[Any]] = [
        ["reference", "reason", "url"],
        ["R2", "Why", "https://video.example/2"],
        [],
        [4, 1.5, "https://video.example/4"],
    ]
    yield FileCase("workbook", workbook(table), "a.xlsx", rows={2: READY, 4: READY}, stored={"4": "1.5"})
    yield FileCase("workbook of nothing", workbook([]), "a.xlsx", problem="must name the columns")
    yield FileCase(
        "workbook with a formula",
        workbook([*table, ["R5", "=A1", "https://video.example/5"]]),
        "a.xlsx",
        rows={2: READY, 4: READY, 5: "formula_without_value"},
    )
    yield FileCase("csv called workbook", HEADER.encode(), "a.xlsx", problem="no XLSX workbook")


CASES = (*_spellings(), *_rows(), *_members(), *_tables(), *_lines(), *_names(), *_workbooks())
