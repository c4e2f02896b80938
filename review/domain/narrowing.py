"""What may a moderator narrow the queue to? Nothing of who sent a case can be asked for."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Narrowed:
    """Each condition that is set holds for every case; None narrows nothing."""

    content_type: str | None = None
    language: str | None = None
    severity: str | None = None
    intake_kind: str | None = None

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that are set, by the column of a case."""
        every = {
            "content_type": self.content_type,
            "language": self.language,
            "severity": self.severity,
            "intake_kind": self.intake_kind,
        }
        return {name: value for name, value in every.items() if value is not None}


EVERYTHING: Final = Narrowed()
