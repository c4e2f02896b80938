"""What did the sender refer? One body read into items that are good, items that are refused, and a digest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson
from pydantic import ValidationError

from review.domain.locations import Hosts, Location, LocationError, read_location
from review.domain.referral_problems import cross_member_problems, schema_problems, without_unknown_members
from review.domain.referral_schema import DEFAULTED, ItemBody, ReferralBody
from review.domain.removal_order import written_order
from review.errors import FieldError, InvalidReferral, KindNotEnabled

MOST_PROBLEMS: Final = 1_000
"""Problems listed for one body; a body with more is answered with the first of them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A copy or screenshot: ``base64`` as sent, ``content`` decoded, ``sha256`` of the content in hex."""

    pointer: str
    name: str
    media_type: str
    base64: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about the referral."""

    name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class IntakeItem:
    """One good item; ``index`` is its place in the referral as sent, ``sha256`` the sender's, lower case."""

    index: int
    location: Location
    content_type: str | None
    language: str | None
    published_at: datetime | None
    sha256: str | None
    description: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """One item that is kept and answered, but counted in nothing; its evidence is part of the original."""

    index: int
    url: str
    errors: tuple[FieldError, ...]
    evidence: tuple[Evidence, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape used in answers: index, URL as sent, errors."""
        return {"index": self.index, "url": self.url, "errors": [error.as_dict() for error in self.errors]}


@dataclass(frozen=True, slots=True)
class Intake:
    """A referral that keeps every rule; times are UTC, absent and ``null`` members are ``None``.

    ``order``: what a removal order says of Annex I, as it is stored (`written_order`).
    ``content_digest``: hex SHA-256 of the RFC 8785 form of the whole content as sent, defaults filled, nulls
    dropped, times in UTC and evidence as its digest; equal digests mean the same referral sent again.
    """

    reference: str
    intake_kind: str
    reason: str
    category: str | None
    keyword: str | None
    issuing_authority: str | None
    issuing_country: str | None
    legal_basis: str | None
    requested_action: str | None
    urgency: str
    detected_at: datetime | None
    earlier_received_at: datetime | None
    language: str | None
    transmitted_via: str
    contact: Contact | None
    good_faith: bool | None
    order: str | None
    items: tuple[IntakeItem, ...]
    refused: tuple[RefusedItem, ...]
    content_digest: str

    @property
    def evidence(self) -> Iterator[Evidence]:
        """All evidence in document order, that of refused items included, as the original needs it."""
        items: tuple[IntakeItem | RefusedItem, ...] = (*self.items, *self.refused)
        by_index = {item.index: item.evidence for item in items if item.evidence}
        for index in sorted(by_index):
            yield from by_index[index]


def is_order(body: Mapping[str, Any]) -> bool:
    """Whether a body, of whatever it is made, calls itself a removal order."""
    return body.get("intake_kind") == "removal_order"


def read_referral(
    body: Mapping[str, Any], *, hosts: Hosts, transmitted_via: str = "api", may_order: bool = False
) -> Intake:
    """Read the body of one referral (a strict JSON object); ``transmitted_via`` where it does not say.

    Raises ``KindNotEnabled`` for a removal order unless the sender ``may_order``, whatever else is wrong with
    it, and otherwise ``InvalidReferral`` with every broken rule at once.
    """
    if is_order(body) and not may_order:
        raise KindNotEnabled(
            "Removal orders are taken from competent authorities alone, and your organisation is not entered "
            "as one here; make it a referral or a notice, or write to the provider's contact point."
        )
    known, problems = without_unknown_members(body)
    for name in DEFAULTED:
        if name in known and known[name] is None:
            del known[name]
    known.setdefault("transmitted_via", transmitted_via)
    model = None
    try:
        model = ReferralBody.model_validate(known)
    except ValidationError as failure:
        problems += schema_problems(failure)
    problems += cross_member_problems(known)
    locations, refusals = read_locations(known.get("items"), hosts=hosts)
    if not locations:
        problems += refusals.values()
    if model is None or problems:
        raise _invalid(problems)
    return _intake(model, known, locations=locations, refusals=refusals)


def _invalid(problems: list[FieldError]) -> InvalidReferral:
    listed = sorted(problems, key=lambda problem: problem.pointer)[:MOST_PROBLEMS]
    rules = "one rule" if len(problems) == 1 else f"{len(problems)} rules"
    return InvalidReferral(
        f"The referral breaks {rules}; correct what the errors name and send it again.", errors=listed
    )


def read_locations(items: Any, *, hosts: Hosts) -> tuple[dict[int, Location], dict[int, FieldError]]:
    """Locations and refusals by index, of whatever stands under ``items``; non-strings are neither.

    A location that an earlier item names is refused as ``repeated_location``.
    """
    locations: dict[int, Location] = {}
    refusals: dict[int, FieldError] = {}
    first_index: dict[str, int] = {}
    for index, item in enumerate(items[:1_000] if isinstance(items, list) else ()):
        url = item.get("url") if isinstance(item, dict) else None
        if not isinstance(url, str):
            continue
        pointer = f"/items/{index}/url"
        try:
            location = read_location(url, hosts=hosts)
        except LocationError as error:
            refusals[index] = error.at(pointer)
            continue
        first = first_index.setdefault(location.match_digest, index)
        if first == index:
            locations[index] = location
        else:
            detail = f"Item {first} of this referral names this location already; name each location once."
            refusals[index] = FieldError(pointer, "repeated_location", detail)
    return locations, refusals


def _intake(
    model: ReferralBody,
    sent: Mapping[str, Any],
    *,
    locations: Mapping[int, Location],
    refusals: Mapping[int, FieldError],
) -> Intake:
    good: list[IntakeItem] = []
    refused: list[RefusedItem] = []
    for index, item in enumerate(model.items):
        evidence = _evidence(index, item, sent["items"][index]) if item.evidence else ()
        if (location := locations.get(index)) is None:
            refused.append(RefusedItem(index, item.url, (refusals[index],), evidence))
            continue
        good.append(
            IntakeItem(
                index=index,
                location=location,
                content_type=item.content_type,
                language=item.language,
                published_at=item.published_at,
                sha256=item.sha256,
                description=item.description,
                evidence=evidence,
            )
        )
    return Intake(
        reference=model.reference,
        intake_kind=model.intake_kind,
        reason=model.reason,
        category=model.category,
        keyword=model.keyword,
        issuing_authority=model.issuing_authority,
        issuing_country=model.issuing_country,
        legal_basis=model.legal_basis,
        requested_action=model.requested_action,
        urgency=model.urgency,
        detected_at=model.detected_at,
        earlier_received_at=model.earlier_received_at,
        language=model.language,
        transmitted_via=model.transmitted_via,
        contact=Contact(model.contact.name, model.contact.email) if model.contact else None,
        good_faith=model.good_faith,
        order=None if model.order is None else written_order(sent["order"]),
        items=tuple(good),
        refused=tuple(refused),
        content_digest=_content_digest(model, (*good, *refused)),
    )


def _evidence(index: int, item: ItemBody, item_as_sent: dict[str, Any]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            pointer=f"/items/{index}/evidence/{place}/content",
            name=piece.name,
            media_type=piece.media_type,
            base64=item_as_sent["evidence"][place]["content"],
            content=piece.content,
            sha256=sha256(piece.content).hexdigest(),
        )
        for place, piece in enumerate(item.evidence or ())
    )


def _content_digest(model: ReferralBody, items: tuple[IntakeItem | RefusedItem, ...]) -> str:
    content = model.model_dump(exclude_none=True)
    for item in items:
        for piece, kept in zip(content["items"][item.index].get("evidence", ()), item.evidence, strict=True):
            piece["content"] = kept.sha256
    # RFC 8785 for this model, which has ASCII member names, strings, booleans and times only; a test compares
    return sha256(orjson.dumps(content, default=datetime.isoformat, option=_CANONICAL)).hexdigest()


_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
