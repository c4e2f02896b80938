"""What is a ready-made text for a clause worth: which one fits a case, and what is left without it?

A snippet is a beginning, never the reason: an accept needs a sentence of the moderator's own beside it.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from review.domain import schema_patterns
from review.domain.clause_text import has_words
from review.domain.outward import own_id_in
from review.domain.own_sentence import new_words, sentences_of
from review.errors import FieldError, InvalidInput

KINDS: Final = ("rationale", "statement")
"""The field of the review form that a snippet is for."""
LONGEST_SNIPPET: Final = 2_000
LONGEST_LANGUAGE: Final = 35
FALLBACK_LANGUAGE: Final = "en"
SHORTEST_SENTENCE: Final = 12
"""Shorter sentences of a snippet are no more than ends of words, and are not looked for within others."""

_LANGUAGE: Final = re.compile(schema_patterns.LANGUAGE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPELLING: Final = {2: str.upper, 4: str.title}


@dataclass(frozen=True, slots=True)
class Snippet:
    """The text that stands now for one field, in one language (BCP 47), of one clause."""

    version_id: str
    kind: str
    language: str
    version: int
    text: str


def read_snippet(
    language: str, kind: str, text: str, *, colleague: str | None = None
) -> tuple[str, str, str]:
    """Language, kind and text as they are kept; raises `InvalidInput` with an error for each wrong field.

    ``colleague``: a pseudonym or e-mail address of ours that the text holds, as a statement must not.
    """
    errors: list[FieldError] = []
    language = tidy_language(language)
    if not language:
        errors.append(
            FieldError("language", "missing", "Name the language of the text, such as en or pt-BR.")
        )
    elif len(language) > LONGEST_LANGUAGE or _LANGUAGE.fullmatch(language) is None:
        detail = "Write a language tag such as ar or pt-BR (BCP 47)."
        errors.append(FieldError("language", "not_a_language", detail))
    if kind not in KINDS:
        errors.append(FieldError("kind", "not_in_list", "Choose the field that the text is for."))
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    errors += _text_errors(text, kind=kind, colleague=colleague)
    if errors:
        raise InvalidInput("The text is not saved yet; correct what is marked.", errors=errors)
    return language, kind, text


def _text_errors(text: str, *, kind: str, colleague: str | None) -> list[FieldError]:
    if not has_words(text):
        return [FieldError("text", "missing", "Write the text; withdraw it to have none.")]
    if len(text) > LONGEST_SNIPPET:
        detail = f"Write at most {LONGEST_SNIPPET} characters; these are {len(text)}."
        return [FieldError("text", "too_long", detail)]
    if _CONTROL.search(text):
        return [FieldError("text", "control_character", "Remove the control characters.")]
    return _given_away(text, colleague) if kind == "statement" else []


def _given_away(text: str, colleague: str | None) -> list[FieldError]:
    if colleague is not None:
        detail = f"Senders read this, and never learn who works here: take out “{colleague}”."
        return [FieldError("text", "names_staff", detail)]
    own_id = own_id_in(text)
    if own_id is not None:
        return [FieldError("text", "names_own_id", f"Senders read this: take out our id “{own_id}”.")]
    return []


def tidy_language(tag: str) -> str:
    """A tag in the usual spelling (RFC 5646, section 2.1.1): ``pt-BR``, ``sr-Latn``."""
    first, *rest = tag.strip().split("-")
    return "-".join([first.lower(), *(_SPELLING.get(len(part), str.lower)(part) for part in rest)])


def fitting(snippets: Collection[Snippet], kind: str, *, language: str | None) -> Snippet | None:
    """The snippet for a field in the language, else in its plain form, in English, or the first there is."""
    own = {snippet.language: snippet for snippet in snippets if snippet.kind == kind}
    wanted = tidy_language(language or "")
    for tag in (wanted, wanted.partition("-")[0], FALLBACK_LANGUAGE, min(own, default="")):
        if tag in own:
            return own[tag]
    return None


def with_snippet(text: str, snippet: str) -> str:
    """A field's text with a snippet appended, unless it stands there already."""
    if _plain(snippet) in _plain(text):
        return text
    return f"{text.rstrip()}\n\n{snippet}" if text.strip() else snippet


def stands_in(text: str, snippet: str) -> bool:
    """Whether a snippet stands in a text, untouched but for white space."""
    return bool(_plain(snippet)) and _plain(snippet) in _plain(text)


def own_words(text: str, snippets: Collection[str]) -> str:
    """What is left of a text without the snippets, white space made even.

    A snippet that was changed in one place still has its other sentences, which are no more one's own: so
    each of them is taken out as well; and of a sentence that is made of their words only the others count.
    """
    left = _plain(text)
    pieces = [_plain(snippet) for snippet in snippets]
    pieces += [
        sentence
        for snippet in pieces
        for sentence in sentences_of(snippet)
        if len(sentence) >= SHORTEST_SENTENCE
    ]
    known = sorted({piece for piece in pieces if piece}, key=len, reverse=True)
    for piece in known:
        left = left.replace(piece, " ")
    return " ".join(new_words(left, snippets).split())


def weight(text: str) -> int:
    """Characters that somebody sees: runs of white space count once, invisible characters do not."""
    return len(_plain(text))


def _plain(text: str) -> str:
    if not text.isascii():
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return " ".join(text.split())
