"""What may an internal note say, whom does it mention, and who may read it?"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from review.domain.states import LIVE, CaseState
from review.domain.written import is_like_erased
from review.errors import InvalidInput

LONGEST_NOTE: Final = 5_000
MOST_MENTIONS: Final = 20
_MENTION: Final = re.compile(r"(?<![\w@])@(?=([^\s@]+)(?:[ \u00a0]([^\s@]+))?)")
_AFTER: Final = ".,;:!?…)]}»”\"'"
_NAME: Final = re.compile(r"(?:reviewer|legal)[ \u00a0_-]?[a-z]?\d+", re.IGNORECASE)
"""What looks like a pseudonym of somebody who reads notes, so that a wrong one can be told."""


def note_text(typed: str) -> str:
    """What was typed as it is stored: one kind of line end, nothing blank around it.

    Control characters stay, and are shown as what they are. Raises `InvalidInput` for an empty note, or one
    of more than 5 000 characters, or one that would be taken for an erased text.
    """
    text = typed.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidInput("The note is empty; write what your colleagues should know.")
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(
            f"A note has {LONGEST_NOTE} characters at most; these are {len(text)}. Shorten it, or write two."
        )
    if is_like_erased(text):
        raise InvalidInput("The note reads like the mark of an erased text; write it in other words.")
    return text


def names_in(text: str) -> tuple[tuple[str, ...], ...]:
    """For each ``@`` that begins a word, the names that it may stand for, the longest first.

    Raises `InvalidInput` where there are more than 20.
    """
    found = tuple(dict.fromkeys(_names(text)))
    if len(found) > MOST_MENTIONS:
        raise InvalidInput(f"A note mentions {MOST_MENTIONS} people at most; these are {len(found)}.")
    return found


def _names(text: str) -> Iterator[tuple[str, ...]]:
    for mention in _MENTION.finditer(text):
        first, second = mention[1], (mention[2] or "").rstrip(_AFTER)
        bare = first.rstrip(_AFTER)
        whole = (f"{first} {second}",) if second and bare == first else ()
        if bare:
            yield (*whole, bare)


def mentioned(names: tuple[tuple[str, ...], ...], known: Mapping[str, str]) -> tuple[str, ...]:
    """Which of these people are mentioned, by what ``known`` says of a name in small letters.

    Raises `InvalidInput` for what is written like a pseudonym and is nobody's: a note cannot be corrected.
    """
    found: dict[str, None] = {}
    for candidates in names:
        name = next((known[one.lower()] for one in candidates if one.lower() in known), None)
        meant = next((one for one in candidates if _NAME.fullmatch(one)), None)
        if name is not None:
            found[name] = None
        elif meant is not None:
            raise InvalidInput(
                f"Nobody who reads notes is called {meant}; correct the name or take the @ away."
            )
    return tuple(found)


def nobodys(names: tuple[tuple[str, ...], ...], known: Collection[str]) -> tuple[str, ...]:
    """The words after an ``@`` that are the name of nobody in ``known``, whose names are in small letters."""
    return tuple(each[-1] for each in names if not any(one.lower() in known for one in each))


def mentioning(text: str, name: str) -> str:
    """The text with a mention of this person before it, unless it has one or says nothing."""
    if not name or not text.strip() or any(name in each for each in _names(text)):
        return text
    return f"@{name} {text.lstrip()}"


AFTER_OTHERS: Final = (CaseState.SECOND_REVIEW, CaseState.RESOLVING, CaseState.COMPLAINT)
"""States in which a case is judged after others have."""


@dataclass(frozen=True)
class Reader:
    """Who wants to read the notes of a case: ``reviewed``: a review of this person stands in it.

    ``read_until``: of whoever judged it first, when they did; what was written by then they read as holder.
    """

    holds: bool
    leads: bool
    reviewed: bool
    read_until: datetime | None = None


def reads_all(state: str, reader: Reader) -> bool:
    """Whether all notes of a case in this state may be read: by its holder, and once it is over by reviewers.

    Never by who judges after others: what was written since the first claim may tell a second reviewer the
    first outcome, and whoever resolves a difference, or judges after a complaint, who wrote which review.
    """
    if reader.holds:
        return state not in AFTER_OTHERS
    return reader.reviewed and state not in LIVE


def has_read(written_at: datetime, reader: Reader) -> bool:
    """Whether a first reviewer held the case after this note was written.

    It stays readable whatever becomes of the case: that it went would tell of a second review.
    """
    return reader.read_until is not None and written_at <= reader.read_until


def reads_early(reader: Reader) -> bool:
    """Whether the notes from before the first claim may be read, beside one's own, which everybody may."""
    return reader.holds or reader.leads or reader.reviewed
