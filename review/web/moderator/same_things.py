"""What of a case says the same several times? Said once on its page, with every item still named."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from review.queries.case_content import ItemShown, ReferralShown
from review.queries.evidence import Piece


@dataclass(frozen=True)
class Numbered:
    """An item and the number of its referral on the page."""

    item: ItemShown
    referral: int


@dataclass(frozen=True)
class Alike:
    """Referrals that give the same reason, law and urgency, with their numbers on the page."""

    numbers: tuple[int, ...]
    referrals: tuple[ReferralShown, ...]

    @property
    def items(self) -> tuple[ItemShown, ...]:
        """All items of these referrals, in their order."""
        return tuple(item for referral in self.referrals for item in referral.items)


@dataclass(frozen=True)
class SameThings:
    """``alike``: the referrals of a case, put together. ``sharing``: by the first item with an address, all
    items with it, where there are several; ``first``: that item, by each of the others; ``told``: items of
    which everything but their files was said at an earlier one; ``open_ids``: those that stand open on the
    page, in its order: all but those that were told and have no file of their own there.
    """

    alike: tuple[Alike, ...]
    sharing: Mapping[str, tuple[Numbered, ...]]
    first: Mapping[str, str]
    told: frozenset[str]
    open_ids: tuple[str, ...]

    @property
    def item_ids(self) -> tuple[str, ...]:
        """All items of the case in the order of the page, by which they are numbered."""
        return tuple(item_id for item_id, _number in self.placed)

    @property
    def placed(self) -> tuple[tuple[str, int], ...]:
        """All items of the case in the order of the page, each with the number of its referral there."""
        return _placed(self.alike)


def same_things(referrals: Sequence[ReferralShown], *, with_files: Collection[str]) -> SameThings:
    """The referrals of a case and their items, in the order of the page, with what is the same together.

    ``with_files``: the items at which files stand.
    """
    numbered = [
        Numbered(item, number) for number, referral in enumerate(referrals, 1) for item in referral.items
    ]
    addresses: dict[str, list[Numbered]] = {}
    said: set[object] = set()
    told: set[str] = set()
    for one in numbered:
        addresses.setdefault(one.item.canonical_url, []).append(one)
        words = _words(one.item)
        if words in said:
            told.add(one.item.id)
        said.add(words)
    alike = _alike(referrals)
    several = [found for found in addresses.values() if len(found) > 1]
    return SameThings(
        alike=alike,
        sharing={found[0].item.id: tuple(found) for found in several},
        first={one.item.id: found[0].item.id for found in several for one in found[1:]},
        told=frozenset(told),
        open_ids=tuple(one for one, _number in _placed(alike) if one not in told or one in with_files),
    )


def _placed(alike: Sequence[Alike]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (item.id, number)
        for some in alike
        for number, referral in zip(some.numbers, some.referrals, strict=True)
        for item in referral.items
    )


def _words(item: ItemShown) -> object:
    """Everything that the page says of an item beside its id and its files."""
    return (
        item.canonical_url, item.content_type, item.language, item.published_at, item.description,
        item.defanged,
    )  # fmt: skip


def _alike(referrals: Sequence[ReferralShown]) -> tuple[Alike, ...]:
    found: dict[object, list[tuple[int, ReferralShown]]] = {}
    for number, one in enumerate(referrals, 1):
        found.setdefault((one.reason, one.language, one.legal_basis, one.urgency), []).append((number, one))
    return tuple(
        Alike(tuple(number for number, _one in some), tuple(one for _number, one in some))
        for some in found.values()
    )


@dataclass(frozen=True)
class SameFiles:
    """``firsts``: of each file the first piece of evidence; ``copies``: by its id, all pieces with that file,
    where there are several; ``first_of``: its id by the id of each piece.
    """

    firsts: tuple[Piece, ...]
    copies: Mapping[str, tuple[Piece, ...]]
    first_of: Mapping[str, str]


def same_files(pieces: Sequence[Piece]) -> SameFiles:
    """Pieces of evidence, in the order of the page, by the digest of their bytes."""
    files: dict[str, list[Piece]] = {}
    for piece in pieces:
        files.setdefault(piece.sha256, []).append(piece)
    return SameFiles(
        firsts=tuple(some[0] for some in files.values()),
        copies={some[0].id: tuple(some) for some in files.values() if len(some) > 1},
        first_of={piece.id: some[0].id for some in files.values() for piece in some},
    )
