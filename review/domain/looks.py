"""How does somebody come to look at a case for the first time?

Whoever referred a case, and what they call it, is kept out of the page until then, so that the first look is
at the content (guards against deference).
"""

from enum import StrEnum
from typing import Final

NO_LOOK: Final = "none"
"""What a review says whose author recorded it without a look."""


class Way(StrEnum):
    """How the first look came about: evidence was revealed, or the person chose to decide without it.

    A capture made here counts as the evidence of a case that has none of its sender.
    """

    REVEALED = "revealed"
    WITHOUT = "without"
