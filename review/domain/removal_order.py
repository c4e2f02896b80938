"""Which fields has a removal order? Annex I of Regulation (EU) 2021/784 as one table: form, API and pages.

What Annex I asks and every referral says anyway (the reference, the locations, why it is terrorist content)
stands in `IN_ANY_REFERRAL`. The names of members are fixed; labels may be corrected here alone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from review.domain.canonical import canonical_json
from review.domain.senders import SenderKind

Form = Literal["line", "text", "email", "country", "time", "choice", "choices", "tick"]

MAY_ORDER: Final = frozenset({SenderKind.COMPETENT_AUTHORITY})
"""Who may send removal orders: competent authorities (Articles 3(1) and 12(1)); an IRU refers."""

SECTIONS: Final[dict[str, str]] = {
    "A": "Issue",
    "B": "Terrorist content",
    "C": "Information to the content provider",
    "D": "Member State of the hosting service provider",
    "E": "Authority that issues the order",
    "F": "Contact for follow-up",
    "G": "Redress",
}
CONTENT_KINDS: Final[dict[str, str]] = {
    "incitement": "(a) incites to terrorist offences, for example by glorifying terrorist acts",
    "solicitation": "(b) solicits somebody to commit a terrorist offence or to contribute to one",
    "participation": "(c) solicits somebody to take part in the activities of a terrorist group",
    "instruction": "(d) instructs on explosives, firearms, other weapons or methods for terrorist offences",
    "threat": "(e) threatens to commit a terrorist offence",
}
"""The five kinds of terrorist content (Article 2(7))."""
AUTHORITY_KINDS: Final[dict[str, str]] = {
    "court": "A judge, court or investigating judge",
    "law_enforcement": "A law enforcement authority",
    "other": "Another competent authority",
}


@dataclass(frozen=True)
class OrderField:
    """One member of ``order``: its section of Annex I, label, form, limit in characters, and choices.

    A ``country`` is a Member State (Article 3(1)); ``past``: a time that does not lie ahead.
    """

    member: str
    section: str
    label: str
    form: Form
    required: bool = False
    most: int = 0
    choices: Mapping[str, str] | None = None
    past: bool = False


ISSUED_AHEAD: Final = timedelta(minutes=5)
"""How far the clock of an authority may be ahead of ours."""
ORDER_FIELDS: Final = (
    OrderField("issuing_state", "A", "Member State that issues the order", "country", required=True),
    OrderField("addressee", "A", "Addressee and its legal representative", "line", most=500),
    OrderField("issued_at", "A", "Date and time of issue", "time", required=True, past=True),
    OrderField(
        "content_kinds", "B", "Kinds of terrorist content, Article 2(7)", "choices", True, 0, CONTENT_KINDS
    ),
    OrderField("no_disclosure", "C", "The content provider must not be told, Article 11(3)", "tick"),
    OrderField("cross_border", "D", "Another Member State is concerned; its authority has a copy", "tick"),
    OrderField("authority_kind", "E", "Kind of the authority", "choice", True, 0, AUTHORITY_KINDS),
    OrderField("authority_name", "E", "Name of the authority", "line", required=True, most=500),
    OrderField("representative_name", "E", "Name of its representative", "line", required=True, most=200),
    OrderField("representative_post", "E", "Post of its representative", "line", required=True, most=200),
    OrderField("file_number", "E", "File number of the authority", "line", most=200),
    OrderField("address", "E", "Postal address", "text", most=1_000),
    OrderField("telephone", "E", "Telephone", "line", most=60),
    OrderField("fax", "E", "Fax", "line", most=60),
    OrderField("email", "E", "E-mail of the authority", "email", required=True, most=254),
    OrderField("signed_at", "E", "Date of the signature", "time"),
    OrderField("signature", "E", "Stamp and signature", "text", required=True, most=2_000),
    OrderField("follow_up_contact", "F", "Contact for feedback and clarifications", "text", most=2_000),
    OrderField("home_authority_contact", "F", "Contact of the home authority", "text", most=2_000),
    OrderField(
        "redress", "G", "Where and by when the order can be challenged", "text", required=True, most=4_000
    ),
    OrderField("redress_law", "G", "Link to the national provisions", "line", most=2_000),
)
"""Every member of ``order``, in the order of Annex I."""

IN_ANY_REFERRAL: Final = (
    ("A", "reference", "Reference number of the order"),
    ("B", "items", "Exact address of the content, and what identifies it further"),
    ("B", "reason", "Why it is terrorist content"),
)
"""What Annex I asks and stands outside ``order``: section, member of the referral, label."""


@dataclass(frozen=True)
class OrderLine:
    """One field of an order that was given, ready to be shown.

    ``value`` is text, a time, ``True`` for a tick, or the labels of what was chosen.
    """

    field: OrderField
    value: str | datetime | bool | tuple[str, ...]


def written_order(order: Mapping[str, Any]) -> str:
    """The order as it is stored: canonical JSON (RFC 8785) of exactly what was sent, nulls included."""
    return canonical_json(order).decode()


def order_lines(stored: str | None) -> tuple[OrderLine, ...]:
    """What a stored order says, in the order of Annex I; nothing where there is none or it is unreadable."""
    try:
        given = json.loads(stored or "{}")
    except ValueError:
        return ()
    return tuple(_lines(given)) if isinstance(given, dict) else ()


def order_names(stored: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """The names, and the numbers and addresses, by which the issuing authority could be known."""
    told = {line.field.member: line.value for line in order_lines(stored)}
    names = {told.get("authority_name"), told.get("representative_name")}
    numbers = {told.get("file_number"), told.get("email"), told.get("telephone")}
    return (
        frozenset(name for name in names if isinstance(name, str)),
        frozenset(number for number in numbers if isinstance(number, str)),
    )


def _lines(given: Mapping[str, Any]) -> Iterator[OrderLine]:
    for field in ORDER_FIELDS:
        value = given.get(field.member)
        if value is True and field.form == "tick":
            yield OrderLine(field, True)
        elif isinstance(value, list) and field.choices:
            chosen = [str(one) for one in value]
            yield OrderLine(field, tuple(field.choices.get(one, one) for one in chosen))
        elif isinstance(value, str) and value:
            yield OrderLine(field, _shown(field, value))


def _shown(field: OrderField, value: str) -> str | datetime | tuple[str, ...]:
    if field.form == "choice":
        return ((field.choices or {}).get(value, value),)
    if field.form != "time":
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:  # a leap second, which is valid and which Python does not know
        return value
    return value if moment.tzinfo is None else moment.astimezone(UTC)
