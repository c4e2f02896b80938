"""What shape has a report of the platform on the wire? The bodies, reading them, and what is answered."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic import Field as Limits

from review.domain import schema_patterns as patterns
from review.domain.api_schema import Answer, Moment, NullableMoment
from review.domain.bodies import read_body
from review.domain.referral_schema import Time
from review.domain.restrictions import LONGEST_REASON, RestrictionState, checked_reason
from review.errors import FieldError, InvalidInput

REFUSED: Final = "The report is not stored; correct what is marked."
RestrictionId = Annotated[str, WithJsonSchema({"type": "string", "pattern": patterns.identifier("M")})]


class ImplementedBody(BaseModel):
    """The restriction is in place."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    at: Time = Limits(description="Since when it is in place: not before the decision, not to come.")


class FailedBody(BaseModel):
    """The restriction cannot be put in place."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reason: Annotated[
        str,
        WithJsonSchema({
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_REASON,
            "pattern": patterns.VISIBLE_WORDS,
        }),
    ] = Limits(description="Why, in words for our staff.")  # fmt: skip


class RestrictionReport(Answer):
    """How a restriction stands."""

    id: RestrictionId
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": list(RestrictionState)})]
    starts_at: Moment = Limits(description="When it was decided.")
    implemented_at: NullableMoment = Limits(description="Since when it is in place.")
    failed_at: NullableMoment = Limits(description="When a failure was reported.")
    reason: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})] = Limits(
        description="Why it failed."
    )


def read_implemented(body: Mapping[str, Any]) -> ImplementedBody:
    """Read a report that it is in place (a strict JSON object); raises `InvalidInput` with what is wrong."""
    return read_body(ImplementedBody, body, refused=REFUSED)


def read_failed(body: Mapping[str, Any]) -> FailedBody:
    """Read a report that it failed (a strict JSON object); raises `InvalidInput` with what is wrong."""
    return read_body(FailedBody, body, refused=REFUSED, check=_check_reason)


def _check_reason(body: FailedBody) -> None:
    try:
        checked_reason(body.reason)
    except InvalidInput as failure:  # the rule names the field as a form does
        errors = [FieldError(f"/{one.pointer}", one.code, one.detail) for one in failure.errors]
        raise InvalidInput(failure.detail, errors=errors) from failure
