"""E-mail addresses: one spelling for one person."""

import pytest

from review.domain.emails import check_email, email_key
from review.errors import InvalidInput


def test_two_spellings_are_one_address() -> None:
    assert check_email("  Jane@Desk.Example ") == check_email("jane@desk.example") == "jane@desk.example"
    assert email_key("ane\u0301@desk.example") == email_key("an\u00e9@desk.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jane",
        "@desk.example",
        "jane@",
        "a b@desk.example",
        "a@b@c",
        "a\x00@b.example",
        "a" * 300 + "@b.c",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert email_key(text) == ""
    with pytest.raises(InvalidInput):
        check_email(text)
