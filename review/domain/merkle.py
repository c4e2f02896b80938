"""Does the tree add up? Roots, paths and checks of a plain RFC 6962 Merkle tree over SHA-256.

All hashes are 32 bytes. Leaves are counted from 0, levels from 0 (leaf hashes) upwards. A complete subtree
(level, index) covers the leaves from ``index << level`` up to, not including, ``(index + 1) << level``.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Reader = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree (level, index)."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one leaf: SHA-256 of 0x00 and the entry (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 of 0x01 and the two hashes below it (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over these leaf hashes, all of them in memory (RFC 6962, section 2.1)."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        lone = level[-1:] if len(level) % 2 else []
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level += lone
    return level[0]


def tree_root(size: int, read: Reader) -> bytes:
    """Root of the tree of the first ``size`` leaves (RFC 6962, section 2.1); ``ValueError`` below 0."""
    if size < 0:
        raise ValueError(f"a tree cannot have {size} leaves")
    return _range_root(0, size, read)


def inclusion_path(index: int, size: int, read: Reader) -> list[bytes]:
    """Path that proves leaf ``index`` in the tree of ``size`` leaves, its sibling first (RFC 9162, 2.1.3.1).

    Raises ``ValueError`` where that tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _left_size(stop - start)
        if index < middle:
            path.append(_range_root(middle, stop, read))
            stop = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, read: Reader) -> list[bytes]:
    """Path that proves the tree of ``first`` leaves a prefix of that of ``second`` (RFC 9162, 2.1.4.1).

    Empty when the sizes are equal or the first tree is empty; ``ValueError`` when the first is the larger.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {first} leaves is not the beginning of one of {second}")
    if first in (0, second):
        return []
    path = []
    start, stop = 0, second
    while first != stop:
        middle = start + _left_size(stop - start)
        if first <= middle:
            path.append(_range_root(middle, stop, read))
            stop = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    if start:  # at 0 this subtree is the whole first tree, whose root the verifier has
        path.append(_range_root(start, stop, read))
    return path[::-1]


def verify_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from this leaf hash at ``index`` to the root of ``size`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes([leaf, root, *path]):
        return False
    place, last = index, size - 1
    reached = leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            reached = node_hash(sibling, reached)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and reached == root


def verify_consistency(
    first: int, second: int, *, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether the path shows the second tree to begin with the whole first tree (RFC 9162, 2.1.4.2).

    Everything begins with the empty tree: from size 0 the path is empty and the first root ``EMPTY_ROOT``,
    as C2SP tlog-witness has it; that says nothing about the second root.
    """
    if not 0 <= first <= second or not _all_hashes(path):
        return False
    if first == 0 and first_root != EMPTY_ROOT:
        return False
    if first == second:
        return not path and first_root == second_root
    if not _all_hashes([first_root, second_root]):
        return False
    if first == 0:
        return not path
    whole = first & (first - 1) == 0  # then the first root itself is a node of the second tree
    steps = [first_root, *path] if whole else list(path)
    return len(steps) > 0 and _walk(steps, first=first, second=second) == (first_root, second_root)


def _walk(steps: Sequence[bytes], *, first: int, second: int) -> tuple[bytes, bytes] | None:
    """Both roots that the steps of a consistency path lead to, or ``None`` if their number is wrong."""
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


class Frontier:
    """The right edge of a growing tree: appends and gives the root, holding one hash for each 1 bit of size.

    To go on from a stored tree, give its size and the hashes of its complete subtrees, largest first.
    """

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        if size < 0 or len(subtrees) != size.bit_count() or not _all_hashes(subtrees):
            raise ValueError(f"a tree of {size} leaves has other complete subtrees")
        self._size = size
        self._subtrees = list(subtrees)

    @property
    def size(self) -> int:
        """How many leaves were appended."""
        return self._size

    @property
    def subtrees(self) -> tuple[bytes, ...]:
        """Hashes of the complete subtrees, largest first."""
        return tuple(self._subtrees)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf; ``ValueError`` if it is not a hash."""
        if len(leaf) != HASH_BYTES:
            raise ValueError("append takes the hash of a leaf, not its entry")
        waiting = self._size
        while waiting & 1:
            leaf = node_hash(self._subtrees.pop(), leaf)
            waiting >>= 1
        self._subtrees.append(leaf)
        self._size += 1

    def extend(self, leaves: Sequence[bytes], *, height: int = 0) -> list[bytes]:
        """Add the hashes of the next leaves, level by level; ``ValueError`` if one is no hash.

        Gives the hashes of the complete subtrees of this height, in levels, that these leaves complete.
        """
        if not _all_hashes(leaves):
            raise ValueError("extend takes the hashes of leaves, not their entries")
        fresh, level, lone, completed = list(leaves), 0, [], []
        while fresh:
            if level == height:
                completed = fresh[:]
            if self._size >> level & 1:
                fresh.insert(0, self._subtrees.pop())
            if len(fresh) & 1:
                lone.append(fresh.pop())
            fresh = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(fresh[::2], fresh[1::2], strict=True)
            ]
            level += 1
        self._subtrees += reversed(lone)
        self._size += len(leaves)
        return completed

    def root(self) -> bytes:
        """Root of the tree so far."""
        return _join(self._subtrees)


def complete_subtrees(size: int) -> list[tuple[int, int]]:
    """The complete subtrees (level, index) that make up a tree of ``size`` leaves, largest first."""
    return list(_subtrees_between(0, size))


def _subtrees_between(start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        level = (stop - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _range_root(start: int, stop: int, read: Reader) -> bytes:
    """Root over a range as the recursion of RFC 6962 cuts it, so that its subtrees lie on their levels."""
    return _join([read(level, index) for level, index in _subtrees_between(start, stop)])


def _join(subtrees: Sequence[bytes]) -> bytes:
    if not subtrees:
        return EMPTY_ROOT
    joined = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        joined = node_hash(left, joined)
    return joined


def _left_size(size: int) -> int:
    """The largest power of two smaller than ``size``, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _all_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
