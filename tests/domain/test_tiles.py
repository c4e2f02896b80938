"""Tiles as C2SP tlog-tiles cuts them, and the tree read back through them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.domain.merkle import (
    Reader,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from review.domain.tiles import TILE_WIDTH, Tile, new_tiles, read_tile_path, reader, tile_path, tile_root
from review.errors import TrailBroken

LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(70_000)]


class StoredLog:
    """A log kept as the ledger keeps it: leaf hashes and the rows of complete tiles."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], Tile] = {}
        self.tiles_read = 0

    def append(self, leaf_hashes: Sequence[bytes]) -> list[Tile]:
        completed = new_tiles(len(self.leaves), leaf_hashes, self.tail)
        self.leaves += leaf_hashes
        self.tiles |= {(tile.level, tile.index): tile for tile in completed}
        return completed

    def tail(self, level: int) -> list[bytes]:
        if level == 0:
            known = self.leaves
        else:
            known = [tile.root for (at, _), tile in sorted(self.tiles.items()) if at == level - 1]
        return known[len(known) // TILE_WIDTH * TILE_WIDTH :]

    def tile(self, level: int, index: int) -> bytes | None:
        self.tiles_read += 1
        found = self.tiles.get((level, index))
        return None if found is None else found.hashes

    def reader(self) -> Reader:
        return reader(len(self.leaves), self.tile, self.tail)


def log_of(size: int) -> StoredLog:
    log = StoredLog()
    log.append(LEAVES[:size])
    return log


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 70_000])
def test_the_root_read_through_tiles_is_the_root_of_the_leaves(size: int) -> None:
    assert tree_root(size, log_of(size).reader()) == root_of(LEAVES[:size])


def test_seventy_thousand_leaves_make_the_tiles_of_the_specification() -> None:
    log = log_of(70_000)
    assert sorted({level for level, _ in log.tiles}) == [0, 1]
    assert sorted(index for level, index in log.tiles if level == 0) == list(range(273))
    assert [index for level, index in log.tiles if level == 1] == [0]
    assert [len(log.tail(level)) for level in range(3)] == [112, 17, 1]


@given(st.lists(st.integers(0, 400), max_size=8))
def test_batches_complete_the_same_tiles_as_one_append(batches: list[int]) -> None:
    log = StoredLog()
    for batch in batches:
        log.append(LEAVES[len(log.leaves) : len(log.leaves) + batch])
    assert log.tiles == log_of(sum(batches)).tiles


def test_a_batch_can_complete_tiles_on_two_levels() -> None:
    log = log_of(65_535)
    completed = log.append(LEAVES[65_535:65_537])
    assert [(tile.level, tile.index) for tile in completed] == [(0, 255), (1, 0)]
    assert completed[1].root == root_of(LEAVES[:65_536])


def test_a_small_batch_reads_no_tail() -> None:
    def unreadable(level: int) -> list[bytes]:
        raise AssertionError(level)

    assert new_tiles(512, LEAVES[:255], unreadable) == []


@given(st.integers(1, 1000), st.data())
def test_every_leaf_is_proven_through_tiles(size: int, data: st.DataObject) -> None:
    read = log_of(size).reader()
    older = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, older - 1))
    path = inclusion_path(index, older, read)
    root = root_of(LEAVES[:older])
    assert verify_inclusion(LEAVES[index], index=index, size=older, path=path, root=root)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_every_prefix_is_proven_through_tiles(one: int, other: int) -> None:
    first, second = sorted((one, other))
    path = consistency_path(first, second, log_of(second).reader())
    first_root, second_root = root_of(LEAVES[:first]), root_of(LEAVES[:second])
    assert verify_consistency(first, second, path=path, first_root=first_root, second_root=second_root)


def test_a_reader_reads_each_tile_once() -> None:
    log = log_of(1000)
    read = log.reader()
    for index in range(1000):
        inclusion_path(index, 1000, read)
    assert log.tiles_read == 3


def test_a_subtree_beyond_the_tree_is_refused() -> None:
    read = log_of(300).reader()
    for level, index in [(0, 300), (8, 1), (9, 0), (-1, 0), (0, -1)]:
        with pytest.raises(ValueError, match="no complete subtree"):
            read(level, index)


@pytest.mark.parametrize("stored", [None, b"", bytes(8160), bytes(8224)])
def test_a_missing_or_damaged_tile_is_reported(stored: bytes | None) -> None:
    log = log_of(600)
    with pytest.raises(TrailBroken, match="tile/0/001 is missing or damaged"):
        inclusion_path(300, 600, reader(600, lambda level, index: stored, log.tail))


def test_a_tail_of_the_wrong_length_is_reported() -> None:
    with pytest.raises(TrailBroken, match="3 of 32 bytes belong"):
        tree_root(3, reader(3, lambda level, index: None, lambda level: LEAVES[:2]))
    with pytest.raises(TrailBroken, match="1 of 32 bytes belong"):
        new_tiles(1, LEAVES[:255], lambda level: [])
    with pytest.raises(TrailBroken, match="1 of 32 bytes belong"):
        new_tiles(1, LEAVES[:255], lambda level: [b"short"])


def test_a_tile_root_is_the_root_of_its_hashes() -> None:
    assert tile_root(b"".join(LEAVES[:256])) == root_of(LEAVES[:256])
    with pytest.raises(TrailBroken, match="restore a backup"):
        tile_root(bytes(8160))


def test_tile_addresses_are_those_of_the_specification() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(0, 1_234_067, 8) == "tile/0/x001/x234/067.p/8"
    assert tile_path(1, 0) == "tile/1/000"
    assert tile_path(2, 1000, 255) == "tile/2/x001/000.p/255"


@pytest.mark.parametrize(
    "place", [(0, 0, 256), (0, 5, 3), (1, 1234, 256), (2, 1_234_067, 8), (63, 999_999_999, 255)]
)
def test_the_address_of_a_tile_is_read_back(place: tuple[int, int, int]) -> None:
    assert read_tile_path(tile_path(*place)) == place


@pytest.mark.parametrize(
    "address",
    [
        "",
        "tile/0/1",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/000/001",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/٣٣٣",
        "tile/entries/000",
    ],
)
def test_another_spelling_is_no_address_of_a_tile(address: str) -> None:
    assert read_tile_path(address) is None
