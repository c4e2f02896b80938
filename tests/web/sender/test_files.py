"""Many referrals by file on the pages: brought, checked, sent and followed; own ones alone."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from review import clock
from review.formats.key_files import read_vkey
from review.formats.receipts import check_receipt
from review.models import BatchLine, Referral
from review.models.file_store import folder_of, kept_files
from review.workers import receiving
from tests.conftest import Desk
from tests.factories import make_sender
from tests.files import PAGES, Officer, good_rows, table, work
from tests.trails import settle
from tests.workbooks import workbook

GOES_ON = 'data-going-on="2"'


@pytest.fixture
def officer(desk: Desk) -> Officer:
    """A person of a sender."""
    return Officer(desk)


def _referrals(desk: Desk) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(Referral)) or 0


def test_a_file_is_checked_and_its_good_rows_are_sent(desk: Desk, officer: Officer) -> None:
    bad = [
        ",Why,",
        "=cmd,Why,https://elsewhere.example/",
        "F-3,,https://video.example/new",
        "F-9,Why,https://video.example/9",
    ]
    page = officer.upload(table(*good_rows(4), *bad))
    answer = officer.get(page)
    assert GOES_ON in answer.text
    assert "<progress" in answer.text
    work(desk.app)
    text = officer.said(page)
    assert "8 rows · 6 ready · 2 need fixing · 0 already sent by you" in text
    assert "Send the 6 ready rows" in text
    assert _referrals(desk) == 0
    assert officer.post(f"{page}/send").status_code == 303
    assert "0 of 6 sent" in officer.said(page)
    work(desk.app)
    answer = officer.get(page)
    assert GOES_ON not in answer.text
    assert "6 rows received, 0 were there before, 0 refused" in officer.said(page)
    assert _referrals(desk) == 5
    results = officer.get(f"{page}/results").text
    assert results.count("/receipt") == 6
    lines = sorted(desk.session.scalars(sa.select(BatchLine.line)))
    assert lines == [2, 3, 4, 5, 8, 9]
    assert officer.get(f"{page}/receipt").location == page
    assert "The receipt is not ready yet" in officer.get(page).text
    settle(desk.settings.data_dir)
    receipt = officer.get(f"{page}/receipt")
    proven = check_receipt(receipt.data, read_vkey(desk.settings.data_dir))
    assert receipt.headers["Content-Disposition"] == f'attachment; filename="{proven.object_id}-receipt.txt"'
    assert (proven.event_type, proven.meta["received"]) == ("batch.completed", 6)
    corrected = officer.get(f"{page}/corrections.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(corrected)))
    assert rows[0] == ["reference", "reason", "url", "row", "error"]
    assert [(row[0], row[3]) for row in rows[1:]] == [("", "6"), ("'=cmd", "7")]
    assert all(row[4] for row in rows[1:])


def test_each_wrong_cell_of_one_referral_has_its_error(desk: Desk, officer: Officer) -> None:
    bad = [
        "R,Why,NONE,https://elsewhere.example/",
        "R,,NONE,ftp://video.example/",
        "R,,,https://video.example/",
    ]
    page = officer.upload(table(*bad, header="reference,reason,category,url"))
    work(desk.app)
    said = officer.said(page)
    assert "3 need fixing" in said
    assert said.count("Use a name from the published list.") == 2
    assert said.count("Give a location on a host of this provider") == 1
    assert said.count("Give a URL that starts with https:// or http://.") == 1
    rows = list(csv.DictReader(io.StringIO(officer.get(f"{page}/corrections.csv").text)))
    told = [re.findall(r"(category|url):", row["error"]) for row in rows]
    assert [sorted(found) for found in told] == [["category", "url"], ["category", "url"], []]


def test_the_same_file_again_adds_nothing(desk: Desk, officer: Officer) -> None:
    content = table(*good_rows(3), ",Why,https://video.example/x")
    for expected in ("4 ready · 0 need fixing · 0 already", "0 ready · 0 need fixing · 4 already"):
        page = officer.upload(content)
        work(desk.app)
        assert expected in officer.said(page)
        officer.post(f"{page}/send")
        work(desk.app)
        assert _referrals(desk) == 4
    assert "You have sent all of it before" in officer.said(page)


def test_the_same_file_again_leads_to_the_earlier_one(desk: Desk, officer: Officer) -> None:
    content = table(*good_rows(2), "B,Why,https://elsewhere.example/")
    first = officer.upload(content, name="first.csv")
    work(desk.app)
    officer.post(f"{first}/send")
    work(desk.app)
    again = officer.upload(content, name="again.csv")
    work(desk.app)
    said = officer.said(again)
    assert "0 ready · 1 need fixing · 2 already sent by you" in said
    assert "You have sent all rows of it before but those that need fixing" in said
    assert "No row of this file can be sent" not in said
    assert "The same file was sent before: first.csv" in said
    assert f'href="{first}"' in officer.get(again).text
    other = Officer(desk, sender_id=make_sender())
    page = other.upload(content)
    work(desk.app)
    other.post(f"{page}/send")
    work(desk.app)
    page = other.upload(table(*good_rows(2)))
    work(desk.app)
    said = other.said(page)
    assert "You have sent all of it before" in said
    assert "The same file was sent before" not in said


def test_rows_to_correct_are_named_after_their_file(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table("B,Why,"), name="harbour-week-33.csv")
    work(desk.app)
    found = officer.get(f"{page}/corrections.csv").headers["Content-Disposition"]
    assert found == 'attachment; filename="harbour-week-33-to-correct.csv"'


def test_a_corrected_file_is_taken_under_the_reference_of_the_rest(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table("A,Why,https://video.example/1", "A,,https://elsewhere.example/2"))
    work(desk.app)
    officer.post(f"{page}/send")
    work(desk.app)
    corrected = officer.get(f"{page}/corrections.csv").data
    assert b"A (rest)" in corrected
    mended = corrected.replace(b"elsewhere.example", b"video.example").replace(
        b'"A (rest)","",', b'"A (rest)","Why",'
    )
    page = officer.upload(mended)
    work(desk.app)
    assert "1 row · 1 ready · 0 need fixing" in officer.said(page)


@pytest.mark.parametrize("reason", [
    "- threatens @mayor", "=1+1", "'= as it was", "''-", "'tis plain", "see; =1+1", "a;'=1", ";-",
])  # fmt: skip
def test_a_corrected_row_keeps_its_words(desk: Desk, officer: Officer, reason: str) -> None:
    page = officer.upload(table(f"A,{reason},https://elsewhere.example/2"))
    work(desk.app)
    corrected = officer.get(f"{page}/corrections.csv").data
    assert not re.search(rb'[;,]["; ]*[=+@-]', corrected)
    page = officer.upload(corrected.replace(b"elsewhere.example", b"video.example"))
    work(desk.app)
    officer.post(f"{page}/send")
    work(desk.app)
    assert desk.session.scalars(sa.select(Referral.reason)).all() == [reason]


def test_a_reference_with_other_content_is_named_before_anything_is_sent(
    desk: Desk, officer: Officer
) -> None:
    first = officer.upload(table("A,Why,https://video.example/1"))
    work(desk.app)
    officer.post(f"{first}/send")
    work(desk.app)
    page = officer.upload(table("A,Other,https://video.example/1"))
    work(desk.app)
    text = officer.said(page)
    assert "0 ready · 1 need fixing" in text
    assert "has this reference and other content" in text


def test_headings_that_leave_a_doubt_are_asked_for(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table("A,Why,https://video.example/1,x", header="Ref,Explanation,Link,Shoe size"))
    work(desk.app)
    text = officer.get(page).text
    assert '<option selected value="url">' in text
    chosen = {"column-0": "reference", "column-1": "reason", "column-2": "url", "column-3": "-"}
    answer = officer.post(f"{page}/columns", **(chosen | {"column-2": "-"}))
    assert answer.status_code == 422
    assert "These columns are needed and missing: url." in answer.text
    assert officer.post(f"{page}/columns", **(chosen | {"column-2": "reason"})).status_code == 422
    assert officer.post(f"{page}/columns", **chosen).status_code == 303
    work(desk.app)
    assert "1 row · 1 ready" in officer.said(page)
    assert officer.get(f"{page}/columns").status_code == 200


def test_what_was_found_is_void_while_a_file_is_checked_with_other_columns(
    desk: Desk, officer: Officer
) -> None:
    page = officer.upload(table("A,,https://video.example/1", "B,Why,https://video.example/2"))
    work(desk.app)
    assert "2 rows · 1 ready · 1 need fixing" in officer.said(page)
    one = {"column-0": "reference", "column-1": "reason", "column-2": "url"}
    other = {"column-0": "reason", "column-1": "-", "column-2": "url"}
    for chosen, found in ((one, "1 ready · 1 need fixing"), (other, "2 ready · 0 need fixing")):
        assert officer.post(f"{page}/columns", **chosen).status_code == 303
        said = officer.said(page)
        assert "It is being checked" in said
        assert "need fixing" not in said
        assert "Give this member" not in said
        assert officer.get(f"{page}/corrections.csv").status_code == 404
        work(desk.app)
        assert f"2 rows · {found}" in officer.said(page)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_columns_are_asked_for_with_cells_and_what_is_left_out(
    desk: Desk, officer: Officer, name: str
) -> None:
    rows = [["Our ref.", "URL", "Why", "Shoe size", "Empty", ""]]
    rows += [
        ["A", "https://video.example/1", "Praise", size, "", ""] for size in ("", "41", "42", "41", "43")
    ]
    rows += [["A", "https://video.example/2", "y" * 70, "44", "", ""]]
    content = (
        workbook(rows) if name == "a.xlsx" else table(*map(",".join, rows[1:]), header=",".join(rows[0]))
    )
    page = officer.upload(content, name=name)
    work(desk.app)
    said = officer.said(page)
    assert '<option selected value="reference">' in officer.get(page).text
    assert "These columns are left out Shoe size Empty" in said
    assert "No column is taken as your reference" not in said
    assert "In your file: 41 · 42 · 43" in said
    assert f"In your file: Praise · {'y' * 59}… " in said
    assert "hxxps://video[.]example/1" in said
    assert "https://video.example" not in said
    assert said.count("In your file:") == 4
    chosen = {"column-0": "-", "column-1": "url", "column-2": "-"}
    refused = officer.post(f"{page}/columns", **chosen).text
    assert "No column is taken as your reference" in refused
    assert "In your file: " in refused


def test_cells_that_hide_or_act_are_shown_as_text(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table("<b>x</b>,a\u202eb,c", header="A,B,C"))
    work(desk.app)
    text = officer.get(page).text
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "\u202e" not in text


@pytest.mark.parametrize("name", ["a.xlsx", "a.ndjson", "a.json"])
def test_every_kind_is_taken(desk: Desk, officer: Officer, name: str) -> None:
    line = b'{"reference": "A", "reason": "Why", "items": [{"url": "https://video.example/1"}]}'
    book = workbook([["reference", "reason", "url"], ["A", "Why", "https://video.example/1"]])
    page = officer.upload(book if name == "a.xlsx" else line, name=name)
    work(desk.app)
    assert "1 row · 1 ready" in officer.said(page)
    officer.post(f"{page}/send")
    work(desk.app)
    assert _referrals(desk) == 1


def test_bad_lines_without_columns_come_back_as_they_stand(desk: Desk, officer: Officer) -> None:
    page = officer.upload(b'{"reference": 5}\nnot json\n', name="a.ndjson")
    work(desk.app)
    assert "0 ready · 2 need fixing" in officer.said(page)
    rows = list(csv.reader(io.StringIO(officer.get(f"{page}/corrections.csv").text)))
    assert [row[:2] for row in rows[1:]] == [['{"reference": 5}', "1"], ["not json", "2"]]


def test_files_of_other_senders_are_missing(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table("A,Why,https://video.example/1", "B,Why,"))
    work(desk.app)
    other = Officer(desk, sender_id=make_sender())
    missing = other.get(f"{PAGES}/U-0000-0000-0000")

    def plain(text: str) -> str:
        varies = r'U-[0-9A-Z-]{14}[^"]*|[0-9a-f]{16}|csrf_token[^>]*|data-now="[^"]*"'
        return re.sub(varies, "", text)

    for path in ("", "/columns", "/corrections.csv", "/results"):
        answer = other.get(page + path)
        assert answer.status_code == 404
        assert plain(answer.text) == plain(missing.text)
    for path in ("/send", "/drop", "/columns"):
        assert other.post(page + path).status_code == 404
    assert "action.csv" not in other.get(PAGES).text
    assert "action.csv" in officer.get(PAGES).text
    colleague = Officer(desk, sender_id=officer.actor.sender_id)
    assert colleague.get(page).status_code == 200


def test_a_file_is_replaced_and_its_bytes_are_gone(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table(*good_rows(1)))
    work(desk.app)
    file_id = page.rsplit("/", 1)[-1]
    assert folder_of(desk.settings.data_dir, file_id).is_dir()
    assert officer.post(f"{page}/drop").location == f"{PAGES}/new"
    assert not folder_of(desk.settings.data_dir, file_id).exists()
    assert officer.post(f"{page}/drop").location == page
    assert officer.post(f"{page}/send").status_code == 303
    assert "This file was dropped" in officer.said(page)
    assert _referrals(desk) == 0


def test_the_file_is_deleted_when_it_is_sent_and_the_bad_rows_stay(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table(*good_rows(1), "B,Why,"))
    work(desk.app)
    officer.post(f"{page}/send")
    work(desk.app)
    folder = folder_of(desk.settings.data_dir, page.rsplit("/", 1)[-1])
    assert [path.name for path in folder.iterdir()] == ["bad"]
    assert kept_files(desk.settings.data_dir, older_than=clock.now()) == [folder.name]


def test_sending_goes_on_where_the_batch_stands(
    desk: Desk, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process had under way is lost with it; another goes on and adds nothing twice."""
    monkeypatch.setattr("review.uploads.CHUNK_LINES", 10)
    page = officer.upload(table(*good_rows(35), "F-1,,https://video.example/last"))
    work(desk.app)
    officer.post(f"{page}/send")
    for expected in (10, 20, 30):
        assert receiving.run_once(desk.app)
        receiving.finish(desk.app)  # forgotten, as in a killed process
        assert f"{expected} of 36 sent" in officer.said(page)
    work(desk.app)
    assert "36 rows received, 0 were there before, 0 refused" in officer.said(page)
    assert _referrals(desk) == 35


def test_checking_begins_anew_when_it_was_broken_off(
    desk: Desk, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.file_jobs.STEP_ROWS", 10)
    page = officer.upload(table(*good_rows(35)))
    assert receiving.run_once(desk.app)
    assert "10 rows read" in officer.said(page)
    receiving.finish(desk.app)
    work(desk.app)
    assert "35 rows · 35 ready" in officer.said(page)


def test_a_file_dropped_while_it_is_checked_is_left_alone(
    desk: Desk, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.file_jobs.STEP_ROWS", 10)
    page = officer.upload(table(*good_rows(35)))
    assert receiving.run_once(desk.app)
    officer.post(f"{page}/drop")
    work(desk.app)
    assert "This file was dropped" in officer.said(page)
    assert kept_files(desk.settings.data_dir, older_than=clock.now()) == []


def test_the_form_says_what_is_wrong_with_a_file(officer: Officer) -> None:
    for content, name, expected in (
        (b"", "a.csv", "The file is empty."),
        (b"x", "a.exe", "The name must end in one of"),
        (b"x", "", "Choose a file."),
    ):
        answer = officer.bring(content, name=name)
        assert answer.status_code == 422
        assert expected in answer.text
    assert officer.post(f"{PAGES}/new").status_code == 422


def test_the_sample_can_be_sent(desk: Desk, officer: Officer) -> None:
    page = officer.upload(officer.get(f"{PAGES}/sample.csv").data)
    work(desk.app)
    assert "2 rows · 2 ready" in officer.said(page)


def test_a_made_up_place_in_the_list_is_missing(desk: Desk, officer: Officer) -> None:
    page = officer.upload(table(*[f"B{number},Why," for number in range(60)]))
    work(desk.app)
    text = officer.get(page).text
    following = text.partition("?begin=")[2].partition('"')[0]
    assert "B49" in text
    assert "B50" not in text
    assert "B59" in officer.get(f"{page}?begin={following}").text
    assert officer.get(f"{page}?begin=7").status_code == 404
    assert officer.get(f"{page}?begin=99999999").status_code == 404
    assert officer.get(f"{page}?begin=x").status_code == 200
