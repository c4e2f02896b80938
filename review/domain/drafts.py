"""Which text did a form begin with? Two windows of one person must not overwrite each other unseen."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any, Final

WINDOW: Final = "window"
"""The field of a stored draft that names the window which saved it; no field of the review."""
NONE: Final = "none"
"""The version of a draft that is not there."""
LONGEST_WINDOW: Final = 40


def draft_version(fields: Mapping[str, Any] | None) -> str:
    """The version of a stored draft: 16 hexadecimal digits of its own words, ``none`` where there is none."""
    if fields is None:
        return NONE
    words = {name: value for name, value in fields.items() if name != WINDOW}
    return sha256(dumps(words, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SeenDraft:
    """What a form knows of the draft: the ``version`` that its page showed, and its own ``window``.

    ``window`` is blank where no script runs: then the version alone decides.
    """

    version: str
    window: str = ""

    def is_behind(self, stored: Mapping[str, Any] | None) -> bool:
        """Whether another window saved something since; what this window saved itself it knows."""
        if stored is None or draft_version(stored) == self.version:
            return False
        return not self.window or stored.get(WINDOW) != self.window
