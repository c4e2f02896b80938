"""Is what somebody typed a sentence of their own, or keys held down, or a ready-made one with a word changed?

Words are counted, where a script parts them.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import partial
from heapq import nlargest
from typing import Final

LEAST_WORDS: Final = 4
"""Different words of a sentence of one's own."""
LEAST_CHARACTERS: Final = 8
"""Different characters, in scripts that put no space between words."""
ALIKE: Final = 0.65
"""Twice the words that two sentences share in their order, of the words of both: above it they are alike."""
MOST_COMPARED: Final = 4
"""Ready-made sentences that one is compared with, word by word: those with most of its words."""
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese."""
_PART: Final = re.compile(f"{_UNSPACED.pattern}|(?:(?!{_UNSPACED.pattern})[^\\W_])+")


def is_a_sentence(text: str) -> bool:
    """Whether a text has at least four different words, or eight different characters without spaces."""
    if len({word.casefold() for word in _WORD.findall(text)}) >= LEAST_WORDS:
        return True
    return bool(_UNSPACED.search(text)) and len(set("".join(_WORD.findall(text)))) >= LEAST_CHARACTERS


def new_words(sentences: Iterable[str], ready: Iterable[str]) -> list[str]:
    """What of each sentence is one's own beside ready-made ones: all of it, unless it is like one of them.

    Then only the words that were put in or changed are.
    """
    others = [[one[0].casefold() for one in _tokens(other)] for other in ready]
    return [_own_of(sentence, others) for sentence in sentences]


def _own_of(sentence: str, ready: Sequence[Sequence[str]]) -> str:
    places = [(one.start(), one.end()) for one in _tokens(sentence)]
    words = [sentence[start:end].casefold() for start, end in places]
    kept = set(range(len(words)))
    for other in nlargest(MOST_COMPARED, ready, key=partial(_shared, frozenset(words))):
        kept &= _unlike(words, other)
    if len(kept) == len(words):
        return sentence
    return " ".join(sentence[start:end] for place, (start, end) in enumerate(places) if place in kept)


def _tokens(text: str) -> list[re.Match[str]]:
    """Its words, and every character where no space parts them."""
    return [one for run in _WORD.finditer(text) for one in _PART.finditer(text, *run.span())]


def _shared(words: frozenset[str], others: Sequence[str]) -> float:
    """How much of both the words are that both have, in whatever order."""
    return len(words.intersection(others)) / max(1, len(words) + len(others))


def _unlike(words: Sequence[str], others: Sequence[str]) -> set[int]:
    """The places of the words that do not stand in the other sentence: all where the two are not alike."""
    everything, least = set(range(len(words))), ALIKE * (len(words) + len(others)) / 2
    blocks = SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) < least:
        return everything
    return everything.difference(*(range(block.a, block.a + block.size) for block in blocks))
