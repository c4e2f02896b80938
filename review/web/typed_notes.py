"""A note as it was typed into a form, of moderators or of legal."""

from dataclasses import dataclass

from flask import request

from review.errors import ReviewError


@dataclass(frozen=True)
class TypedNote:
    """A note as it came back with a form; ``error`` says why it was not stored."""

    text: str
    pinned: bool
    error: ReviewError | None = None


def typed_note() -> TypedNote:
    """The note in this request's form; NUL, which no database takes, is left out."""
    text = request.form.get("note", "").replace("\x00", "")
    return TypedNote(text, pinned=request.form.get("pinned") == "1")
