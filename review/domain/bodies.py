"""Reading a small JSON body by its model: every broken rule at once, unknown members too."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from review.domain.pointers import pointer_to
from review.domain.referral_problems import UNKNOWN, schema_problems
from review.errors import FieldError, InvalidInput

MOST_UNKNOWN_MEMBERS: Final = 100

_Body = TypeVar("_Body", bound=BaseModel)


def read_body(
    kind: type[_Body],
    body: Mapping[str, Any],
    *,
    refused: str,
    check: Callable[[_Body], object] = lambda _model: None,
) -> _Body:
    """The model in a strict JSON object; raises `InvalidInput`, which begins with the sentence ``refused``.

    ``check`` looks at what the model can't and raises `InvalidInput` itself, with JSON Pointers.
    """
    known = {name: value for name, value in body.items() if name in kind.model_fields}
    unknown = sorted(body.keys() - known.keys())[:MOST_UNKNOWN_MEMBERS]
    problems = [FieldError(pointer_to((name,)), "unknown_member", UNKNOWN) for name in unknown]
    model = None
    try:
        model = kind.model_validate(known)
        check(model)
    except ValidationError as failure:
        problems += schema_problems(failure)
    except InvalidInput as failure:
        problems += failure.errors
    if model is None or problems:
        raise InvalidInput(refused, errors=problems)
    return model
