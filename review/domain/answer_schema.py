"""What shape has an answer to our question on the wire? The body of ``POST .../answer``, and reading it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, WithJsonSchema
from pydantic import Field as Limits

from review.domain import schema_patterns as patterns
from review.domain.bodies import read_body
from review.domain.ids import read_id
from review.domain.questions import LONGEST_ANSWER, check_answer


def _item(text: str) -> str:
    """The id as we write it; what is no id at all stays as it is and names nothing."""
    return read_id(text, "I") or text


class AnswerBody(BaseModel):
    """The answer of a sender to a question about one item."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    answer: Annotated[
        str,
        WithJsonSchema({
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_ANSWER,
            "pattern": patterns.VISIBLE_WORDS,
        }),
    ] = Limits(description="Your answer, in your words.")  # fmt: skip
    item: (
        Annotated[
            str,
            StringConstraints(max_length=40),
            AfterValidator(_item),
            WithJsonSchema({"type": "string", "maxLength": 40}),
        ]
        | None
    ) = Limits(None, description="The item that the question is about; needed where we ask about several.")
    asked_at: (
        Annotated[str, StringConstraints(max_length=40), WithJsonSchema({"type": "string", "maxLength": 40})]
        | None
    ) = Limits(
        None,
        description="asked_at of the question that you answer: another one that was asked since is then 409.",
    )


def read_answer(body: Mapping[str, Any]) -> AnswerBody:
    """Read the body of an answer (a strict JSON object); raises `InvalidInput` with every broken rule."""
    return read_body(
        AnswerBody,
        body,
        refused="The answer is not stored; correct what is marked.",
        check=lambda model: check_answer(model.answer),
    )
