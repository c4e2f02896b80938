"""What shape has a complaint on the wire? The body of ``POST .../complaint``, and reading it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic import Field as Limits

from review.domain import schema_patterns as patterns
from review.domain.bodies import read_body
from review.domain.complaints import LONGEST_REASONS, check_reasons


class ComplaintBody(BaseModel):
    """What a sender says against the decision on one of its items."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reasons: Annotated[
        str,
        WithJsonSchema({
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_REASONS,
            "pattern": patterns.VISIBLE_WORDS,
        }),
    ] = Limits(description="Why the decision is wrong, in your words.")  # fmt: skip


def read_complaint(body: Mapping[str, Any]) -> ComplaintBody:
    """Read the body of a complaint (a strict JSON object); raises `InvalidInput` with every broken rule."""
    return read_body(
        ComplaintBody,
        body,
        refused="The complaint is not stored; correct what is marked.",
        check=lambda model: check_reasons(model.reasons),
    )
