"""What may leave the desk as a file, and what becomes of it: forms, states, limits."""

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput

MOST_CASES: Final = 5_000
"""Cases of one export; each gets an event, in one transaction."""
MOST_WHOLE: Final = 500
"""Cases of a PDF or of a bundle, which somebody reads or verifies as a whole."""
KEPT_DAYS: Final = 7
"""How long a file is kept for whoever may fetch it; then it is deleted."""
MOST_WAITING: Final = 20
"""Exports of one person that are not ended yet."""
LEAST_REASON: Final = 5
LONGEST_REASON: Final = 500


class ExportForm(StrEnum):
    """What the file is: a table, one object a line, pages to read, or events with their proofs."""

    CSV = "csv"
    JSONL = "jsonl"
    PDF = "pdf"
    BUNDLE = "bundle"


class ExportState(StrEnum):
    """Where an export stands; one that is worked on waits still, with a lease."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Ending:
    """A step in the life of an export: from where, to where."""

    source: ExportState
    target: ExportState


FINISH: Final = Ending(ExportState.WAITING, ExportState.DONE)
FAIL: Final = Ending(ExportState.WAITING, ExportState.FAILED)
CANCEL: Final = Ending(ExportState.WAITING, ExportState.CANCELLED)
EXPIRE: Final = Ending(ExportState.DONE, ExportState.EXPIRED)


WHOLE: Final = frozenset({ExportForm.PDF, ExportForm.BUNDLE})
"""Forms that hold at most `MOST_WHOLE` cases."""


def check_cases(form: ExportForm, count: int) -> None:
    """Raise `InvalidInput` where a file of this form does not hold so many cases, or where there is none."""
    if not count:
        raise InvalidInput("No case is left by what you chose; choose otherwise.")
    if count > MOST_CASES:
        raise InvalidInput(f"These are more than {MOST_CASES} cases; export them in parts, by the day.")
    if form in WHOLE and count > MOST_WHOLE:
        problem = f"A PDF or evidence bundle holds at most {MOST_WHOLE} cases; choose fewer, or a table."
        raise InvalidInput(problem, errors=[FieldError("form", "too_many_cases", problem)])


def checked_reason(reason: str) -> str:
    """What an export is for, as it is kept; `InvalidInput` names the field and what is wrong with it."""
    why = reason.strip()
    missing = f"Say in {LEAST_REASON} to {LONGEST_REASON} characters what the export is for."
    problem = problem_in_text(why if len(why) >= LEAST_REASON else "", LONGEST_REASON, missing=missing)
    if problem is not None:
        raise InvalidInput(problem[1], errors=[FieldError("reason", *problem)])
    return why


FILE_ENDINGS: Final = {
    ExportForm.CSV: "csv",
    ExportForm.JSONL: "jsonl",
    ExportForm.PDF: "pdf",
    ExportForm.BUNDLE: "jsonl",
}


@dataclass(frozen=True)
class Selection:
    """Which cases: one by its id, or all that a search of records leaves; None leaves everything.

    ``since`` is the first day and ``until`` the last, of the day on which a case was opened, in UTC.
    """

    case_id: str | None = None
    intake_kind: str | None = None
    state: str | None = None
    outcome: str | None = None
    sender_id: str | None = None
    since: date | None = None
    until: date | None = None

    def told(self) -> dict[str, Any]:
        """What was chosen, as plain values, for the row and the trail."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if value is not None
        }
