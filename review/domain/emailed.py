"""What may be made of a message that came by e-mail, and what must be said of who sent it?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from review.domain.display import defang
from review.domain.locations import LONGEST_URL, Hosts, LocationError, read_location
from review.domain.referrals import Intake, read_referral
from review.errors import FieldError, InvalidInput, InvalidReferral, TooLarge

LARGEST_MESSAGE: Final = 1024 * 1024
"""Bytes of one message."""
LONGEST_WORDS: Final = 2_000
LONGEST_REASON: Final = 10_000
MOST_FOUND: Final = 200
"""Addresses of one text that are offered as items."""

_ADDRESS = re.compile(r"h(?:tt|xx)ps?(?::|\[:\])//[^\s<>\"\x00-\x1f\x7f]+", re.IGNORECASE)
_BEHIND = ".,;:!?'*_|»”’…"
_CLOSING = {")": "(", "]": "[", "}": "{"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class EmailedState(StrEnum):
    """What became of it; the last two are final."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True)
class EmailedMove:
    """One way on: the state that it needs, the one that it leads to, and its event."""

    source: EmailedState
    target: EmailedState
    event: str


CONFIRM = EmailedMove(EmailedState.WAITING, EmailedState.CONFIRMED, "email.confirmed")
REFUSE = EmailedMove(EmailedState.WAITING, EmailedState.REFUSED, "email.refused")


class IdentityWay(StrEnum):
    """How somebody made sure that the message is from the sender: mail domains lie."""

    REPLY = "reply"
    TELEPHONE = "telephone"
    SIGNED = "signed"
    IN_PERSON = "in_person"
    OTHER = "other"


@dataclass(frozen=True)
class IdentityCheck:
    """How the identity of the sender was verified; ``words`` say more, and must for another way."""

    way: str
    words: str = ""


@dataclass(frozen=True)
class FoundAddress:
    """An address in a text as written there; ``own``: it is on a host of ours."""

    url: str
    own: bool


@dataclass(frozen=True)
class Statement:
    """What a person states of an e-mailed referral; members as in the API, blank where it says nothing."""

    reference: str
    intake_kind: str
    urgency: str
    reason: str
    category: str
    issuing_authority: str
    issuing_country: str
    contact_name: str
    contact_email: str
    good_faith: bool
    urls: tuple[str, ...]

    def as_body(self) -> dict[str, Any]:
        """The body that the API takes."""
        contact = {"name": self.contact_name or None, "email": self.contact_email or None}
        return {
            "reference": self.reference,
            "intake_kind": self.intake_kind,
            "urgency": self.urgency,
            "reason": self.reason,
            "category": self.category or None,
            "issuing_authority": self.issuing_authority or None,
            "issuing_country": self.issuing_country or None,
            "contact": contact if any(contact.values()) else None,
            "good_faith": self.good_faith or None,
            "items": [{"url": url} for url in self.urls],
        }


def check_size(message: bytes) -> None:
    """Raise `TooLarge` or `InvalidInput` for what cannot be stored as a message."""
    if len(message) > LARGEST_MESSAGE:
        raise TooLarge(
            f"The message has more than {LARGEST_MESSAGE} bytes and is not stored; ask for it without files."
        )
    if not message.strip():
        raise InvalidInput("The message is empty and is not stored.")


def read_statement(statement: Statement, *, arrived_at: datetime, hosts: Hosts) -> Intake:
    """The referral that is stated; ``arrived_at`` is when it reached us, which moves no clock.

    Raises `InvalidInput` with every broken rule, each at the name of its field.
    """
    body = statement.as_body() | {"earlier_received_at": arrived_at.isoformat()}
    try:
        return read_referral(body, hosts=hosts, transmitted_via="email")
    except InvalidReferral as refusal:
        errors = [FieldError(_field(one.pointer), one.code, one.detail) for one in refusal.errors]
        raise InvalidInput(refusal.detail, errors=errors) from refusal


def _field(pointer: str) -> str:
    """The field of the form behind a place in the body."""
    names = pointer.split("/")[1:] or [""]
    if names[0] == "items":
        return "more_urls"
    if names[0] == "contact":
        return f"contact_{names[1]}" if len(names) > 1 else "contact_email"
    return names[0]


def stated_columns(intake: Intake) -> Mapping[str, Any]:
    """What was stated by a person and is nowhere in the message; absent members are left out."""
    contact = intake.contact
    columns = {
        "reason": intake.reason,
        "category": intake.category,
        "issuing_authority": intake.issuing_authority,
        "issuing_country": intake.issuing_country,
        "contact_name": contact.name if contact else None,
        "contact_email": contact.email if contact else None,
        "good_faith": intake.good_faith,
    }
    return {name: value for name, value in columns.items() if value is not None}


def check_identity(check: IdentityCheck) -> None:
    """Raise `InvalidInput` unless it is said how the sender's identity was verified."""
    if check.way not in set(IdentityWay):
        _refuse("identity_way", "missing", "Say how you made sure that the message is from this sender.")
    if check.way == IdentityWay.OTHER and not check.words.strip():
        _refuse("identity_words", "missing", "Say in words how the identity was verified.")
    _check_words(check.words, "identity_words")


def check_refusal(reason: str) -> None:
    """Raise `InvalidInput` unless it is said why the message is no referral."""
    if not reason.strip():
        _refuse("refusal", "missing", "Say why this message does not become a referral.")
    _check_words(reason, "refusal")


def _check_words(words: str, field: str) -> None:
    if len(words) > LONGEST_WORDS:
        _refuse(field, "too_long", f"Write at most {LONGEST_WORDS} characters; these are {len(words)}.")
    if _CONTROL.search(words):
        _refuse(field, "control_character", "Remove the control characters.")


def _refuse(field: str, code: str, detail: str) -> None:
    raise InvalidInput(detail, errors=[FieldError(field, code, detail)])


def found_addresses(text: str, *, hosts: Hosts) -> tuple[FoundAddress, ...]:
    """The addresses in a text, defanged ones included, each location once; 200 at most."""
    found: dict[str, FoundAddress] = {}
    for match in _ADDRESS.finditer(text):
        url = _ended(match[0])
        if len(url) > LONGEST_URL:
            continue  # no location, see `read_location`
        try:
            key, own = read_location(url, hosts=hosts).match_digest, True
        except LocationError:
            key, own = url, False
        found.setdefault(key, FoundAddress(url, own))
        if len(found) == MOST_FOUND:
            break
    return tuple(found.values())


def _ended(url: str) -> str:
    """The address without the punctuation of the sentence around it; brackets that it opens stay."""
    end = len(url) if len(url) <= LONGEST_URL else 0
    while end and (
        url[end - 1] in _BEHIND
        or (
            url[end - 1] in _CLOSING
            and url.count(_CLOSING[url[end - 1]], 0, end) < url.count(url[end - 1], 0, end)
        )
    ):
        end -= 1
    return url[:end] or url


def defanged_text(text: str) -> str:
    """The text with every address in it written so that no program makes a link of it."""
    return _ADDRESS.sub(lambda match: defang(match[0]), text)
