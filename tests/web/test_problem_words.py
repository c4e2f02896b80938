"""What the rules refuse is told in the reader's language, in cells and at fields, with its values."""

import ast
import re

import pytest

from review import workbooks
from review.domain import endpoints, file_rows, locations, referral_problems
from review.domain.permissions import Role
from review.domain.referral_schema import REMEDIES
from review.domain.referrals import read_referral
from review.errors import InvalidReferral, KindNotEnabled, ReviewError
from review.file_jobs import _sentence
from review.formats.columns import column_problems
from review.formats.ndjson import StreamBroken
from review.formats.tables import NOT_TEXT
from review.web.errors import STATUS
from review.web.problem_words import SENTENCES, problem_words
from tests.conftest import Desk
from tests.domain.referral_bodies import HOSTS, order_body, referral_body
from tests.domain.test_file_rows import judge, row
from tests.factories import make_case, make_sign_in
from tests.files import Officer, table, work
from tests.house.readme_tables import ROOT

ARABIC_DISPLAY = "display=system:comfortable:100:ar:UTC:on"
ARABIC = re.compile(r"[\u0600-\u06ff]")
BROKEN = (
    referral_body(reason="", category="x", keyword="x", urgency="soon", good_faith=1, other=1),
    referral_body(intake_kind="notice", good_faith=None, contact=None, items=[]),
    referral_body(intake_kind="removal_order", issuing_authority="a" * 501),
    referral_body(order=order_body(), contact=[], reference=1, items=None),
    referral_body(keyword="KEYWORD_PHISHING", items=[{"url": "https://video.example/1"}] * 2),
    referral_body(items=[{"url": "x" * 3000}, {"url": ""}, {"url": "ftp://a/"}, {"url": "https://"}]),
)


def _details() -> set[str]:
    """What the rules say of bodies, rows and cells."""
    said = {*REMEDIES.values(), *locations._REMEDIES.values(), *workbooks._CELLS.values(), NOT_TEXT.detail}
    for body in BROKEN:
        try:
            intake = read_referral(body, hosts=HOSTS, may_order=True)
        except InvalidReferral as error:
            said |= {one.detail for one in error.errors}
        else:
            said |= {one.detail for item in intake.refused for one in item.errors}
    with pytest.raises(KindNotEnabled) as refusal:
        read_referral(BROKEN[2], hosts=HOSTS)
    rows = [
        judge(row(2, reason="Why"), row(3, reason="Else"), row(4, "https://video.example/2")),
        judge(row(2, category="NONE"), row(3)),
        judge(*(row(number) for number in range(file_rows.MOST_GROUP_ROWS + 1))),
    ]
    said |= {error.detail for judged in rows for bad in judged.bad for error in bad.errors}
    return said | {refusal.value.detail, referral_problems.UNKNOWN}


def test_every_kind_of_refusal_has_a_name_in_arabic(desk: Desk) -> None:
    titles = {ReviewError.title, *(kind.title for kind in STATUS)}
    with desk.app.test_request_context(headers={"Cookie": ARABIC_DISPLAY}):
        assert {title for title in titles if not ARABIC.search(problem_words(title))} == set()
    visitor = desk.client()
    visitor.set_cookie(*ARABIC_DISPLAY.split("="))
    assert "<h1>لا شيء هنا لك</h1>" in visitor.get("/nothing-here").text


def test_every_sentence_of_the_rules_is_told_in_arabic(desk: Desk) -> None:
    with desk.app.test_request_context(headers={"Cookie": ARABIC_DISPLAY}):
        english = {detail for detail in _details() if not ARABIC.search(problem_words(detail))}
    assert english == set()


def test_values_stay_and_what_is_not_known_is_told_as_it_is(desk: Desk) -> None:
    with desk.app.test_request_context(headers={"Cookie": ARABIC_DISPLAY}):
        told = problem_words("Row 17 has the same reference and needs fixing.")
        assert "17" in told
        assert ARABIC.search(told)
        assert problem_words("100 % unheard of.") == "100 % unheard of."
    with desk.app.test_request_context():
        for sentence in SENTENCES:
            assert problem_words(sentence) == sentence


def test_cells_and_the_rows_to_correct_are_told_in_arabic(desk: Desk) -> None:
    officer = Officer(desk)
    rows = ["R,Why,NONE,https://elsewhere.example/", "S,,,https://video.example/1"]
    page = officer.upload(table(*rows, header="reference,reason,category,url"))
    work(desk.app)
    officer.client.set_cookie("display", "system:comfortable:100:ar:UTC:on")
    shown = officer.get(page).text
    errors = re.findall(r'class="field-error">(.*?)</p>', shown, re.DOTALL)
    assert len(errors) == 3
    assert all(ARABIC.search(error) for error in errors)
    told = officer.get(f"{page}/corrections.csv").text
    assert len(ARABIC.findall(told)) > 30
    assert "published list" not in told


REFUSING = (
    "actions/deliveries.py", "actions/endpoints.py", "actions/notices.py", "actions/uploaded_files.py",
    "actions/withdrawals.py", "file_jobs.py", "formats/columns.py", "formats/grouping.py",
    "formats/tables.py", "models/file_store.py", "sheets.py", "workbooks.py",
)  # fmt: skip
"""Where a file of a sender or a step of one is refused."""
NOT_SHOWN = {
    "There is no such sender.": "no form leads there: the own sender is always there",
    "There is no such endpoint.": "told in the very words of an address that leads nowhere",
    "There is no such message.": "told in the very words of an address that leads nowhere",
    "This address is not told any more.": "a link of a mail, on a public page in the language of the browser",
    "This file has gone on meanwhile.": "ends a step of the loop; nobody asked",
    "The file could not be stored; nothing was kept.": "503, which is no affair of the file",
}
_KINDS = {"AlreadyClosed", "AlreadyExists", "InvalidInput", "NotFound", "NotReady", "NotWithdrawable"}
_KINDS |= {"TooLarge", "DatabaseBusy", "StorageFull", "StreamBroken"}


def _refusals() -> set[str]:
    """The sentences in the code of those files, each value as 7; what breaks off is told as a whole."""
    said = {*workbooks._REASONS.values()}
    for name in REFUSING:
        for node in ast.walk(ast.parse((ROOT / "review" / name).read_text())):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
                continue
            kind, detail = node.exc.func, node.exc.args[0]
            if not isinstance(kind, ast.Name) or kind.id not in _KINDS:
                continue
            parts = detail.values if isinstance(detail, ast.JoinedStr) else [detail]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
            if kind.id == "StreamBroken":
                broken = StreamBroken(text)
                text = f"{_sentence(broken)}; nothing was stored. Correct the file and send it again."
            said.add(text)
    for broken_end in ("the gzip stream is damaged", "the gzip stream ends early"):
        said.add(
            f"{_sentence(StreamBroken(broken_end))}; nothing was stored. Correct the file and send it again."
        )
    problems = column_problems(("url", "url"))
    said |= {problem.detail for problem in problems} | {" ".join(problem.detail for problem in problems)}
    said |= {text for text in endpoints._REMEDIES.values() if text}
    return said - {"7", "77", *NOT_SHOWN}


def test_every_refused_file_and_step_of_a_sender_is_told_in_arabic(desk: Desk) -> None:
    said = _refusals()
    assert len(said) > 45
    with desk.app.test_request_context(headers={"Cookie": ARABIC_DISPLAY}):
        told = {detail: problem_words(detail) for detail in said}
    assert {detail for detail, words in told.items() if not ARABIC.search(words)} == set()
    assert {detail for detail, words in told.items() if "named twice" in words} == set()


def test_a_refused_file_and_a_refused_step_are_told_in_arabic_on_the_page(desk: Desk) -> None:
    officer = Officer(desk)
    page = officer.upload(b'reference,reason,url\r\nR,"never ends,https://video.example/1\r\n')
    work(desk.app)
    officer.client.set_cookie("display", "system:comfortable:100:ar:UTC:on")
    shown = officer.get(page).text
    assert "لم يُخزَّن شيء" in shown
    assert "nothing was stored" not in shown
    assert officer.post(f"{page}/send").status_code == 303
    flash = re.search(r'class="flash warning">(.*?)</p>', officer.get(page).text, re.DOTALL)
    assert flash is not None
    assert ARABIC.search(flash[1])
    assert "gone on" not in flash[1]


OF_RECORDS = (
    "actions/complaints.py", "actions/erasable.py", "actions/erasures.py", "actions/export_jobs.py",
    "actions/holds.py", "domain/complaints.py", "domain/erasures.py", "domain/exports.py", "domain/holds.py",
    "domain/written.py", "export_jobs.py", "formats/export_pages.py", "workers/exporting.py",
)  # fmt: skip
"""Where a complaint, a hold, an erasure or an export is refused, or comes to nothing."""


def _sentences(source: str) -> set[str]:
    """The sentences that some code says: values as 7, a kind of record as each; no docstring, no remedy."""
    tree = ast.parse(source)
    left_out = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "remedy")
    }
    inside = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    said = set()
    for node in ast.walk(tree):
        if id(node) in left_out or (id(node) in inside and not isinstance(node, ast.JoinedStr)):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        for kind in ("case", "referral", "sender"):
            texts = [
                str(part.value)
                if isinstance(part, ast.Constant)
                else kind
                if isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == "kind"
                else "7"
                for part in parts
            ]
            said.add("".join(texts))
    return {one for one in said if re.fullmatch(r"[A-Z7].* .*[.]", one)}


def test_what_is_refused_of_a_record_is_told_in_arabic(desk: Desk) -> None:
    said = {one for name in OF_RECORDS for one in _sentences((ROOT / "review" / name).read_text())}
    assert len(said) > 50
    assert "There is no sender 7; look its id up." in said
    with desk.app.test_request_context(headers={"Cookie": ARABIC_DISPLAY}):
        assert {one for one in said if not ARABIC.search(problem_words(one))} == set()


def test_refused_complaints_holds_and_exports_are_told_in_arabic_on_their_pages(desk: Desk) -> None:
    case_id, client = make_case(), desk.client()
    make_sign_in(client, Role.LEGAL)
    client.set_cookie(*ARABIC_DISPLAY.split("="))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/holds/new").text)
    assert token is not None
    case = f"/records/{case_id}/complaint"
    hold = {"record": "C-0000-0000-0000", "reason": "Why", "review_on": "2099-01-01"}
    export = {"form": "csv", "case_id": case_id, "reason": "x"}
    for address, fields, status, said in (
        (case, {"reasons": " "}, 422, "Write why they say that the decision is wrong."),
        (case, {"reasons": "a", "contact": "b"}, 409, "This case has no decision to complain of; "),
        ("/holds", hold, 422, "There is no such record; look its id up."),
        ("/exports", export, 422, "characters what the export is for."),
    ):
        answer = client.post(address, data=fields | {"csrf_token": token[1]})
        assert answer.status_code == status
        assert said not in answer.text
        with desk.app.test_request_context(headers={"Cookie": ARABIC_DISPLAY}):
            told = [problem_words(one) for one in SENTENCES if said in one]
        assert told[0].partition("%")[0] in answer.text
