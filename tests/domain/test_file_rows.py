"""Rows of one reference are one referral; a bad row is named and never stops good rows beside it."""

from typing import Any

import pytest

from review.domain.file_rows import (
    MOST_GROUP_ROWS,
    MOST_ROW_ERRORS,
    FileRow,
    JudgedGroup,
    RowGroup,
    judge_group,
)
from review.domain.locations import Hosts
from review.errors import FieldError
from tests.domain.referral_bodies import order_body, referral_body

HOSTS = Hosts.parse("video.example")


def row(number: int, url: str = "", *, reference: str = "R", **members: Any) -> FileRow:
    item = {"url": url or f"https://video.example/{number}"} | members.pop("item", {})
    whole = {"reference": reference, **members, "items": [item]}
    return FileRow(number, f"{number};".encode(), whole)


def judge(*rows: FileRow) -> JudgedGroup:
    return judge_group(RowGroup(rows), hosts=HOSTS, transmitted_via="file")


def found(judged: JudgedGroup) -> dict[int, list[tuple[str, str]]]:
    return {bad.row.number: [(error.pointer, error.code) for error in bad.errors] for bad in judged.bad}


def test_rows_are_the_items_of_one_referral() -> None:
    judged = judge(row(2, reason="Why", urgency="threat_to_life"), row(5), row(9, reason="Why"))
    assert judged.intake is not None
    assert [item.location.url for item in judged.intake.items] == [
        f"https://video.example/{number}" for number in (2, 5, 9)
    ]
    assert (judged.intake.urgency, judged.body, judged.bad) == ("threat_to_life", b"2;5;9;", ())


def test_a_bad_row_is_left_out_and_the_others_stand() -> None:
    judged = judge(
        row(2, "https://elsewhere.example/", reason="Why"),
        row(3, item={"language": "not a tag", "content_type": "smell"}),
        row(4),
        row(5, "https://video.example/4"),
    )
    assert judged.intake is not None
    assert [good.number for good in judged.good] == [4]
    assert judged.body == b"4;"
    assert judged.intake.refused == ()
    assert found(judged) == {
        2: [("/items/0/url", "not_our_host")],
        3: [("/items/0/content_type", "not_in_list"), ("/items/0/language", "not_a_language")],
        5: [("/items/0/url", "repeated_location")],
    }


def test_rows_that_contradict_the_first_that_says_it_are_named() -> None:
    judged = judge(
        row(2, reason="Why"),
        row(3, reason="Other", contact={"email": "a@b.example"}),
        row(4, contact={"email": "c@d.example"}),
    )
    assert [good.number for good in judged.good] == [2]
    assert found(judged) == {3: [("/reason", "row_differs")], 4: [("/contact/email", "row_differs")]}
    assert "Row 2 " in judged.bad[0].errors[0].detail


def test_a_rule_that_the_referral_breaks_stops_all_its_rows() -> None:
    judged = judge(row(2, reason="Why"), row(3, category="NONE"), row(4))
    assert judged.intake is None
    assert found(judged) == {
        2: [("", "row_of_bad_referral")],
        3: [("/category", "not_in_list")],
        4: [("", "row_of_bad_referral")],
    }
    assert found(judge(row(2))) == {2: [("/reason", "missing")]}
    assert found(judge(row(2, reason="Why", intake_kind="removal_order"))) == {
        2: [("/intake_kind", "kind_not_enabled")]
    }


def test_every_wrong_cell_of_a_group_has_its_error() -> None:
    wrong = {"category": "NONE", "urgency": "soon"}
    judged = judge(
        row(2, "https://elsewhere.example/", reason="Why", **wrong),
        row(3, "ftp://video.example/", item={"language": "not a tag"}, **wrong),
        row(4, **wrong),
        row(5, "https://video.example/4", urgency="soon"),
    )
    category, urgency = ("/category", "not_in_list"), ("/urgency", "not_in_list")
    assert {number: sorted(errors) for number, errors in found(judged).items()} == {
        2: [category, ("/items/0/url", "not_our_host"), urgency],
        3: [category, ("/items/0/language", "not_a_language"), ("/items/0/url", "url_scheme"), urgency],
        4: [category, urgency],
        5: [("/items/0/url", "repeated_location"), urgency],
    }


def test_a_row_with_two_wrong_cells_of_its_item_is_told_both_at_once() -> None:
    judged = judge(
        row(2, reason="Why"),
        row(3, "https://elsewhere.example/", item={"language": "not a tag"}),
        row(4, "https://video.example/5", item={"language": "not a tag"}),
        row(5),  # names again what row 4 names, which is left out
    )
    assert found(judged) == {
        3: [("/items/0/language", "not_a_language"), ("/items/0/url", "not_our_host")],
        4: [("/items/0/language", "not_a_language")],
    }
    assert [good.number for good in judged.good] == [2, 5]


def test_a_row_that_is_left_out_is_told_what_else_is_wrong_with_it() -> None:
    problem = FieldError("/items/0/language", "cell_error", "Write it.")
    members = {"reference": "R", "reason": "Else", "category": "NONE", "items": [{"url": "ftp://x/"}]}
    judged = judge(
        row(2, reason="Why"),
        row(3, "https://elsewhere.example/", reason="Other"),
        FileRow(4, b"", members, problems=(problem,)),
    )
    assert found(judged) == {
        3: [("/reason", "row_differs"), ("/items/0/url", "not_our_host")],
        4: [
            ("/items/0/language", "cell_error"),
            ("/reason", "row_differs"),
            ("/category", "not_in_list"),
            ("/items/0/url", "url_scheme"),
        ],
    }
    assert [good.number for good in judged.good] == [2]


def test_the_errors_of_one_row_have_an_end() -> None:
    judged = judge(row(2, **{f"other_{number}": "x" for number in range(50)}))
    assert len(judged.bad[0].errors) == MOST_ROW_ERRORS


def test_a_row_that_could_not_be_read_is_named_by_its_problem() -> None:
    problem = FieldError("/reason", "formula_without_value", "Write it.")
    cell = FileRow(
        3, b"", {"reference": "R", "items": [{"url": "https://video.example/3"}]}, problems=(problem,)
    )
    assert found(judge(row(2, reason="Why"), cell)) == {3: [("/reason", "formula_without_value")]}
    text = FileRow(2, b"\xff", None, problems=(FieldError("", "not_text", "Save it."),))
    assert found(judge(text)) == {2: [("", "not_text")]}


def test_a_whole_referral_keeps_its_refused_items() -> None:
    members = {
        "reference": "R",
        "reason": "Why",
        "items": [{"url": "https://video.example/1"}, {"url": "ftp://video.example/"}],
    }
    judged = judge(FileRow(1, b"{}", members, whole=True))
    assert judged.intake is not None
    assert len(judged.intake.refused) == 1
    broken = judge(FileRow(1, b"{}", {"reference": "R", "items": "x"}, whole=True))
    assert broken.bad[0].reference == "R"
    assert ("/items", "wrong_type") in found(broken)[1]


@pytest.mark.parametrize("most", [MOST_GROUP_ROWS, MOST_GROUP_ROWS + 1])
def test_a_reference_has_at_most_as_many_rows_as_a_referral_has_items(most: int) -> None:
    judged = judge(*(row(number, reason="Why") for number in range(2, most + 2)))
    assert (judged.intake is not None) == (most == MOST_GROUP_ROWS)
    assert len(judged.good) + len(judged.bad) == most


@pytest.mark.parametrize("may_order", [True, False])
def test_a_line_may_be_a_removal_order_of_who_may_send_them(may_order: bool) -> None:
    members = referral_body(intake_kind="removal_order", order=order_body())
    line = FileRow(1, b"{}", members, whole=True)
    judged = judge_group(RowGroup((line,)), hosts=HOSTS, transmitted_via="file", may_order=may_order)
    assert found(judged) == ({} if may_order else {1: [("/intake_kind", "kind_not_enabled")]})
    assert (judged.intake is not None) is may_order
