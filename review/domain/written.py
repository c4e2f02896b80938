"""Does a text that somebody typed say something, in a length that we keep? One rule for many forms."""

import re
from typing import Final

ERASED: Final = re.compile(r"\[erased on ([0-9]{4}-[0-9]{2}-[0-9]{2}): ([a-z_]+)\](?: R-[0-9A-Z-]{14})?")
"""What stands in place of an erased text, with the day and the ground; nobody may write it."""
LIKE_ERASED: Final = "This reads like the mark of an erased text; write it in other words."
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def problem_in_text(text: str, longest: int, *, missing: str) -> tuple[str, str] | None:
    """Code and remedy of what is wrong with a text; None where nothing is.

    ``missing`` is the remedy where there is nothing but white space.
    """
    if not text.strip():
        return "missing", missing
    if len(text) > longest:
        return "too_long", f"Write at most {longest} characters; these are {len(text)}."
    if _CONTROL.search(text):
        return "control_character", "Remove the control characters."
    return ("like_erased", LIKE_ERASED) if is_like_erased(text) else None


def is_like_erased(text: str) -> bool:
    """Whether a text would be taken for one that was erased."""
    return ERASED.fullmatch(text.strip()) is not None
