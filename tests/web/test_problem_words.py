"""What the rules refuse is told in the reader's language, in cells and at fields, with its values."""

import re

import pytest

from review import workbooks
from review.domain import file_rows, locations, referral_problems
from review.domain.referral_schema import REMEDIES
from review.domain.referrals import read_referral
from review.errors import InvalidReferral, KindNotEnabled
from review.formats.tables import NOT_TEXT
from review.web.problem_words import SENTENCES, problem_words
from tests.conftest import Desk
from tests.domain.referral_bodies import HOSTS, order_body, referral_body
from tests.domain.test_file_rows import judge, row
from tests.files import Officer, table, work

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


def test_every_sentence_of_the_rules_is_told_in_arabic(desk: Desk) -> None:
    with desk.app.test_request_context(headers={"Cookie": "display=system:comfortable:100:ar:UTC:on"}):
        english = {detail for detail in _details() if not ARABIC.search(problem_words(detail))}
    assert english == set()


def test_values_stay_and_what_is_not_known_is_told_as_it_is(desk: Desk) -> None:
    with desk.app.test_request_context(headers={"Cookie": "display=system:comfortable:100:ar:UTC:on"}):
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
