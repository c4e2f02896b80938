"""What shape has a referral on the wire? The body of ``POST /api/v1/referrals``, member by member."""

import re
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, LiteralString

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
    create_model,
)
from pydantic import Field as Limits
from pydantic_core import PydanticCustomError

from review import clock
from review.domain import schema_patterns as patterns
from review.domain.categories import CATEGORIES, KEYWORDS
from review.domain.countries import COUNTRIES, MEMBER_STATES
from review.domain.removal_order import ISSUED_AHEAD, ORDER_FIELDS, SECTIONS, OrderField
from review.domain.written import LIKE_ERASED, is_like_erased

IntakeKind = Literal["referral", "notice", "removal_order"]
Urgency = Literal["normal", "threat_to_life"]
Transmission = Literal["api", "form", "file", "email", "post", "phone", "platform", "other"]
ContentType = Literal[
    "text", "image", "video", "audio", "document", "account", "channel", "app", "product", "other"
]

DEFAULTED: Final = ("intake_kind", "urgency", "transmitted_via")
"""Optional members of a referral that have a default, which ``null`` stands for too."""

REMEDIES: Final[dict[str, LiteralString]] = {
    "blank": "Write at least one visible character.",
    "control_character": "Remove control characters such as line breaks.",
    "like_erased": LIKE_ERASED,
    "not_in_list": "Use a name from the published list.",
    "not_a_time": "Write a time with date, seconds and offset, such as 2019-11-21T09:30:00Z (RFC 3339).",
    "not_a_language": "Write a language tag such as ar or pt-BR (BCP 47).",
    "not_a_country": "Write two capital letters such as BE (ISO 3166-1).",
    "not_a_member_state": "Write two capital letters of a Member State of the European Union, such as BE.",
    "not_yet_issued": "Write when the order was issued: this time is still to come.",
    "not_a_digest": "Write the SHA-256 digest as 64 hexadecimal digits.",
    "not_an_email": "Write one e-mail address such as desk@example.org.",
    "not_a_media_type": "Write a media type without parameters, such as image/png (RFC 6838).",
    "repeated": "Name each once.",
    "evidence_not_canonical": "Write one byte or more as padded standard base64 without JSON escapes.",
}

_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?"
    r"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+|i-[a-z]{3,8})",
    re.IGNORECASE | re.ASCII,
)
_LONGEST_LANGUAGE = 35
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_EMAIL = re.compile(
    r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?"
)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _broken(code: LiteralString) -> PydanticCustomError:
    return PydanticCustomError(code, REMEDIES[code])


def _matching(pattern: re.Pattern[str], code: LiteralString) -> AfterValidator:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise _broken(code)
        return text

    return AfterValidator(check)


def _listed(names: frozenset[str], code: LiteralString = "not_in_list") -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise _broken(code)
        return name

    return AfterValidator(check)


def _visible_text(text: str) -> str:
    if text.isspace():
        raise _broken("blank")
    return _own_text(text)


def _one_line(text: str) -> str:
    if _CONTROL.search(text) is not None:
        raise _broken("control_character")
    return _own_text(text)


def _own_text(text: str) -> str:
    if is_like_erased(text):
        raise _broken("like_erased")
    return text


def _language_tag(text: str) -> str:
    if len(text) > _LONGEST_LANGUAGE or _LANGUAGE.fullmatch(text) is None:
        raise _broken("not_a_language")
    return text


def _moment(written: Any) -> datetime:
    """An RFC 3339 time (section 5.6) in UTC, cut to microseconds; a leap second is the second after it."""
    if not isinstance(written, str):
        raise PydanticCustomError("wrong_type", "Write a string.")
    match = _TIME.fullmatch(written)
    if match is None:
        raise _broken("not_a_time")
    date, minutes, seconds, fraction, offset = match.groups()
    leap = seconds == "60"
    try:
        moment = datetime.fromisoformat(
            f"{date}T{minutes}:{'59' if leap else seconds}.{(fraction or '0')[:6]:0<6}{offset.upper()}"
        )
        return moment.astimezone(UTC) + timedelta(seconds=1 if leap else 0)
    except (ValueError, OverflowError):
        raise _broken("not_a_time") from None


def _past(moment: datetime) -> datetime:
    """What was issued was so before now, by a clock that may go a little ahead of ours."""
    if moment > clock.now() + ISSUED_AHEAD:
        raise _broken("not_yet_issued")
    return moment


def _content(written: Any) -> bytes:
    """The bytes behind canonical base64 (RFC 4648, section 4): encoding them again gives the same text."""
    if not isinstance(written, str):
        raise PydanticCustomError("wrong_type", "Write a string.")
    try:
        content = a2b_base64(written, strict_mode=True)
    except (NotBase64, ValueError):
        raise _broken("evidence_not_canonical") from None
    if not content or b2a_base64(content, newline=False) != written.encode("ascii"):
        raise _broken("evidence_not_canonical")
    return content


def _text(longest: int, *, shortest: int = 0) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest)


def _schema(**members: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **members})


Time = Annotated[datetime, BeforeValidator(_moment), _schema(format="date-time")]
PastTime = Annotated[Time, AfterValidator(_past)]
Content = Annotated[
    bytes,
    BeforeValidator(_content),
    _schema(contentEncoding="base64", minLength=4, pattern=patterns.CANONICAL_BASE64),
]
Language = Annotated[
    str,
    AfterValidator(_language_tag),
    _schema(maxLength=_LONGEST_LANGUAGE, pattern=patterns.LANGUAGE),
]
Country = Annotated[str, _listed(COUNTRIES, "not_a_country"), _schema(enum=sorted(COUNTRIES))]
MemberState = Annotated[
    str, _listed(MEMBER_STATES, "not_a_member_state"), _schema(enum=sorted(MEMBER_STATES))
]
Digest = Annotated[
    str, _matching(_DIGEST, "not_a_digest"), AfterValidator(str.lower), _schema(pattern=patterns.SHA256)
]
Email = Annotated[
    str, _text(254), _matching(_EMAIL, "not_an_email"), _schema(maxLength=254, pattern=patterns.EMAIL)
]
MediaType = Annotated[
    str,
    _text(255),
    _matching(_MEDIA_TYPE, "not_a_media_type"),
    _schema(maxLength=255, pattern=patterns.MEDIA_TYPE),
]
Category = Annotated[str, _listed(frozenset(CATEGORIES)), _schema(enum=sorted(CATEGORIES))]
Keyword = Annotated[str, _listed(KEYWORDS), _schema(enum=sorted(KEYWORDS))]


class _Part(BaseModel):
    """Strict types, no unknown members; ``null`` is the same as absent for every optional member."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EvidenceBody(_Part):
    """A copy or screenshot sent along with an item."""

    name: Annotated[
        str,
        _text(255, shortest=1),
        AfterValidator(_visible_text),
        AfterValidator(_one_line),
        _schema(minLength=1, maxLength=255, pattern=patterns.VISIBLE_LINE),
    ] = Limits(description="File name.")
    media_type: MediaType = Limits(description="What the content is, without parameters, such as image/png.")
    content: Content = Limits(description="The bytes as padded standard base64, without JSON escapes.")


class ContactBody(_Part):
    """Whom to ask about the referral."""

    name: (
        Annotated[str, _text(200), AfterValidator(_one_line), _schema(maxLength=200, pattern=patterns.LINE)]
        | None
    ) = Limits(None, description="Name of the person or body.")
    email: Email | None = Limits(None, description="One e-mail address.")


class ItemBody(_Part):
    """One location. The URL is any string here: a bad one refuses the item, not the referral."""

    url: str = Limits(
        description="The exact location on our service: http(s), a host of ours, at most 2 048 characters; "
        "hxxp, [.] and [:] are undone. What breaks these rules, or names the location of an earlier item "
        "again, refuses this item and not the referral, as long as another item is good."
    )
    content_type: ContentType | None = Limits(None, description="What stands there.")
    language: Language | None = Limits(None, description="Language of the content (BCP 47).")
    published_at: Time | None = Limits(None, description="When it was published, as far as you know.")
    sha256: Digest | None = Limits(None, description="Digest of the content as you saw it, in hex.")
    description: Annotated[str, _text(10_000), AfterValidator(_own_text)] | None = Limits(
        None, description="What there is to see, and where in it."
    )
    evidence: Annotated[list[EvidenceBody], Limits(max_length=20)] | None = Limits(
        None, description="Copies or screenshots."
    )


def _each_once(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise _broken("repeated")
    return values


def _order_type(field: OrderField) -> Any:
    """The type of a member of ``order``, by its line in the table."""
    if field.form in ("choice", "choices"):
        one: Any = Literal.__getitem__(tuple(field.choices or ()))
        if field.form == "choice":
            return one
        limits = Limits(min_length=1, json_schema_extra={"uniqueItems": True})
        return Annotated[list[one], limits, AfterValidator(_each_once)]
    if field.form == "line":
        schema = _schema(minLength=1, maxLength=field.most, pattern=patterns.VISIBLE_LINE)
        return Annotated[
            str,
            _text(field.most, shortest=1),
            AfterValidator(_visible_text),
            AfterValidator(_one_line),
            schema,
        ]
    if field.form == "text":
        schema = _schema(minLength=1, maxLength=field.most, pattern=patterns.VISIBLE_TEXT)
        return Annotated[str, _text(field.most, shortest=1), AfterValidator(_visible_text), schema]
    time = PastTime if field.past else Time
    return {"email": Email, "country": MemberState, "time": time, "tick": bool}[field.form]


def _order_member(field: OrderField) -> tuple[Any, Any]:
    words = f"{field.label} (Annex I, {field.section}: {SECTIONS[field.section]})."
    if field.required:
        return _order_type(field), Limits(description=words)
    return _order_type(field) | None, Limits(None, description=words)


if TYPE_CHECKING:
    OrderBody = BaseModel
else:
    OrderBody = create_model(
        "OrderBody",
        __base__=_Part,
        __doc__="What a removal order says beside reference, reason and items: Annex I of Regulation (EU) "
        "2021/784.",
        **{field.member: _order_member(field) for field in ORDER_FIELDS},
    )


def _null_means_default(schema: dict[str, Any]) -> None:
    """Say in the published schema what `read_referral` does with ``null``."""
    members = schema["properties"]
    for name in DEFAULTED:
        members[name] |= {"type": ["string", "null"], "enum": [*members[name]["enum"], None]}


class ReferralBody(_Part):
    """One message from one sender."""

    model_config = ConfigDict(json_schema_extra=_null_means_default)

    reference: Annotated[
        str,
        _text(200, shortest=1),
        AfterValidator(_visible_text),
        AfterValidator(_one_line),
        _schema(minLength=1, maxLength=200, pattern=patterns.VISIBLE_LINE),
    ] = Limits(
        description="Your own name for this referral, unique among yours. The same reference with the same "
        "content is answered 200 with today's state; with other content it is 409."
    )
    intake_kind: IntakeKind = Limits(
        "referral",
        description="A referral is judged by our terms. A notice (Art. 16 DSA) also needs good_faith true "
        "and (unless its keyword names child sexual abuse) a contact with name and email. A removal_order "
        "(Art. 3 of Regulation (EU) 2021/784) needs order; of others than competent authorities it is "
        "answered 422 kind_not_enabled.",
    )
    reason: Annotated[
        str,
        _text(10_000, shortest=1),
        AfterValidator(_visible_text),
        _schema(minLength=1, maxLength=10_000, pattern=patterns.VISIBLE_TEXT),
    ] = Limits(description="Why you refer this, in your words.")
    category: Category | None = Limits(None, description="Category of the DSA Transparency Database.")
    keyword: Keyword | None = Limits(None, description="Keyword of that category.")
    issuing_authority: Annotated[str, _text(500), AfterValidator(_own_text)] | None = Limits(
        None, description="The authority behind it, where that is not you."
    )
    issuing_country: Country | None = Limits(None, description="Its country (ISO 3166-1, two letters).")
    legal_basis: Annotated[str, _text(2_000), AfterValidator(_own_text)] | None = Limits(
        None, description="The law you see broken, where there is one."
    )
    requested_action: Annotated[str, _text(200), AfterValidator(_own_text)] | None = Limits(
        None, description="What you ask for."
    )
    urgency: Urgency = Limits("normal", description="threat_to_life comes first.")
    detected_at: Time | None = Limits(None, description="When you found it.")
    earlier_received_at: Time | None = Limits(
        None, description="When it reached us by another channel before; moves no clock."
    )
    language: Language | None = Limits(None, description="Language of this referral (BCP 47).")
    transmitted_via: Transmission = Limits("api", description="How it came.")
    contact: ContactBody | None = Limits(None, description="Whom to ask about it.")
    good_faith: bool | None = Limits(
        None, description="You believe in good faith that what you say is accurate and complete."
    )
    order: OrderBody | None = Limits(
        None, description="The fields of Annex I; of a removal_order alone, which needs it."
    )
    items: Annotated[list[ItemBody], Limits(min_length=1, max_length=1_000)] = Limits(
        description="The locations. A referral with no good item is 422."
    )
