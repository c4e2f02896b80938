"""What does one address of the API promise? Declared beside its view, read by the published description."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from review.domain import schema_patterns as patterns
from review.domain.states import ItemStatus
from review.errors import (
    BadRequest,
    DatabaseBusy,
    KeyNotValid,
    KeyRequired,
    MethodNotAllowed,
    Overloaded,
    ReviewError,
    ScopeTooSmall,
    StorageFull,
    TooManyRequests,
)
from review.web.requests import LISTED, MOST_LISTED

View = TypeVar("View", bound=Callable[..., Any])
Schema = Mapping[str, Any]
Problems = tuple[type[ReviewError], ...]

MODEL: Final = "#/components/schemas/{model}"
ALWAYS: Final[Problems] = (BadRequest, MethodNotAllowed, TooManyRequests, Overloaded, DatabaseBusy)
"""What any address may answer."""
WITH_KEY: Final[Problems] = (KeyRequired, KeyNotValid, ScopeTooSmall)
"""What any address that needs a key may answer."""
WRITING: Final[Problems] = (StorageFull,)


@dataclass(frozen=True)
class Parameter:
    """A query parameter or header of a request: its schema, and one sentence."""

    schema: Schema
    sentence: str


@dataclass(frozen=True)
class Content:
    """A body in one media type: a model, or a schema of its own; ``example`` as Python value or text.

    ``line`` is the model of each line where the body is many of them.
    """

    media_type: str
    shape: type[BaseModel] | Schema
    example: Any = None
    line: type[BaseModel] | None = None


@dataclass(frozen=True)
class Answer:
    """One good answer: status, what it means, its bodies by media type, and names of its headers."""

    status: int
    sentence: str
    contents: tuple[Content, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    name: str
    title: str
    text: str
    answers: tuple[Answer, ...]
    problems: Problems = ()
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    bodies: tuple[Content, ...] = ()
    group: str = "Follow"


def lines_of(model: type[BaseModel]) -> Schema:
    """The schema of newline-delimited JSON: text with at least one line, each line by that model."""
    return {
        "type": "string",
        "pattern": r"[^\u0009-\u000d\u0020]",
        "description": "JSON objects, each on a line of its own that ends with a line feed.",
        "x-line-schema": {"$ref": MODEL.format(model=model.__name__)},
    }


def describe(operation: Operation) -> Callable[[View], View]:
    """Declare what a view promises; a test compares all of them with the addresses that exist."""

    def mark(view: View) -> View:
        view.operation = operation  # type: ignore[attr-defined]
        return view

    return mark


_TEXT: Final = {"type": "string"}
_MOMENT: Final = {"type": "string", "format": "date-time"}

PATH: Final[dict[str, Parameter]] = {
    "referral_id": Parameter({"type": "string", "pattern": patterns.identifier("R")}, "Id of a referral."),
    "item_id": Parameter({"type": "string", "pattern": patterns.identifier("I")}, "Id of an item."),
    "batch_id": Parameter({"type": "string", "pattern": patterns.identifier("B")}, "Id of a batch."),
    "endpoint_id": Parameter({"type": "string", "pattern": patterns.identifier("J")}, "Id of an endpoint."),
    "restriction_id": Parameter(
        {"type": "string", "pattern": patterns.identifier("M")}, "Id of a restriction."
    ),
}
QUERY: Final[dict[str, Parameter]] = {
    "reference": Parameter(
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\u0000]*$"},
        "Only the referral with this reference of yours.",
    ),
    "status": Parameter({"type": "string", "enum": list(ItemStatus)}, "Only referrals with this status."),
    "updated_since": Parameter(_MOMENT, "Start with changes from this moment on."),
    "batch": Parameter(
        {"type": "string", "pattern": patterns.identifier("B")}, "Only referrals of this batch."
    ),
    "limit": Parameter(
        {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": LISTED},
        "How many a page holds.",
    ),
    "cursor": Parameter(
        {"type": "string", "pattern": patterns.CURSOR}, "Where the page starts: next of the page before."
    ),
    "item": Parameter(
        {"type": "string", "pattern": patterns.identifier("I")},
        "An item of this referral: the receipt then proves its answer.",
    ),
}
REQUEST_HEADERS: Final[dict[str, Parameter]] = {
    "Idempotency-Key": Parameter(
        {"type": "string", "pattern": patterns.IDEMPOTENCY_KEY},
        "A name of your own for this request, kept for 30 days: the same key and content is answered "
        "the same again, with other content 422, and while the first is under way 409.",
    ),
    "If-None-Match": Parameter(_TEXT, "The ETag you have: 304 without a body while it still holds."),
    "Content-Encoding": Parameter(
        {"type": "string", "enum": ["identity", "gzip"]}, "How the body is packed; nothing means identity."
    ),
}
ANSWER_HEADERS: Final[dict[str, Parameter]] = {
    "Location": Parameter({"type": "string", "format": "uri-reference"}, "Where the thing is."),
    "ETag": Parameter(
        {"type": "string", "pattern": '^(W/)?"[^"]*"$'}, "Moves only with what you may see of it."
    ),
    "Idempotent-Replayed": Parameter(
        {"type": "string", "enum": ["true"]}, "The stored answer to an earlier request with this key."
    ),
    "Retry-After": Parameter({"type": "integer", "minimum": 0}, "Seconds to wait before asking again."),
    "WWW-Authenticate": Parameter({"type": "string", "enum": ["Bearer"]}, "Send a key."),
    "Allow": Parameter(_TEXT, "The methods this address answers."),
}
OPTIONAL_HEADERS: Final = ("Idempotent-Replayed",)
"""Headers that an answer may lack."""
PROBLEM_HEADERS: Final[dict[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
    507: ("Retry-After",),
}
