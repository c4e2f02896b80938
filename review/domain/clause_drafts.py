"""What makes a draft of a clause complete, which day it may take effect, and who may publish it?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from review.domain.clause_text import (
    LONGEST_DOCUMENT,
    LONGEST_NUMBER,
    LONGEST_TITLE,
    has_words,
    slug,
    tidy,
)
from review.domain.permissions import Actor, Permission, can
from review.errors import FieldError, InvalidInput

LONGEST_TEXT = 100_000
LONGEST_REASON = 2_000
_NUMBER = re.compile(r"\d+(?:\.\d+)*[a-z]?", re.IGNORECASE)


@dataclass(frozen=True)
class Wording:
    """What a draft says; one that ``ends`` the clause has no words of its own."""

    title: str
    text: str
    valid_from: date
    reason: str
    ends: bool = False


@dataclass(frozen=True)
class Published:
    """The newest published version of a clause, as far as a draft is measured against it."""

    version: int
    title: str
    text: str
    valid_from: date
    ends: bool

    def says(self, title: str, text: str, *, on: date) -> bool:
        """Whether the clause has this very wording on a day from this version's on."""
        return (self.title, self.text) == (title, text) and not (self.ends and self.valid_from <= on)


def read_wording(values: Mapping[str, str], *, today: date, ends: bool) -> Wording:
    """The draft that somebody typed; raises `InvalidInput` with an error for each field that is wrong."""
    errors: list[FieldError] = []
    title = " ".join(values.get("title", "").split())
    text = tidy(values.get("text", "").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    reason = values.get("reason", "").replace("\r\n", "\n").strip()
    if not ends:
        errors += _check_length("title", title, LONGEST_TITLE, missing="Give the clause a title.")
        errors += _check_length("text", text, LONGEST_TEXT, missing="Write the text of the clause.")
        if text and not has_words(text):
            errors.append(FieldError("text", "missing", "Write the text of the clause in words."))
    valid_from = _read_day(values.get("valid_from", ""), today=today, errors=errors)
    errors += _check_length("reason", reason, LONGEST_REASON, missing="Say why; the trail keeps it.")
    if errors:
        raise InvalidInput("The draft is incomplete.", errors=errors)
    return Wording("" if ends else title, "" if ends else text, valid_from or today, reason, ends)


def read_place(values: Mapping[str, str]) -> tuple[str, str]:
    """Document and number of a new clause; a blank number is made of the title's words.

    Raises `InvalidInput` with an error for each field that is wrong.
    """
    document = " ".join(values.get("document", "").split())
    typed = " ".join(values.get("number", "").split())
    errors = _check_length("document", document, LONGEST_DOCUMENT, missing="Name the document it belongs to.")
    if len(typed) > LONGEST_NUMBER - 5:
        detail = f"Use at most {LONGEST_NUMBER - 5} characters."
        errors.append(FieldError("number", "too_long", detail))
    if errors:
        raise InvalidInput("The draft is incomplete.", errors=errors)
    number = typed if _NUMBER.fullmatch(typed) else slug(typed or values.get("title", ""))
    return document, number


def check_wording(wording: Wording, newest: Published | None, *, today: date) -> None:
    """Raise `InvalidInput` where a draft cannot follow the newest published version.

    It may not change the past: it takes effect today or later, and not before that version does.
    """
    if wording.valid_from < today:
        raise _wrong("valid_from", "past", "This day has passed; choose today (UTC) or a later day.")
    if newest is None:
        if wording.ends:
            raise _wrong("valid_from", "never_in_force", "The clause was never in force; discard its draft.")
        return
    if wording.valid_from < newest.valid_from:
        day = newest.valid_from.isoformat()
        raise _wrong(
            "valid_from", "before_newest", f"Version {newest.version} holds from {day}; choose it or later."
        )
    if wording.ends and newest.ends:
        raise _wrong("valid_from", "ended", f"Version {newest.version} ends the clause already.")
    if not wording.ends and newest.says(wording.title, wording.text, on=wording.valid_from):
        raise _wrong(
            "text", "unchanged", f"Title and text are those of version {newest.version}; change one."
        )


def may_publish(actor: Actor, *, drafted_by: str) -> bool:
    """Whether this person may publish what ``drafted_by`` (an account's id) saved last: never one's own."""
    return (
        can(actor, Permission.PUBLISH_CLAUSES)
        and actor.account_id is not None
        and actor.account_id != drafted_by
    )


def _wrong(field: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(field, code, detail)])


def _check_length(field: str, text: str, most: int, *, missing: str) -> list[FieldError]:
    if not text:
        return [FieldError(field, "missing", missing)]
    if len(text) > most:
        return [FieldError(field, "too_long", f"Use at most {most} characters; these are {len(text)}.")]
    return []


def _read_day(typed: str, *, today: date, errors: list[FieldError]) -> date | None:
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        errors.append(FieldError("valid_from", "not_a_day", "Give a day, such as 2026-11-21."))
        return None
    if day < today:
        detail = "This day has passed; choose today (UTC) or a later day."
        errors.append(FieldError("valid_from", "past", detail))
    return day
