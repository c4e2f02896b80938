"""Exports of rows that were changed behind the program: each file says so at the record, its page counts."""

import csv
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from review import db
from review.actions import export_jobs as jobs
from review.domain.exports import ExportForm, ExportState, Selection
from review.domain.permissions import Role
from review.models import Case, Export, Item
from review.models.export_files import export_path
from review.queries import export_differences
from review.queries.record_told import told_record
from review.workers import exporting
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.factories import make_account, make_sender, make_sign_in, receive, sender_actor
from tests.guards import unguarded
from tests.trails import decide_all, settle

FORGERIES = {
    "UPDATE reviews SET rationale = '=FORGED' WHERE case_id = :case": "the rationale stored differs",
    "UPDATE items SET url_as_sent = 'https://video.example/=FORGED' WHERE case_id = :case": (
        "the url as sent stored differs"
    ),
    "UPDATE cases SET state = 'open' WHERE id = :case": "the state stored differs",
    "UPDATE decisions SET outcome = 'accepted' WHERE case_id = :case": "the outcome stored differs",
    "UPDATE referrals SET reference = '=FORGED' WHERE id = (SELECT referral_id FROM items"
    " WHERE case_id = :case)": "the reference stored differs",
    "UPDATE items SET status = 'in_review' WHERE case_id = :case": "the status stored differs",
    "DELETE FROM answers WHERE item_id = (SELECT id FROM items WHERE case_id = :case)": "its row is gone",
    "UPDATE openings SET salt = envelope WHERE event_type = 'case.decided' AND object_id = :case": (
        "does not match its fingerprint"
    ),
}


def _decided(desk: Desk, count: int = 3) -> list[str]:
    actor = sender_actor(make_sender())
    for number in range(count):
        receive(actor, f"https://video.example/{number}", reference=f"=R-{number}")
    decide_all()
    settle(desk.settings.data_dir)
    return list(desk.session.scalars(sa.select(Case.id).order_by(Case.opened_at, Case.id)))


def _forge(statement: str, case_id: str | None = None) -> None:
    with unguarded(), db.transaction() as writer:
        writer.execute(sa.text(statement), {"case": case_id} if case_id else {})


def _made(desk: Desk, form: ExportForm, **chosen: Any) -> tuple[Any, Path]:
    export_id = jobs.request_export(
        form, Selection(**chosen), reason="For the court.", actor=make_account(Role.LEGAL)
    )
    while exporting.run_once(desk.app):
        pass
    row = desk.session.execute(sa.select(Export.__table__).where(Export.id == export_id)).one()
    assert row.state == ExportState.DONE, row.failure
    return row, export_path(desk.settings.data_dir, export_id, row.lease)


def _json_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_what_is_as_the_trail_tells_differs_in_nothing(desk: Desk) -> None:
    _decided(desk)
    receive(sender_actor(make_sender()), "https://video.example/open")  # nothing is sequenced of it yet
    row, path = _made(desk, ExportForm.JSONL)
    assert [row["differs_from_trail"] for row in _json_rows(path)] == [[]] * 4
    assert row.differing == {"cases": 0, "first": []}
    _row, path = _made(desk, ExportForm.CSV)
    told = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert [row["differs_from_trail"] for row in told] == [""] * 4
    _row, path = _made(desk, ExportForm.PDF)
    assert "Warning" not in "".join(page.extract_text() for page in PdfReader(path).pages)


def test_a_desk_that_was_lived_in_raises_no_alarm(desk: Desk) -> None:
    lived_in_desk()
    row, path = _made(desk, ExportForm.JSONL)
    assert row.cases > 3
    assert [row for row in _json_rows(path) if row["differs_from_trail"]] == []
    assert row.differing == {"cases": 0, "first": []}


@pytest.mark.parametrize("statement", FORGERIES)
def test_json_lines_say_of_each_record_what_its_page_says(desk: Desk, statement: str) -> None:
    case_id = _decided(desk)[1]
    _forge(statement, case_id)
    row, path = _made(desk, ExportForm.JSONL)
    said = {row["case_id"]: row["differs_from_trail"] for row in _json_rows(path)}
    assert any(FORGERIES[statement] in sentence for sentence in said.pop(case_id))
    assert list(said.values()) == [[], []]
    assert row.differing == {"cases": 1, "first": [case_id]}


def test_csv_says_it_in_words_in_a_cell_that_no_spreadsheet_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = _decided(desk)[0]
    _forge("UPDATE reviews SET rationale = '=FORGED', statement = 'X' WHERE case_id = :case", case_id)
    _row, path = _made(desk, ExportForm.CSV)
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    said = [row["differs_from_trail"] for row in rows]
    assert said[0].startswith("The review V-")
    assert "the rationale stored differs" in said[0]
    assert ". The review V-" in said[0]
    assert "the statement stored differs" in said[0]
    assert said[1:] == ["", ""]
    assert rows[0]["rationale"] == "'=FORGED"
    monkeypatch.setattr("review.export_jobs.case_differences", lambda *_given: {case_id: ("=RUN()",)})
    _row, path = _made(desk, ExportForm.CSV)
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert rows[0]["differs_from_trail"] == "'=RUN()"


def test_a_pdf_warns_at_the_record_and_at_its_start(desk: Desk) -> None:
    case_id = _decided(desk)[0]
    _forge("UPDATE reviews SET rationale = '=FORGED' WHERE case_id = :case", case_id)
    row, path = _made(desk, ExportForm.PDF)
    text = " ".join(
        " ".join(page.extract_text() for page in PdfReader(BytesIO(path.read_bytes())).pages).split()
    )
    before, *parts = text.split("Warning: what is stored differs from the trail")
    assert "Warning: cases that differ from the trail: 1." in before
    assert len(parts) == 1
    assert "the rationale stored differs" in parts[0].split("case id")[0]
    assert row.differing == {"cases": 1, "first": [case_id]}


def test_a_bundle_holds_what_the_trail_tells_and_its_page_counts(desk: Desk) -> None:
    case_id = _decided(desk)[0]
    _row, before = _made(desk, ExportForm.BUNDLE, case_id=case_id)
    _forge("UPDATE reviews SET rationale = 'FORGED' WHERE case_id = :case", case_id)
    row, path = _made(desk, ExportForm.BUNDLE, case_id=case_id)
    assert b"FORGED" not in path.read_bytes()
    assert before.read_bytes().count(b"\n") <= path.read_bytes().count(b"\n")
    assert row.differing == {"cases": 1, "first": [case_id]}


def test_a_case_whose_items_are_gone_has_no_row_and_counts(desk: Desk) -> None:
    case_id = _decided(desk)[0]
    _forge("DELETE FROM reviews WHERE case_id = :case", case_id)
    _forge("DELETE FROM items WHERE case_id = :case", case_id)
    row, path = _made(desk, ExportForm.JSONL)
    assert case_id not in path.read_text()
    assert row.differing == {"cases": 1, "first": [case_id]}


def test_what_is_left_in_doubt_alone_is_compared_case_by_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases without a difference cost no query of their own, whatever is wrong with others."""
    cases = _decided(desk, 6)
    asked: list[str] = []

    def counting(reader: Any, case_id: str, **given: Any) -> Any:
        asked.append(case_id)
        return told_record(reader, case_id, **given)

    def statements(some: list[str]) -> int:
        count = 0

        def one_more(*_given: object) -> None:
            nonlocal count
            count += 1

        engine = db.extension.engine
        sa.event.listen(engine, "before_cursor_execute", one_more)
        try:
            db.begin_snapshot(db.session())
            export_differences.case_differences(db.session(), some)
        finally:
            sa.event.remove(engine, "before_cursor_execute", one_more)
            db.session().rollback()
        return count

    monkeypatch.setattr(export_differences, "told_record", counting)
    of_one = statements(cases[:1])
    assert statements(cases) == of_one
    assert asked == []
    _forge("UPDATE reviews SET rationale = 'FORGED' WHERE case_id = :case", cases[2])
    row, _path = _made(desk, ExportForm.JSONL)
    assert asked == [cases[2]]
    assert row.differing["cases"] == 1


def test_many_sentences_on_one_record_are_cut_and_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = _decided(desk)[0]
    monkeypatch.setattr(export_differences, "MOST_SENTENCES", 1)
    _forge("UPDATE reviews SET rationale = 'X', statement = 'Y' WHERE case_id = :case", case_id)
    _row, path = _made(desk, ExportForm.JSONL)
    said = _json_rows(path)[0]["differs_from_trail"]
    assert len(said) == 2
    assert said[1] == "And 1 more; the record of the case shows them."


@pytest.mark.parametrize("form", [ExportForm.JSONL, ExportForm.BUNDLE])
def test_its_pages_warn_and_lead_on(desk: Desk, form: ExportForm, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = _decided(desk)
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    good, _path = _made(desk, form)
    assert "differ from the trail" not in client.get(f"/exports/{good.id}").text
    assert "differ from the trail" not in client.get("/exports").text
    monkeypatch.setattr(jobs, "FIRST_DIFFERING", 1)
    _forge("UPDATE reviews SET rationale = 'FORGED'")
    row, _path = _made(desk, form)
    for _reload in range(2):
        text = client.get(f"/exports/{row.id}").text
        assert "Records that differ from the trail: 3 of 3" in text
        assert 'class="message warning"' in text
        assert "flask trail verify" in text
        assert text.count('href="/records/C-') == 1
        assert f'href="/records/{row.differing["first"][0]}"' in text
        assert "Further records that differ: 2." in text
        assert ("The bundle holds what the trail tells" in text) == (form is ExportForm.BUNDLE)
    assert "records that differ from the trail: 3" in client.get("/exports").text
    assert row.differing["first"][0] in cases


def test_an_export_of_an_older_program_says_nothing(desk: Desk) -> None:
    _decided(desk)
    row, _path = _made(desk, ExportForm.CSV)
    _forge("UPDATE exports SET differing = NULL")
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    assert "differ from the trail" not in client.get(f"/exports/{row.id}").text
    assert client.get("/exports").status_code == 200


def test_an_item_that_was_moved_is_told_of_both_cases(desk: Desk) -> None:
    first, second, third = _decided(desk)
    _forge(f"UPDATE items SET case_id = '{second}' WHERE case_id = :case", first)
    assert desk.session.scalar(sa.select(sa.func.count()).where(Item.case_id == second)) == 2
    row, path = _made(desk, ExportForm.JSONL)
    said = {row["case_id"]: row["differs_from_trail"] for row in _json_rows(path)}
    assert said[second]
    assert said[third] == []
    assert row.differing["cases"] >= 1
