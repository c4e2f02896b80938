"""Do the rows of cases tell what their events do? Decided while these are still at hand, for most cases.

A case is mostly settled within few entries of the log. Its events are kept as the pass over the entries meets
them, from the first on, and compared with its rows when they have become the oldest ones kept. Where that
leaves a doubt, where an event is met later, or where the first was not met, the case is compared once more,
with all its events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.domain.plain_event import PlainEvent
from review.domain.told import Difference, Told, told_of
from review.queries.stored_cases import SET, compare_cases
from review.queries.stored_rows import OF_CASES
from review.queries.trail_rows import is_unreadable

MOST_KEPT = 2_000
"""Cases in memory."""
MOST_TEXT = 16 * 2**20
"""Bytes of their events."""
BARE_EVENT = 1_000
"""Bytes of an event without its values."""
UNCLEAR = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What comparing raises where an event or a row is not of the form that the program writes."""


@dataclass(slots=True)
class _Chain:
    events: list[Told] = field(default_factory=list)
    versions: int = 0
    length: int = 0


class PlainCases:
    """Takes the events of cases in the order of the log; ``doubt`` is told the cases that are left over."""

    def __init__(self, reader: Session, *, doubt: Callable[[str], None]) -> None:
        self._reader = reader
        self._doubt = doubt
        self._chains: dict[str, _Chain] = {}
        self._length = 0

    def take(self, event: PlainEvent) -> None:
        """An event that counts in the chain of a case, whose entry is intact."""
        case_id = event.object_id
        chain = self._chains.get(case_id)
        if chain is None and event.version == 1:
            chain = self._chains[case_id] = _Chain()
        if chain is None or chain.versions + 1 != event.version:
            if event.event_type in OF_CASES:
                self._doubt(case_id)
            return
        chain.versions += 1
        if event.event_type in OF_CASES:
            chain.events.append(told_of(event))
            length = BARE_EVENT + sum(map(len, event.values.values()))
            chain.length += length
            self._length += length
        if len(self._chains) >= MOST_KEPT + SET or self._length > MOST_TEXT:
            self.compare_oldest()

    def compare_oldest(self) -> bool:
        """Compare the oldest of those kept; False where none was left."""
        oldest = list(islice(self._chains, SET))
        chains = {case_id: self._chains.pop(case_id) for case_id in oldest}
        self._length -= sum(chain.length for chain in chains.values())
        told = {case_id: chain.events for case_id, chain in chains.items() if chain.events}
        if told:
            for case_id in self._doubtful(told):
                self._doubt(case_id)
        return bool(oldest)

    def _doubtful(self, told: dict[str, list[Told]]) -> set[str]:
        """Those of these cases with a difference; all of them where it cannot be said whose one is."""
        try:
            owners = {_owner(difference) for difference in compare_cases(self._reader, told)}
        except UNCLEAR:
            return set(told)
        except DBAPIError as error:
            if not is_unreadable(error):
                raise
            return set(told)
        return owners if owners <= told.keys() else set(told)


def _owner(difference: Difference) -> str:
    return difference.id if difference.noun == "case" else difference.owner.rpartition(" ")[2]
