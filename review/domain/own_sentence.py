"""Is what somebody typed a sentence, or keys held down? Words are counted, where a script parts them."""

import re
from typing import Final

LEAST_WORDS: Final = 4
"""Different words of a sentence of one's own."""
LEAST_CHARACTERS: Final = 8
"""Different characters, in scripts that put no space between words."""
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese."""


def is_a_sentence(text: str) -> bool:
    """Whether a text has at least four different words, or eight different characters without spaces."""
    if len({word.casefold() for word in _WORD.findall(text)}) >= LEAST_WORDS:
        return True
    return bool(_UNSPACED.search(text)) and len(set("".join(_WORD.findall(text)))) >= LEAST_CHARACTERS
