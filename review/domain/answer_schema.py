"""What shape has an answer to our question on the wire? The body of ``POST .../answer``, and reading it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError, WithJsonSchema
from pydantic import Field as Limits

from review.domain import schema_patterns as patterns
from review.domain.ids import read_id
from review.domain.pointers import pointer_to
from review.domain.questions import LONGEST_ANSWER, check_answer
from review.domain.referral_problems import UNKNOWN, schema_problems
from review.errors import FieldError, InvalidInput

MOST_UNKNOWN_MEMBERS: Final = 100


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
    known = {name: value for name, value in body.items() if name in AnswerBody.model_fields}
    unknown = sorted(body.keys() - known.keys())[:MOST_UNKNOWN_MEMBERS]
    problems = [FieldError(pointer_to((name,)), "unknown_member", UNKNOWN) for name in unknown]
    model = None
    try:
        model = AnswerBody.model_validate(known)
        check_answer(model.answer)
    except ValidationError as failure:
        problems += schema_problems(failure)
    except InvalidInput as failure:
        problems += failure.errors
    if model is None or problems:
        raise InvalidInput("The answer is not stored; correct what is marked.", errors=problems)
    return model
