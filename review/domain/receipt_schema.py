"""What shape has a receipt that is checked on the wire? The JSON body of ``POST /verify`` and its answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic import Field as Limits

from review.domain.api_schema import Answer, Moment, NullableMoment
from review.domain.bodies import read_body

OTHER_TRAIL: Final = "trail"
"""The part that fails where a signature holds and the trail of this desk does not begin with its tree."""


Text = Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})]
Number = Annotated[int | None, WithJsonSchema({"type": ["integer", "null"], "minimum": 0})]


class ReceiptBody(BaseModel):
    """A receipt whose truth is asked for."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    receipt: str = Limits(min_length=1, description="The document as the desk gave it, all of its lines.")


class CosignedAnswer(Answer):
    """A witness of the desk's policy that saw the tree of the receipt."""

    witness: str = Limits(description="Its key: name, id and key.")
    at: Moment = Limits(description="The tree existed no later, by the word of the witness.")


class VerdictAnswer(Answer):
    """What a receipt proves; members that say what was recorded are null where it proves nothing."""

    genuine: bool
    part: Text = Limits(
        description="The part that fails: size, document, checkpoint, origin, key, signature, inclusion, "
        f"opening, or {OTHER_TRAIL}; null: none."
    )
    field: Text = Limits(description="The value that was changed, where that is what fails.")
    reason: Text = Limits(description="The same as a sentence.")
    event_type: Text
    object_id: Text = Limits(description="The referral that was received, or the item that was answered.")
    recorded_at: NullableMoment = Limits(description="The desk's own word.")
    position: Number = Limits(description="Of the entry, counted from 0.")
    origin: Text
    size: Number = Limits(description="Entries that the signed tree has.")
    root: Text = Limits(description="The signed root, 64 hexadecimal digits.")
    key: Text = Limits(description="Name and id of the key that signed.")
    values: dict[str, str] = Limits(description="What the receipt opens, by name, as it was recorded.")
    closed: list[str] = Limits(description="Names of what was recorded and is closed in this receipt.")
    cosigned: list[CosignedAnswer]


def read_receipt_body(body: Mapping[str, Any]) -> str:
    """The receipt in a strict JSON object; raises `InvalidInput` with every broken rule."""
    return read_body(ReceiptBody, body, refused="No receipt is checked; correct what is marked.").receipt
