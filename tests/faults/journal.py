"""What clients were told and what they never learned: one line each, on the disk before the next request."""

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SENT, ACKNOWLEDGED, REFUSED, AMBIGUOUS, WRONG = "sent", "acknowledged", "refused", "ambiguous", "wrong"


@dataclass
class Attempt:
    """One request that would change something, what came back, and what the answer said (``told``).

    ``outcome``: acknowledged (2xx or 303), refused (409, 429, 503, 507), ambiguous (the connection died after
    the request was sent), wrong (an answer that nobody may ever get), or sent while it is under way.
    """

    number: int
    what: str
    details: dict[str, Any]
    outcome: str = SENT
    told: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Shared by all clients of one desk; each outcome is synced, so that it outlives a crash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._changed = threading.Condition()
        self._sent = 0
        self._counts = dict.fromkeys((ACKNOWLEDGED, REFUSED, AMBIGUOUS, WRONG), 0)

    def sent(self, what: str, **details: Any) -> int:
        """A request is about to leave; its number."""
        with self._changed:
            self._sent += 1
            self._write({"number": self._sent, "what": what, "details": details})
            return self._sent

    def ended(self, number: int, outcome: str, **told: Any) -> None:
        """What became of it; synced before the client goes on."""
        with self._changed:
            self._write({"number": number, "outcome": outcome, "told": told})
            os.fsync(self._file.fileno())
            self._counts[outcome] += 1
            self._changed.notify_all()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")

    def count(self, outcome: str) -> int:
        """How many attempts ended like this so far."""
        with self._changed:
            return self._counts[outcome]

    def wait_for(self, acknowledged: int, *, seconds: float = 60) -> None:
        """Wait until so many attempts were acknowledged; fails after ``seconds``."""
        with self._changed:
            reached = self._changed.wait_for(lambda: self._counts[ACKNOWLEDGED] >= acknowledged, seconds)
            assert reached, f"only {self._counts} of {acknowledged} acknowledged: the service is not back"

    def attempts(self) -> list[Attempt]:
        """Everything as it stands on the disk, in the order in which it was sent."""
        found: dict[int, Attempt] = {}
        with self._changed:  # no line is half written
            written = self.path.read_bytes()
        for line in written.splitlines():
            entry = json.loads(line)
            number = entry["number"]
            if "what" in entry:
                found[number] = Attempt(number, entry["what"], entry["details"])
            else:
                found[number].outcome, found[number].told = entry["outcome"], entry["told"]
        return list(found.values())

    def close(self) -> None:
        """No client writes any more."""
        self._file.close()
