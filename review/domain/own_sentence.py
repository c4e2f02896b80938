"""Is what somebody typed a sentence of their own, or keys held down, or made of ready-made ones?

Words are counted, where a script parts them.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

LEAST_WORDS: Final = 4
"""Different words of a sentence of one's own."""
LEAST_CHARACTERS: Final = 8
"""Different characters, in scripts that put no space between words."""
ALIKE: Final = 0.7
"""Of which share of its words a sentence is made of ready-made ones, in whatever order."""
_KEPT: Final = 1_024
"""Ready-made texts whose words are kept: the same ones are asked for with every review."""
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese."""
_END: Final = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？؟])\s*")
_PART: Final = re.compile(f"{_UNSPACED.pattern}|(?:(?!{_UNSPACED.pattern})[^\\W_])+")


def is_a_sentence(text: str) -> bool:
    """Whether a text has at least four different words, or eight different characters without spaces."""
    if len({word.casefold() for word in _WORD.findall(text)}) >= LEAST_WORDS:
        return True
    return bool(_UNSPACED.search(text)) and len(set("".join(_WORD.findall(text)))) >= LEAST_CHARACTERS


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, each with its sign at the end."""
    return [one for one in _END.split(text) if one]


def length_of(text: str) -> int:
    """Its characters; where no space parts words each says about as much as two of the others."""
    return len(text) + len(_UNSPACED.findall(text))


def new_words(text: str, ready: Iterable[str]) -> str:
    """What of a text is one's own beside ready-made ones: all of it but what is made of their words.

    Of such a sentence only the other words are; it may be shorter, in another order or cut into several.
    """
    bags = [bag for one in ready for bag in _bags(one)]
    return " ".join(filter(None, (_own_of(sentence, bags) for sentence in sentences_of(text))))


@lru_cache(maxsize=_KEPT)
def _bags(text: str) -> tuple[frozenset[str], ...]:
    """The words of each sentence, together with those of the next: two may have been made one."""
    keys = [frozenset(key for _word, known in _words(one) for key in known) for one in sentences_of(text)]
    return tuple(one | other for one, other in zip(keys, [*keys[1:], frozenset()], strict=True))


def _own_of(sentence: str, ready: Sequence[frozenset[str]]) -> str:
    words = _words(sentence)
    keys = frozenset(key for _word, known in words for key in known)
    kept = set(range(len(words)))
    for bag in ready:
        if 2 * len(keys & bag) < len(keys):
            continue
        same = {place for place, (_word, known) in enumerate(words) if not bag.isdisjoint(known)}
        if len(same) >= ALIKE * len(words):
            kept -= same
    return sentence if len(kept) == len(words) else " ".join(words[place][0] for place in sorted(kept))


def _words(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Its words, each with what it is known again by: itself, or its pairs where no space parts words."""
    words = [one[0] for run in _WORD.finditer(text) for one in _PART.finditer(text, *run.span())]
    found: list[tuple[str, tuple[str, ...]]] = []
    for place, word in enumerate(words):
        pairs = "".join(words[max(0, place - 1) : place]) + word, word + "".join(words[place + 1 : place + 2])
        found.append((word, pairs if _UNSPACED.match(word) else (word.casefold(),)))
    return found
