"""Many referrals by file in a real browser, with script and without: few clicks, nothing twice."""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desk_of_pages import HOSTILE, TYPED
from tests.journeys.server import Program, running, until
from tests.journeys.visitor import Visitor
from tests.workbooks import workbook

pytestmark = pytest.mark.browser
ROWS, BAD = 1_000, 60
WAIT = 60_000
HEADER = ["reference", "reason", "url", "category"]


def action() -> tuple[list[list[str]], dict[int, str]]:
    """A table of 1 000 rows with 60 bad ones, and the column to blame by the row number of a spreadsheet."""
    rows = [HEADER]
    wrong = sorted(random.Random(20).sample(range(2, ROWS + 2), BAD))
    blamed: dict[int, str] = {}
    for number in range(2, ROWS + 2):
        row = [f"HW-{number}", f"Why {number}", f"https://video.example/{number}", ""]
        if number in wrong:
            place, text = (
                (2, ""),
                (2, "https://elsewhere.example/"),
                (3, "STATEMENT_CATEGORY_FRAUD"),
                (1, TYPED * 40),
            )[number % 4]
            row[place] = text
            blamed[number] = HEADER[place]
        rows.append(row)
    return rows, blamed


def as_csv(rows: list[list[str]], *, delimiter: str = ",") -> str:
    """The table as text."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue()


TABLE, BLAMED = action()
FILES = {
    "utf-8.csv": as_csv(TABLE).encode(),
    "mark.csv": b"\xef\xbb\xbf" + as_csv(TABLE, delimiter=";").encode(),
    "utf-16.tsv": as_csv(TABLE, delimiter="\t").encode("utf-16"),
    "book.xlsx": workbook(TABLE),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with its loops, and one officer for each file."""
    folder = tmp_path_factory.mktemp("files")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example")
    with running(desk):
        for name, content in FILES.items():
            (folder / name).write_bytes(content)
            sender = desk.command("senders", "create", f"Unit of {name}", "--kind", "iru")["id"]
            desk.add_account(f"{name}@unit.example", "sender", "--sender", sender)
        yield desk


class Clicks:
    """Counts what a person does to get a file through."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def button(self, name: str) -> None:
        """Press a button."""
        self.count += 1
        self.page.get_by_role("button", name=name).click()

    def choose(self, path: Path) -> None:
        """Choose a file."""
        self.count += 1
        self.page.set_input_files("input[type=file]", path)


def _found(page: Page, words: str) -> None:
    expect(page.locator("main")).to_contain_text(words, timeout=WAIT)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("name", FILES)
def test_a_thousand_rows_with_sixty_bad_ones(
    program: Program, chromium: Browser, name: str, *, script: bool
) -> None:
    """The second visit brings the same file again, which adds nothing."""
    visitor = Visitor(chromium, program.address, script=script)
    visitor.sign_in(f"{name}@unit.example")
    page = visitor.page
    visitor.open("/sender/batches/new")
    clicks = Clicks(page)
    clicks.choose(program.folder / name)
    clicks.button("Upload")
    _found(page, "1000 rows")
    first = "already sent by you" not in page.locator("main").inner_text() or "940 ready" in page.inner_text(
        "main"
    )
    if first:
        _found(page, f"940 ready · {BAD} need fixing · 0 already sent by you")
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download the {BAD} as CSV with an error column").click()
            clicks.count += 1
        _check_returned(download.value.path())
        clicks.button("Send the 940 ready rows")
        _found(page, "It is sent")
        _found(page, "940 rows received, 0 were there before, 0 refused")
    else:
        _found(page, f"0 ready · {BAD} need fixing · 940 already sent by you")
        assert page.get_by_role("button", name="Send the").count() == 0
    assert clicks.count <= 4
    assert _taken(program, name) == 940
    assert visitor.drawn_raw() == []
    assert visitor.troubles == []
    if script:
        assert visitor.flaws() == []
        visitor.picture(f"file-sent-{name}" if first else f"file-again-{name}")
    visitor.close()


def _check_returned(path: Path) -> None:
    """Each bad row with its number in the spreadsheet, its own cells, and the reason."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        headings, *rows = csv.reader(file)
    assert headings == [*HEADER, "row", "error"]
    assert [int(row[4]) for row in rows] == sorted(BLAMED)
    for row in rows:
        assert row[0] == f"HW-{row[4]}"
        assert BLAMED[int(row[4])] in row[5]


def _taken(program: Program, name: str) -> int:
    engine = sa.create_engine(program.environment["REVIEW_DATABASE_URL"])
    counted = sa.text(
        "SELECT count(*) FROM referrals JOIN senders ON senders.id = sender_id WHERE senders.name = :name"
    )
    with engine.connect() as reader:
        found = int(reader.execute(counted, {"name": f"Unit of {name}"}).scalar_one())
    engine.dispose()
    return found


def test_every_page_of_a_file_is_clean(program: Program, chromium: Browser) -> None:
    """Also with hostile words in its name, its headings and its cells."""
    visitor = Visitor(chromium, program.address)
    visitor.sign_in("utf-8.csv@unit.example")
    page = visitor.page
    odd = program.folder / "odd.csv"
    odd.write_text(as_csv([["Ref", HOSTILE, "Link"], ["A", HOSTILE, HOSTILE]]), encoding="utf-8")
    visitor.open("/sender/batches/new")
    assert visitor.flaws() == []
    visitor.picture("file-new")
    page.get_by_role("button", name="Upload").click()
    _found(page, "Choose a file.")
    assert visitor.flaws() == []
    page.set_input_files(
        "input[type=file]",
        {"name": f"{HOSTILE[:40]}.csv", "mimeType": "text/csv", "buffer": odd.read_bytes()},
    )
    page.get_by_role("button", name="Upload").click()
    _found(page, "What do the columns mean?")
    assert visitor.flaws() == []
    assert visitor.drawn_raw() == []
    visitor.picture("file-columns")
    page.locator("select[name=column-1]").select_option("reason")
    page.get_by_role("button", name="Check the rows").click()
    _found(page, "1 row · 0 ready · 1 need fixing")
    assert visitor.flaws() == []
    assert visitor.drawn_raw() == []
    visitor.picture("file-checked")
    address = page.url
    visitor.open("/sender/batches")
    assert visitor.flaws() == []
    visitor.picture("files")
    visitor.open(address.removeprefix(program.address))
    page.get_by_role("button", name="Replace file").click()
    _found(page, "Choose the file")
    assert visitor.troubles_besides(422) == []
    visitor.close()


def test_sending_goes_on_after_everything_was_killed(tmp_path: Path, chromium: Browser) -> None:
    """The page may be closed and the machine may fall over: nothing is lost and nothing comes twice."""
    desk = Program(tmp_path, f"sqlite:///{tmp_path / 'review.db'}", hosts="video.example")
    rows = [
        HEADER,
        *([f"K-{number}", "Why", f"https://video.example/{number}", ""] for number in range(12_000)),
    ]
    file = tmp_path / "many.csv"
    file.write_text(as_csv(rows))
    with running(desk):
        sender = desk.command("senders", "create", "Unit", "--kind", "iru")["id"]
        desk.add_account("officer@unit.example", "sender", "--sender", sender)
        visitor = Visitor(chromium, desk.address)
        visitor.sign_in("officer@unit.example")
        page = visitor.page
        visitor.open("/sender/batches/new")
        page.set_input_files("input[type=file]", file)
        page.get_by_role("button", name="Upload").click()
        _found(page, "12000 ready")
        page.get_by_role("button", name="Send the 12000 ready rows").click()
        address = page.url.removeprefix(desk.address)
        until(lambda: 0 < _lines(desk) < 12_000)
        desk.kill()
        assert _lines(desk) < 12_000
        desk.start()
        visitor.open(address)
        _found(page, "12000 rows received, 0 were there before, 0 refused")
        assert _lines(desk) == 12_000
        visitor.close()


def _lines(desk: Program) -> int:
    engine = sa.create_engine(desk.environment["REVIEW_DATABASE_URL"])
    with engine.connect() as reader:
        found = int(reader.execute(sa.text("SELECT count(*) FROM referrals")).scalar_one())
    engine.dispose()
    return found
