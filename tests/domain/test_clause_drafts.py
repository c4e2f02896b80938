"""What a draft of a clause must hold, and which day it may take effect."""

from datetime import date

import pytest

from review.domain.clause_drafts import (
    LONGEST_REASON,
    LONGEST_TEXT,
    Published,
    Wording,
    check_wording,
    may_publish,
    read_place,
    read_wording,
)
from review.domain.permissions import OPERATOR, Actor, Role
from review.errors import InvalidInput

TODAY = date(2026, 11, 23)
TYPED = {"title": "Violence", "text": "No threats.", "valid_from": "2026-11-23", "reason": "Clearer."}
NEWEST = Published(2, "Violence", "No threats.", date(2026, 12, 1), ends=False)


def codes(raised: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in raised.value.errors]


def test_what_was_typed_is_kept_as_written_but_for_stray_blanks() -> None:
    typed = TYPED | {"title": "  Violence \n and threats ", "text": "\r\nOne.  \r\n\r\n  - two\r\n\r\n"}
    wording = read_wording(typed, today=TODAY, ends=False)
    assert wording == Wording("Violence and threats", "One.\n\n  - two", TODAY, "Clearer.", ends=False)


def test_the_end_of_a_clause_has_no_words_of_its_own() -> None:
    assert read_wording(TYPED, today=TODAY, ends=True) == Wording("", "", TODAY, "Clearer.", ends=True)


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        read_wording({}, today=TODAY, ends=False)
    assert codes(raised) == [
        ("title", "missing"), ("text", "missing"), ("valid_from", "not_a_day"), ("reason", "missing"),
    ]  # fmt: skip
    typed = {
        "title": "x" * 501,
        "text": "x" * (LONGEST_TEXT + 1),
        "valid_from": "2026-11-22",
        "reason": "x" * (LONGEST_REASON + 1),
    }
    with pytest.raises(InvalidInput) as raised:
        read_wording(typed, today=TODAY, ends=False)
    assert codes(raised) == [
        ("title", "too_long"), ("text", "too_long"), ("valid_from", "past"), ("reason", "too_long"),
    ]  # fmt: skip
    with pytest.raises(InvalidInput) as raised:
        read_wording(TYPED | {"text": "<!-- nothing -->"}, today=TODAY, ends=False)
    assert codes(raised) == [("text", "missing")]


@pytest.mark.parametrize(
    ("number", "expected"),
    [("4.2", "4.2"), ("12a", "12a"), ("Praise of crimes", "praise-of-crimes"), ("", "violence")],
)
def test_a_number_stays_and_words_become_a_slug(number: str, expected: str) -> None:
    assert read_place(TYPED | {"document": " Our  terms", "number": number}) == ("Our terms", expected)


def test_a_new_clause_needs_a_document_and_a_short_number() -> None:
    with pytest.raises(InvalidInput) as raised:
        read_place({"number": "1" * 76})
    assert codes(raised) == [("document", "missing"), ("number", "too_long")]


@pytest.mark.parametrize(
    ("wording", "newest", "code"),
    [
        (Wording("a", "b", date(2026, 11, 22), "r"), None, "past"),
        (Wording("", "", TODAY, "r", ends=True), None, "never_in_force"),
        (Wording("a", "b", date(2026, 11, 30), "r"), NEWEST, "before_newest"),
        (Wording("Violence", "No threats.", date(2026, 12, 1), "r"), NEWEST, "unchanged"),
        (
            Wording("", "", date(2026, 12, 1), "r", ends=True),
            Published(3, "Violence", "No threats.", date(2026, 12, 1), ends=True),
            "ended",
        ),
    ],
)
def test_a_draft_follows_the_newest_version_and_never_changes_the_past(
    wording: Wording, newest: Published | None, code: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_wording(wording, newest, today=TODAY)
    assert [error.code for error in raised.value.errors] == [code]


def test_another_wording_the_end_and_the_return_are_drafts_that_can_be() -> None:
    ended = Published(3, "Violence", "No threats.", date(2026, 12, 1), ends=True)
    for wording, newest in (
        (Wording("Violence", "None.", date(2026, 12, 1), "r"), NEWEST),
        (Wording("Threats", "No threats.", date(2026, 12, 1), "r"), NEWEST),
        (Wording("", "", date(2026, 12, 9), "r", ends=True), NEWEST),
        (Wording("Violence", "No threats.", date(2026, 12, 1), "r"), ended),
        (Wording("a", "b", TODAY, "r"), None),
    ):
        check_wording(wording, newest, today=TODAY)


@pytest.mark.parametrize("role", Role)
def test_publishing_takes_a_second_person_with_the_permission(role: Role) -> None:
    actor = Actor(kind="account", id="P-1", account_id="A-1", role=role)
    assert may_publish(actor, drafted_by="A-2") is (role in (Role.ADMIN, Role.LEGAL))
    assert not may_publish(actor, drafted_by="A-1")
    assert not may_publish(OPERATOR, drafted_by="A-1")
