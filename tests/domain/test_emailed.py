"""What is stated of an e-mail: addresses in its text, the referral, and how the sender was verified."""

from datetime import UTC, datetime
from typing import Any

import pytest

from review.domain.emailed import (
    LARGEST_MESSAGE,
    MOST_FOUND,
    IdentityCheck,
    Statement,
    check_identity,
    check_refusal,
    check_size,
    defanged_text,
    found_addresses,
    read_statement,
    stated_columns,
)
from review.domain.locations import Hosts
from review.errors import InvalidInput, ReviewError, TooLarge

HOSTS = Hosts.parse("video.example")
ARRIVED = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "reference": "M-1", "intake_kind": "referral", "urgency": "normal", "reason": "Praise of a listed group.",
    "category": "", "issuing_authority": "", "issuing_country": "", "contact_name": "", "contact_email": "",
    "good_faith": False, "urls": ("https://video.example/a",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://video.example/a.", [("https://video.example/a", True)]),
        ("(https://video.example/a(b))", [("https://video.example/a(b)", True)]),
        ("<hxxps://video[.]example/a>, HTTPS[:]//VIDEO.example/b;",
         [("hxxps://video[.]example/a", True), ("HTTPS[:]//VIDEO.example/b", True)]),
        ("http://video.example/a and https://video.example/a#x", [("http://video.example/a", True)]),
        ("https://elsewhere.example/a", [("https://elsewhere.example/a", False)]),
        ("video.example/a, ftp://video.example/a, javascript:alert(1)", []),
        ("https://video.example/" + "a" * 3_000, []),
    ],
)  # fmt: skip
def test_addresses_are_found_as_written_and_each_location_once(
    text: str, found: list[tuple[str, bool]]
) -> None:
    assert [(one.url, one.own) for one in found_addresses(text, hosts=HOSTS)] == found


def test_a_text_full_of_addresses_is_offered_in_part() -> None:
    text = " ".join(f"https://video.example/{number}" for number in range(MOST_FOUND + 5))
    assert len(found_addresses(text, hosts=HOSTS)) == MOST_FOUND


def test_no_address_in_a_text_stays_a_link() -> None:
    assert defanged_text("a https://video.example/a.b b") == "a hxxps://video[.]example/a.b b"


def test_a_statement_is_read_as_a_referral_that_came_by_email() -> None:
    intake = read_statement(Statement(**GOOD), arrived_at=ARRIVED, hosts=HOSTS)
    assert (intake.transmitted_via, intake.earlier_received_at) == ("email", ARRIVED)
    assert stated_columns(intake) == {"reason": GOOD["reason"]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"urls": ()}, "more_urls"),
        ({"urls": ("https://elsewhere.example/a",)}, "more_urls"),
        ({"reference": "a\nb"}, "reference"),
        ({"intake_kind": "complaint"}, "intake_kind"),
        ({"urgency": "x"}, "urgency"),
        ({"category": "x"}, "category"),
        ({"issuing_country": "Belgium"}, "issuing_country"),
        ({"issuing_authority": "x" * 501}, "issuing_authority"),
        ({"contact_email": "x"}, "contact_email"),
        ({"contact_name": "x" * 201}, "contact_name"),
        ({"intake_kind": "notice", "contact_name": "A", "contact_email": "a@unit.example"}, "good_faith"),
        ({"intake_kind": "notice", "good_faith": True}, "contact_email"),
    ],
)
def test_what_breaks_a_rule_is_named_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_statement(Statement(**(GOOD | changes)), arrived_at=ARRIVED, hosts=HOSTS)
    assert field in {error.pointer for error in refused.value.errors}


def test_how_the_sender_was_verified_must_be_said() -> None:
    check_identity(IdentityCheck("telephone"))
    check_identity(IdentityCheck("other", "Letter of the office."))
    for check in (IdentityCheck(""), IdentityCheck("other", " "), IdentityCheck("reply", "x" * 2_001)):
        with pytest.raises(InvalidInput):
            check_identity(check)
    check_refusal("Advertisement.")
    for reason in ("", " \n", "x" * 2_001, "a\x07"):
        with pytest.raises(InvalidInput):
            check_refusal(reason)


@pytest.mark.parametrize(
    ("message", "error"), [(b" \r\n", InvalidInput), (b"x" * (LARGEST_MESSAGE + 1), TooLarge)]
)
def test_empty_and_too_large_messages_are_refused(message: bytes, error: type[ReviewError]) -> None:
    check_size(b"x" * LARGEST_MESSAGE)
    with pytest.raises(error):
        check_size(message)
