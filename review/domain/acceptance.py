"""What became of the items of one sender, authority or country: shares with their intervals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from review.domain.agreement import Estimate, wilson


class Answered(NamedTuple):
    """So many answered items of one sender that name one authority, with one outcome."""

    sender_id: str
    sender: str
    authority: str
    country: str
    outcome: str
    reason: str | None
    items: int


@dataclass(frozen=True)
class Acceptance:
    """Items of one group: accepted, declined as no breach, and declined for any other reason."""

    name: str
    accepted: int = 0
    no_breach: int = 0
    other: int = 0

    @property
    def answered(self) -> int:
        """All of them."""
        return self.accepted + self.no_breach + self.other

    @property
    def share(self) -> Estimate:
        """Accepted of all, with Wilson's interval."""
        return wilson(self.accepted, self.answered)

    @property
    def precision(self) -> Estimate:
        """Accepted of those held against our terms or the law (product.md, sender precision)."""
        return wilson(self.accepted, self.accepted + self.no_breach)


def grouped(
    rows: Iterable[Answered], name_of: Callable[[Answered], tuple[str, str]]
) -> tuple[Acceptance, ...]:
    """The items by what ``name_of`` gives, a key and its name; in the order of names, which ranks nobody."""
    counts: dict[str, tuple[str, list[int]]] = {}
    for row in rows:
        key, name = name_of(row)
        _name, numbers = counts.setdefault(key, (name, [0, 0, 0]))
        place = 0 if row.outcome == "accepted" else 1 if row.reason == "no_breach" else 2
        numbers[place] += row.items
    found = [Acceptance(name, *numbers) for name, numbers in counts.values()]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.name)))
