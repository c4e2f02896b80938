"""Columns: what headings mean, what they nearly mean, and what a row's cells become."""

import pytest

from review.errors import InvalidInput
from review.formats.columns import (
    COLUMNS,
    MOST_COLUMNS,
    check_header,
    column_of,
    columns_or_refused,
    known_columns,
    members_of,
    suggested_columns,
)
from review.sheets import pointer_of


def test_headings_that_leave_no_doubt_need_no_question() -> None:
    assert known_columns(["Reference", " URL ", "reason", "Contact e-mail", ""]) is None
    assert known_columns(["Reference", " URL ", "REASON", "contact-email", ""]) == (
        "reference",
        "url",
        "reason",
        "contact_email",
        "",
    )


def test_columns_that_we_added_are_left_out_again() -> None:
    assert known_columns(["url", "reason", "row", "error"]) == ("url", "reason", None, None)


def test_near_misses_are_suggested_and_each_column_once() -> None:
    header = ["Ref", "Explanation", "Link", "Lang", "Languge", "Catgory", "Shoe size", "url"]
    assert suggested_columns(header) == (
        "reference",
        "reason",
        None,
        "language",
        None,
        "category",
        None,
        "url",
    )


@pytest.mark.parametrize(
    "heading",
    ["Our ref", "Our reference", "Ref", "Ref.", "Reference", "Ticket", "File number", "Case no.", "REF NO"],
)
def test_everyday_names_of_a_reference_are_known(heading: str) -> None:
    assert suggested_columns([heading, "Shoe size"]) == ("reference", None)


@pytest.mark.parametrize("heading", ["File name", "Row number", "Page number", "Phone number", "Case name"])
def test_a_number_or_name_of_something_else_is_no_reference(heading: str) -> None:
    assert suggested_columns([heading]) == (None,)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ([], "missing: reason, url"),
        (["", " "], "missing: reason, url"),
        (["reference", "reason"], "missing: url"),
        (["reason", "url", "surname"], "surname"),
        (["reason", "url", "Reasons"], "Reasons"),
        (["reason", "url", "URL"], "twice: url"),
        ([f"c{number}" for number in range(MOST_COLUMNS + 1)], "more than 200"),
    ],
)
def test_a_header_that_is_wrong_is_named(header: list[str], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        columns_or_refused(header)


def test_a_command_is_told_what_to_say_of_headings() -> None:
    header = ["Our ref", "URL", "Why", "Lang", "Shoe size", ""]
    with pytest.raises(InvalidInput) as refusal:
        columns_or_refused(header)
    options = ["Our ref=reference", "Why=reason", "Lang=language", "Shoe size=-"]
    written = "--column 'Our ref=reference' --column Why=reason --column Lang=language --column 'Shoe size=-'"
    assert written in refusal.value.detail
    said = dict(option.split("=") for option in options)
    assert columns_or_refused(header, said) == ("reference", "url", "reason", "language", None, "")
    with pytest.raises(InvalidInput, match="No heading of the file is called: Size"):
        columns_or_refused(header, said | {"Size": "-"})
    with pytest.raises(InvalidInput, match="not known: Shoe size"):
        columns_or_refused(header, said | {"Shoe size": "sise"})


def test_hostile_headings_come_back_as_plain_text() -> None:
    with pytest.raises(InvalidInput) as refusal:
        columns_or_refused(["reason", "url", "x\u202e\x1b[2J" + "y" * 500])
    assert refusal.value.detail.isprintable()
    assert len(refusal.value.detail) < 1_000


def test_cells_become_members() -> None:
    columns = ("reference", "url", "reason", "contact_email", "good_faith", "detected_at", None)
    cells = ["R", "https://x/", "Because", "a@b.example", "Yes", "2019-11-21 09:30", "left out"]
    assert members_of(columns, cells) == {
        "reference": "R",
        "reason": "Because",
        "detected_at": "2019-11-21T09:30:00Z",
        "good_faith": True,
        "contact": {"email": "a@b.example"},
        "items": [{"url": "https://x/"}],
    }


def test_cells_without_a_heading_and_missing_cells_are_seen() -> None:
    columns = ("reference", "reason", "url", "")
    assert "cells_without_a_heading" in members_of(columns, ["R", "because", "https://x/", "more"])
    assert "cells_without_a_heading" in members_of(columns, ["R", "because", "https://x/", "", "more"])
    assert members_of(columns, ["R", "because"]) == {
        "reference": "R",
        "reason": "because",
        "items": [{"url": ""}],
    }


def test_a_blank_reference_is_made_from_the_row_and_the_same_again() -> None:
    columns = ("reference", "reason", "url")
    made = [
        members_of(columns, [name, "why", url])["reference"]
        for name, url in (("", "a"), (" ", "a"), ("", "b"))
    ]
    assert made[0] == made[1] != made[2]
    assert made[0] == members_of(("url", None, "reason"), ["a", "x", " why "])["reference"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2019-11-21", "2019-11-21T00:00:00Z"),
        ("2019-11-21T09:30", "2019-11-21T09:30:00Z"),
        ("2019-11-21 09:30:59", "2019-11-21T09:30:59Z"),
        ("2019-11-21T09:30:00+01:00", "2019-11-21T09:30:00+01:00"),
        ("21.11.2019", "21.11.2019"),
    ],
)
def test_a_time_without_a_zone_is_utc(written: str, read: str) -> None:
    assert members_of(("published_at",), [written])["items"][0]["published_at"] == read


def test_every_column_has_its_place_for_errors() -> None:
    assert {name: column_of(pointer_of(name)) for name in COLUMNS} == {name: name for name in COLUMNS}
    assert column_of("") is None
    assert column_of("/contact") == "contact_email"
    check_header(["a"])
