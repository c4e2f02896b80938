"""The tree of RFC 6962 against the public vectors and against its own definition, written out naively."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    Reader,
    complete_subtrees,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from tests.data import public_data

LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(1000)]


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over leaf hashes, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = split_of(len(leaves))
    return node_hash(mth(leaves[:split]), mth(leaves[split:]))


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = split_of(len(leaves))
    if index < split:
        return [*path_of(index, leaves[:split]), mth(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), mth(leaves[:split])]


def subproof(first: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if first == len(leaves):
        return [] if known else [mth(leaves)]
    split = split_of(len(leaves))
    if first <= split:
        return [*subproof(first, leaves[:split], known), mth(leaves[split:])]
    return [*subproof(first - split, leaves[split:], False), mth(leaves[:split])]


def split_of(size: int) -> int:
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def reader_of(leaves: Sequence[bytes]) -> Reader:
    def read(level: int, index: int) -> bytes:
        covered = leaves[index << level : (index + 1) << level]
        assert len(covered) == 1 << level, "asked for a subtree that is not complete"
        return mth(covered)

    return read


def vectors(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(str(file), json.loads(file.read_bytes())) for file in sorted(folder.rglob("*.json"))]


def hashes_in(vector: dict[str, Any], name: str) -> list[bytes]:
    return [base64.b64decode(one) for one in vector[name] or []]


def inclusion_verdict(vector: dict[str, Any]) -> bool:
    return verify_inclusion(
        base64.b64decode(vector["leafHash"]),
        index=vector["leafIdx"],
        size=vector["treeSize"],
        path=hashes_in(vector, "proof"),
        root=base64.b64decode(vector["root"]),
    )


def consistency_verdict(vector: dict[str, Any]) -> bool:
    return verify_consistency(
        vector["size1"],
        vector["size2"],
        path=hashes_in(vector, "proof"),
        first_root=base64.b64decode(vector["root1"]),
        second_root=base64.b64decode(vector["root2"]),
    )


def test_every_public_vector_is_judged_as_published() -> None:
    folder = public_data() / "merkle" / "testdata"
    inclusion = vectors(folder / "inclusion")
    consistency = vectors(folder / "consistency")
    assert len(inclusion) + len(consistency) == 196
    wrong = [name for name, vector in inclusion if inclusion_verdict(vector) is vector["wantErr"]]
    wrong += [name for name, vector in consistency if consistency_verdict(vector) is vector["wantErr"]]
    assert wrong == []


def test_hashes_have_the_published_values() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    two = node_hash(leaf_hash(b""), leaf_hash(b"\x00"))
    assert two.hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


@pytest.mark.parametrize("size", range(65))
def test_roots_follow_the_definition(size: int) -> None:
    leaves = LEAVES[:size]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    assert root_of(leaves) == tree_root(size, reader_of(leaves)) == frontier.root() == mth(leaves)
    assert frontier.size == size


@given(st.lists(st.integers(0, 70), max_size=6))
def test_many_leaves_at_a_time_make_the_same_tree(portions: list[int]) -> None:
    by_one, by_many = Frontier(), Frontier()
    for portion in portions:
        leaves = LEAVES[by_one.size : by_one.size + portion]
        completed = by_many.extend(leaves, height=3)
        for leaf in leaves:
            by_one.append(leaf)
        begun, ended = (by_one.size - len(leaves)) // 8, by_one.size // 8
        assert completed == [mth(LEAVES[8 * number : 8 * number + 8]) for number in range(begun, ended)]
        assert (by_many.size, by_many.subtrees) == (by_one.size, by_one.subtrees)
    with pytest.raises(ValueError, match="hashes"):
        by_many.extend([b"entry"])


@pytest.mark.parametrize("size", range(65))
def test_every_leaf_of_a_tree_is_proven(size: int) -> None:
    leaves = LEAVES[:size]
    read, root = reader_of(leaves), mth(leaves)
    for index, leaf in enumerate(leaves):
        path = inclusion_path(index, size, read)
        assert path == path_of(index, leaves)
        assert verify_inclusion(leaf, index=index, size=size, path=path, root=root)
        assert not verify_inclusion(LEAVES[-1], index=index, size=size, path=path, root=root)


@pytest.mark.parametrize("second", range(65))
def test_every_smaller_tree_is_proven_a_prefix(second: int) -> None:
    read, second_root = reader_of(LEAVES[:second]), mth(LEAVES[:second])
    for first in range(second + 1):
        path = consistency_path(first, second, read)
        first_root = mth(LEAVES[:first])
        assert path == (subproof(first, LEAVES[:second], True) if first else [])
        assert verify_consistency(first, second, path=path, first_root=first_root, second_root=second_root)
        if first:
            forged = mth([LEAVES[-1], *LEAVES[1:first]])
            assert not verify_consistency(
                first, second, path=path, first_root=forged, second_root=second_root
            )


@given(st.integers(1, 300), st.randoms())
def test_no_changed_inclusion_path_is_believed(size: int, random: Any) -> None:
    leaves = LEAVES[:size]
    index = random.randrange(size)
    path = inclusion_path(index, size, reader_of(leaves))
    root = root_of(leaves)
    changes = [[*path, root], path[:-1], [b"", *path], path[::-1], [root, *path]]
    changes += [[*path[:at], bytes(32), *path[at + 1 :]] for at in range(len(path))]
    for changed in changes:
        if changed != path:
            assert not verify_inclusion(leaves[index], index=index, size=size, path=changed, root=root)
    for other in {index - 1, index + 1, size} - {index}:
        assert not verify_inclusion(leaves[index], index=other, size=size, path=path, root=root)


@given(st.integers(1, 300), st.integers(1, 300), st.randoms())
def test_no_changed_consistency_path_is_believed(one: int, other: int, random: Any) -> None:
    first, second = sorted((one, other))
    path = consistency_path(first, second, reader_of(LEAVES[:second]))
    first_root, second_root = root_of(LEAVES[:first]), root_of(LEAVES[:second])
    changes = [[*path, second_root], path[:-1], [first_root, *path], [b"", *path]]
    if path:
        at = random.randrange(len(path))
        changes.append([*path[:at], bytes(32), *path[at + 1 :]])
    for changed in changes:
        if changed != path:
            assert not verify_consistency(
                first, second, path=changed, first_root=first_root, second_root=second_root
            )


def test_a_rewritten_tree_is_not_consistent() -> None:
    rewritten = [*LEAVES[:5], LEAVES[900], *LEAVES[6:12]]
    for first in range(6, 12):
        path = consistency_path(first, 12, reader_of(rewritten))
        assert not verify_consistency(
            first, 12, path=path, first_root=mth(LEAVES[:first]), second_root=mth(rewritten)
        )


@pytest.mark.parametrize(
    ("first", "second", "path", "first_root", "second_root", "believed"),
    [
        (0, 3, [], EMPTY_ROOT, mth(LEAVES[:3]), True),
        (0, 3, [EMPTY_ROOT], EMPTY_ROOT, mth(LEAVES[:3]), False),
        (0, 3, [], mth(LEAVES[:3]), mth(LEAVES[:3]), False),
        (0, 0, [], EMPTY_ROOT, EMPTY_ROOT, True),
        (-1, 3, [], EMPTY_ROOT, mth(LEAVES[:3]), False),
        (4, 3, [], mth(LEAVES[:4]), mth(LEAVES[:3]), False),
        (3, 3, [], mth(LEAVES[:3]), mth(LEAVES[:4]), False),
    ],
)
def test_sizes_at_the_edge_are_judged(
    first: int, second: int, path: list[bytes], first_root: bytes, second_root: bytes, believed: bool
) -> None:
    judged = verify_consistency(first, second, path=path, first_root=first_root, second_root=second_root)
    assert judged is believed


def test_paths_outside_the_tree_are_refused() -> None:
    read = reader_of(LEAVES[:3])
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_path(3, 3, read)
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_path(-1, 3, read)
    with pytest.raises(ValueError, match="is not the beginning"):
        consistency_path(4, 3, read)
    with pytest.raises(ValueError, match="cannot have"):
        tree_root(-1, read)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_frontier_goes_on_from_its_stored_subtrees(one: int, other: int) -> None:
    first, second = sorted((one, other))
    read = reader_of(LEAVES[:first])
    resumed = Frontier(first, [read(level, index) for level, index in complete_subtrees(first)])
    for leaf in LEAVES[first:second]:
        resumed.append(leaf)
    assert resumed.root() == root_of(LEAVES[:second])
    assert resumed.subtrees == Frontier(second, resumed.subtrees).subtrees
    assert len(resumed.subtrees) == second.bit_count()


def test_a_frontier_refuses_what_is_no_hash() -> None:
    with pytest.raises(ValueError, match="other complete subtrees"):
        Frontier(3, [bytes(32)])
    with pytest.raises(ValueError, match="other complete subtrees"):
        Frontier(1, [bytes(31)])
    with pytest.raises(ValueError, match="hash of a leaf"):
        Frontier().append(b"entry")
