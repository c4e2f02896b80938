"""Whom would an outward text give away? Senders and their references, people of the desk, our own ids.

A statement goes to every sender of a case, so it names nobody who refers, of this case or not: were only
those of the case refused, the refusal would tell a reviewer who they are. Letters are compared without
case, accents and invisible characters.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from review.domain.pseudonyms import STAFF_WORDS

LONG_NAME: Final = 8
"""From this length on a sender's own words are a name rather than an ordinary word."""
SHORTEST_NAME: Final = 3
"""Shorter names and references stand in too many ordinary words to be looked for."""
MOST_CUTS: Final = 8
"""Places at which an address may begin or end beside its own."""
LONG_WORD: Final = 12
"""From this length on one word between commas or dashes is looked for by itself."""

_ORDINARY: Final = frozenset({
    "administration", "administrative", "commissioner", "communication", "communications", "competent",
    "department", "directorate", "enforcement", "headquarters", "information", "intelligence",
    "international", "investigation", "investigations", "investigative", "organisation", "organization",
    "protection", "responsible", "supervision", "supervisory", "telecommunications",
})  # fmt: skip
"""Long words of many authorities' names that a statement needs for itself."""
_BETWEEN_PARTS: Final = re.compile(r"[,;:|/()\[\]–—]|\s-+\s")
_OWN_ID: Final = re.compile(
    r"(?<![0-9A-Za-z])[A-Za-z]\s?[-‐‑–]\s?[0-9A-Za-z]{4}[-‐‑–][0-9A-Za-z]{4}[-‐‑–][0-9A-Za-z]{4}(?![0-9A-Za-z])"
)
_PSEUDONYM: Final = re.compile(
    rf"(?<![0-9a-z])(?P<word>{'|'.join(sorted(map(str.lower, STAFF_WORDS)))})s?[\W_]{{0,3}}"
    r"(?P<letter>[a-z]?)[\W_]?(?P<figures>[0-9]{1,6})(?![0-9a-z])"
)
_EMAIL: Final = re.compile(r"(?P<local>[^\s@\"(),:;<>\[\]]{1,64})\s?@\s?(?P<host>[^\s@\"(),:;<>\[\]]{1,189})")
_WORD: Final = re.compile(r"\w+")
_PUNCTUATION: Final = re.compile(r"[^0-9a-z]")
_WITHOUT_SPACES: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts in which a name touches the words beside it."""


def is_telling(name: str) -> bool:
    """Whether a name or reference points at somebody: it holds a digit or ``@``, or is long."""
    return len(name) >= LONG_NAME or any(character.isdigit() or character == "@" for character in name)


def name_in(
    text: str,
    *,
    names: Collection[str],
    references: Collection[str] = (),
    registered: frozenset[str] = frozenset(),
) -> str | None:
    """The longest name or reference that a text gives away, as its sender writes it; or None.

    Of a name also each part between commas or dashes counts that has two words or more, or 12 letters.
    ``registered`` are names too, of which there may be thousands: the same set again is looked through fast.
    """
    exact, loose = _folded(text), _words(text)
    wanted = list(_index(registered).perhaps_in(loose))  # first, so that all cases quote the same spelling
    wanted += [_whole(one) for one in {*names, *references}]
    wanted += [one for name in names for one in _spoken(name)]
    found = [one for one in wanted if one.stands_in(loose if one.loose else exact)]
    return min(found, key=lambda one: (-len(one.folded), one.folded)).name.strip() if found else None


class _Wanted(NamedTuple):
    """A name as it is looked for, and as it is written; ``loose`` where only its words count."""

    folded: str
    name: str
    loose: bool

    def stands_in(self, text: str) -> bool:
        """Whether a text that was folded alike gives the name away."""
        return (
            len(self.folded) >= SHORTEST_NAME
            and self.folded in text
            and re.search(_standing_alone(self.folded), text) is not None
        )


class _Index:
    """Names by the rarest of their words, all of which stand in every text that gives the name away."""

    def __init__(self, names: Collection[str]) -> None:
        self._by_word: dict[str, list[_Wanted]] = {}
        self._others: list[_Wanted] = []
        wanted = [one for name in names for one in (_whole(name), *_spoken(name)) if one.folded]
        often = Counter(word for one in wanted for word in _WORD.findall(one.folded))
        for one in wanted:
            words = _WORD.findall(one.folded)
            if not words or _touches(one.folded[0]) or _touches(one.folded[-1]):
                self._others.append(one)
            else:
                self._by_word.setdefault(min(words, key=often.__getitem__), []).append(one)

    def perhaps_in(self, words: str) -> Iterator[_Wanted]:
        """Those that a text of these words may hold."""
        yield from self._others
        for word in set(words.split()):
            yield from self._by_word.get(word, ())


@lru_cache(maxsize=2)
def _index(names: frozenset[str]) -> _Index:
    return _Index(names)


@lru_cache(maxsize=4_096)
def _whole(name: str) -> _Wanted:
    """A name letter by letter."""
    return _Wanted(_folded(name), name, loose=False)


@lru_cache(maxsize=4_096)
def _spoken(name: str) -> tuple[_Wanted, ...]:
    """The words of a name and of its parts."""
    return tuple(_Wanted(_words(part), part, loose=True) for part in (name, *_parts(name)))


def own_id_in(text: str) -> str | None:
    """An id of ours that stands in a text, such as ``R-7K3M-9QXD-2FWT``; or None."""
    for found in _OWN_ID.finditer(_shown(text)):
        if found[0].isupper() or any(character.isdigit() for character in found[0]):
            return found[0]
    return None


def staff_candidates(text: str) -> frozenset[str]:
    """What of a text may be a pseudonym or an e-mail address of ours, in small letters.

    Between the word and the code of a pseudonym anything short may stand, or nothing: ``reviewer-K7`` and
    ``Reviewers K 7`` give ``reviewer k7``.
    """
    found = _PSEUDONYM.finditer(_folded(text))
    names = {f"{one['word']} {one['letter']}{one['figures']}" for one in found}
    return frozenset(names.union(*map(_addresses, _EMAIL.finditer(_shown(text).lower()))))


def _addresses(found: re.Match[str]) -> set[str]:
    """An address, and what is left of it without parts that words beside it may have given it."""
    local, host = found["local"], found["host"]
    starts = [0, *[cut.end() for cut in _PUNCTUATION.finditer(local)][-MOST_CUTS:]]
    ends = [*[cut.start() for cut in _PUNCTUATION.finditer(host)][:MOST_CUTS], len(host)]
    return {f"{local[start:]}@{host[:end]}" for start in starts for end in ends}


def _parts(name: str) -> Iterator[str]:
    """The parts of a name that point at somebody by themselves."""
    for part in _BETWEEN_PARTS.split(name):
        words = _words(part).split()
        letters = sum(map(len, words))
        if not words or all(word in _ORDINARY for word in words):
            continue
        if letters >= (LONG_NAME if len(words) > 1 else LONG_WORD):
            yield part


def _standing_alone(folded: str) -> str:
    """A pattern for the name between word boundaries, where its script has them."""
    before = "" if _touches(folded[0]) else r"(?<!\w)"
    after = "" if _touches(folded[-1]) else r"(?!\w)"
    return before + re.escape(folded) + after


def _touches(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_WITHOUT_SPACES)


def _shown(text: str) -> str:
    if text.isascii():  # no invisible characters, nothing to compose
        return text
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", visible)


def _folded(text: str) -> str:
    """Without case, accents and invisible characters, runs of white space as one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", _shown(text).casefold())
    plain = "".join(character for character in apart if unicodedata.category(character) != "Mn")
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _words(text: str) -> str:
    """Folded, and what stands between words as one space: ``Harbour-Watch`` is ``harbour watch``."""
    return " ".join(_WORD.findall(_folded(text)))
