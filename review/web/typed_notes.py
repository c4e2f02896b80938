"""A note as it was typed into a form, of moderators or of legal; and what is said once it is written."""

from dataclasses import dataclass

from flask import flash, request

from review import db
from review.domain.notes import mentioning
from review.errors import ReviewError
from review.queries.notes import named_nobody
from review.queries.team import colleagues
from review.web import guard
from review.web.texts import gettext, ngettext

MOST_OFFERED = 50
"""Names to choose from, so that the page of a case stays light; of a larger desk the others can be typed."""
MOST_TOLD = 3
LONGEST_TOLD = 40


@dataclass(frozen=True)
class TypedNote:
    """A note as it came back with a form; ``error`` says why it was not stored.

    ``mention``: the person chosen beside the text.
    """

    text: str
    pinned: bool
    mention: str = ""
    error: ReviewError | None = None

    @property
    def whole(self) -> str:
        """The text with the mention that was chosen."""
        return mentioning(self.text, self.mention)


def typed_note() -> TypedNote:
    """The note in this request's form; NUL, which no database takes, is left out."""
    text, mention = (request.form.get(name, "").replace("\x00", "") for name in ("note", "mention"))
    return TypedNote(text, request.form.get("pinned") == "1", mention)


def names_to_mention() -> tuple[str, ...]:
    """The pseudonyms of those who are told of a mention, on their own work: everybody else who reviews.

    The same for every case, so that it tells nothing of one.
    """
    return colleagues(db.session(), account_id=guard.actor().account_id)[:MOST_OFFERED]


def tell_written(text: str) -> None:
    """Say that the note is written, and which words after an @ are the name of nobody."""
    flash(gettext("Note written."), "done")
    nobody = named_nobody(db.session(), text)
    if nobody:
        words = ", ".join(f"@{one[:LONGEST_TOLD]}" for one in nobody[:MOST_TOLD])
        sentence = ngettext(
            "%(words)s mentions nobody who reads notes. If you meant a person, write a note that names them.",
            "%(words)s mention nobody who reads notes. If you meant people, write a note that names them.",
            len(nobody),
            words=words,
        )
        flash(sentence, "warning")
