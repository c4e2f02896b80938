"""What may be entered of a sender: every problem is told at once, at its field."""

from dataclasses import replace
from datetime import date

import pytest

from review.domain.senders import (
    MOST_BATCH_LINES,
    MOST_CONTACTS,
    Contact,
    FlaggerEvidence,
    Limits,
    Profile,
    checked_flagger,
    checked_label,
    checked_limits,
    checked_profile,
    read_limit,
)
from review.errors import InvalidInput

PROFILE = Profile("Harbour Watch", "iru", "BE")
DESK = Contact("Duty desk", email="Duty@Unit.example")


def pointers(profile: Profile) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        checked_profile(profile)
    return [error.pointer for error in caught.value.errors]


def test_a_profile_is_stored_in_one_spelling() -> None:
    given = Profile("  Harbour \n Watch ", "iru", "be", ("nl", "be", "NL"), (Contact(), DESK), " a\r\nb ")
    found = checked_profile(given)
    assert found == Profile(
        "Harbour Watch", "iru", "BE", ("NL",), (replace(DESK, email="duty@unit.example"),), "a\nb"
    )
    assert checked_profile(found) == found


def test_all_problems_are_told_at_once_and_at_their_fields() -> None:
    contacts = (
        Contact("", email="duty@unit.example"),
        Contact(),
        Contact("Desk", email="no address", telephone="call us", out_of_hours="x" * 2001),
        Contact("Desk"),
    )
    assert pointers(Profile(" ", "police", "BEL", ("1é", "x"), contacts, "bell\x07")) == [
        "kind",
        "country",
        "name",
        "further_countries",
        "contact_0_name",
        "contact_2_email",
        "contact_2_telephone",
        "contact_2_out_of_hours",
        "contact_3_email",
        "identity_note",
    ]


def test_there_is_a_most_of_everything() -> None:
    codes = tuple(f"A{chr(65 + number % 26)}" for number in range(61))
    assert pointers(replace(PROFILE, further_countries=codes)) == ["further_countries"]
    assert pointers(replace(PROFILE, contacts=(DESK,) * (MOST_CONTACTS + 1))) == ["contact_0_name"]
    assert pointers(replace(PROFILE, name="x" * 201)) == ["name"]


@pytest.mark.parametrize("telephone", ["+32 2 555 01 00", "(02) 555-01-00 ext. 7", "112"])
def test_usual_telephone_numbers_pass(telephone: str) -> None:
    contact = Contact("Desk", telephone=telephone)
    assert checked_profile(replace(PROFILE, contacts=(contact,))).contacts == (contact,)


@pytest.mark.parametrize(
    "limits", [Limits(0), Limits(-1), Limits(None, 0), Limits(None, MOST_BATCH_LINES + 1)]
)
def test_a_limit_that_shuts_out_or_passes_the_most_is_refused(limits: Limits) -> None:
    with pytest.raises(InvalidInput):
        checked_limits(limits)


def test_limits_are_read_from_digits_or_a_blank() -> None:
    assert [read_limit(text, field="batch_lines") for text in ("", " 12 ", "0")] == [None, 12, 0]
    for text in ("1.5", "-1", "many", "1" * 10, "٣"):
        with pytest.raises(InvalidInput) as caught:
            read_limit(text, field="batch_lines")
        assert caught.value.errors[0].pointer == "batch_lines"


def test_evidence_has_a_coordinator_and_days_in_order() -> None:
    award = FlaggerEvidence(" Coordinator  of X", date(2026, 1, 1), None, " TF-7 ")
    assert checked_flagger(award) == FlaggerEvidence("Coordinator of X", date(2026, 1, 1), None, "TF-7")
    with pytest.raises(InvalidInput) as caught:
        checked_flagger(FlaggerEvidence("", date(2026, 2, 1), date(2026, 1, 1), "x" * 201))
    assert [error.pointer for error in caught.value.errors] == ["coordinator", "reference", "valid_until"]


def test_a_label_is_short_or_none() -> None:
    assert [checked_label(label) for label in (None, " ", " Gate  way ")] == [None, None, "Gate way"]
    with pytest.raises(InvalidInput):
        checked_label("x" * 101)
