"""What shape has an endpoint on the wire? The body of ``POST /endpoints`` and the answers about endpoints."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, WithJsonSchema
from pydantic import Field as Limits

from review.domain.addresses import Network
from review.domain.api_schema import Answer, Moment, NullableMoment
from review.domain.endpoints import LONGEST_URL, endpoint_problems
from review.domain.pointers import pointer_to
from review.domain.referral_problems import UNKNOWN, schema_problems
from review.domain.schema_patterns import identifier
from review.domain.webhooks import TOPICS, DeliveryState
from review.errors import FieldError, InvalidInput

MOST_UNKNOWN_MEMBERS: Final = 100
STATES: Final = ("on", "off", "gone")

Topic = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TOPICS)})]
EndpointId = Annotated[str, WithJsonSchema({"type": "string", "pattern": identifier("J")})]


class EndpointBody(BaseModel):
    """Where to send messages, and about what."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: Annotated[
        str,
        WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https://", "maxLength": LONGEST_URL}),
    ] = Limits(description="An https address that can be reached from the internet.")
    topics: list[Annotated[str, StringConstraints(max_length=40), *Topic.__metadata__]] = Limits(
        min_length=1, max_length=len(TOPICS), description="What to be told of."
    )


class EndpointAnswer(Answer):
    """One endpoint, without its secret."""

    id: EndpointId
    url: str
    topics: list[Topic]
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})] = Limits(
        description="gone: it answered 410 and was switched off."
    )
    created_at: Moment
    secret_at: Moment = Limits(description="Since when the newest secret signs.")
    previous_secret_until: NullableMoment = Limits(
        description="Until when the secret before signs as well; null: it does not."
    )


class EndpointList(Answer):
    """All endpoints that were not removed, the oldest first."""

    endpoints: list[EndpointAnswer]


class EndpointSecretAnswer(Answer):
    """An endpoint with its newest secret, which is not shown again."""

    id: EndpointId
    url: str
    topics: list[Topic]
    secret: Annotated[str, WithJsonSchema({"type": "string", "pattern": "^whsec_[0-9A-Za-z+/]{43}=$"})] = (
        Limits(description="Verify signatures with it (Standard Webhooks).")
    )


class DeliveryAnswer(Answer):
    """A message that was written."""

    id: Annotated[str, WithJsonSchema({"type": "string", "pattern": identifier("Z")})] = Limits(
        description="The webhook-id under which it comes."
    )
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": list(DeliveryState)})]


def read_endpoint(body: Mapping[str, Any], *, networks: Sequence[Network]) -> EndpointBody:
    """Read the body of a new endpoint (a strict JSON object); raises `InvalidInput` with all that is wrong.

    The rules for the address and the topics are looked at where the schema finds nothing wrong in them.
    """
    known = {name: value for name, value in body.items() if name in EndpointBody.model_fields}
    unknown = sorted(body.keys() - known.keys())[:MOST_UNKNOWN_MEMBERS]
    problems = [FieldError(pointer_to((name,)), "unknown_member", UNKNOWN) for name in unknown]
    model = None
    try:
        model = EndpointBody.model_validate(known)
    except ValidationError as failure:
        problems += schema_problems(failure)
    marked = {one.pointer.split("/")[1] for one in problems}
    url, topics = (None if name in marked else known[name] for name in ("url", "topics"))
    problems += [
        FieldError(pointer_to((one.pointer,)), one.code, one.detail)
        for one in endpoint_problems(url, topics, networks=networks)
    ]
    if model is None or problems:
        raise InvalidInput("The endpoint is not added; correct what is marked.", errors=problems)
    return model
