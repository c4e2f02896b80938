"""What happens to a file between its arrival and its referrals: states, limits, harmless cells."""

import re
from enum import StrEnum
from typing import Final

MOST_FILE_BYTES: Final = 64 * 1024 * 1024
MOST_FILE_ROWS: Final = 100_000
MOST_KEPT: Final = 20
"""Files of one sender that are neither sent nor dropped."""
KEPT_DAYS: Final = 7
"""How long a file is kept that nobody sends, and the rows of one that need fixing."""
LONGEST_NAME: Final = 200
_BEGUN: Final = r"""(?:[^\S\t\r\n]|["'])*"""
"""What may stand before a formula in its cell: blanks, quotes, apostrophes."""
_SIGN: Final = r"=+\-@＝＋－＠"
_ACTS: Final = rf"(?:\A(?={_BEGUN}[{_SIGN}\t\r\n])|(?<=[;\t\r\n])(?={_BEGUN}[{_SIGN}]))"
"""Where a cell begins that would act, also by a program that separates cells by semicolons or tabs: there
the quotes around a cell that is not the first of its line do not hold it together."""
_FORMULA: Final = re.compile(_ACTS)
_HARMLESS: Final = re.compile(f"{_ACTS}'")


class FileState(StrEnum):
    """Where a file stands. It waits to be read, asks for its columns, was checked, is sent, or is over."""

    WAITING = "waiting"
    UNMAPPED = "unmapped"
    CHECKED = "checked"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DROPPED = "dropped"


AT_WORK: Final = (FileState.WAITING, FileState.SENDING)
"""What the loop works on."""
DROPPABLE: Final = (FileState.WAITING, FileState.UNMAPPED, FileState.CHECKED, FileState.REFUSED)
"""What may still be dropped by a person; sending has begun in no other way than once and for all."""


def file_name(written: str | None) -> str:
    """The name of a file as it is kept and shown: its last part, at most 200 characters, never a path."""
    last = (written or "").replace("\0", "").replace("\\", "/").rsplit("/", 1)[-1].strip()
    return last if len(last) <= LONGEST_NAME else last[:120] + "…" + last[-79:]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula, in full-width letters or cut up either."""
    return _FORMULA.sub("'", cell)


def as_written(cell: str) -> str:
    """What `harmless` made harmless, as it was before."""
    return _HARMLESS.sub("", cell)


def rest_of(reference: str) -> str:
    """The reference under which the rest of a referral comes back whose other rows are good."""
    return f"{reference} (rest)"
