"""Where does a hash of the tree lie? Arithmetic of C2SP tlog-tiles with tiles 256 hashes wide.

A tile (level, index) holds 256 hashes of 32 bytes: on level 0 leaf hashes, above them the roots of complete
tiles of the level below. Only complete tiles are stored; what follows the last complete tile of a level is
the tail of that level.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from review.domain.merkle import HASH_BYTES, Reader, node_hash, root_of
from review.errors import TrailBroken

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES

_TILE_PATH = re.compile(
    r"tile/([0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)
ENTRIES = "tile/entries/"
_TILES_KEPT = 256
_HASHES_KEPT = 1 << 16


@dataclass(frozen=True)
class Tile:
    """One complete tile: its place, its 8192 bytes of hashes and their root of 32 bytes."""

    level: int
    index: int
    hashes: bytes
    root: bytes


def tile_root(hashes: bytes) -> bytes:
    """Root of a complete tile, 8192 bytes of hashes; ``TrailBroken`` at any other length."""
    if len(hashes) != TILE_BYTES:
        raise TrailBroken(f"A tile holds {len(hashes)} bytes where {TILE_BYTES} belong; restore a backup.")
    return root_of([hashes[start : start + HASH_BYTES] for start in range(0, TILE_BYTES, HASH_BYTES)])


def new_tiles(size: int, leaf_hashes: Sequence[bytes], tail: Callable[[int], list[bytes]]) -> list[Tile]:
    """The tiles completed by appending these leaf hashes to a tree of ``size`` leaves, lowest level first.

    ``tail(level)`` gives the hashes of a tile level that lay in no complete tile before the append; it is
    asked only for levels that complete a tile. Raises ``TrailBroken`` if it gives the wrong number.
    """
    completed: list[Tile] = []
    fresh = list(leaf_hashes)
    level = 0
    while _tail_width(size, level) + len(fresh) >= TILE_WIDTH:
        hashes = _checked_tail(size, level, tail(level)) + fresh
        first = size >> (level + 1) * TILE_HEIGHT
        tiles = [
            _tile_of(level, first + number, hashes[number * TILE_WIDTH : (number + 1) * TILE_WIDTH])
            for number in range(len(hashes) // TILE_WIDTH)
        ]
        completed += tiles
        fresh = [tile.root for tile in tiles]
        level += 1
    return completed


def reader(
    size: int, tile: Callable[[int, int], bytes | None], tail: Callable[[int], Sequence[bytes]]
) -> Reader:
    """A reader of any complete subtree of the stored tree of ``size`` leaves; it keeps what it has read.

    ``tile(level, index)`` gives the hashes of a complete tile, ``tail(level)`` those after the last one, both
    as of ``size``. The reader raises ``ValueError`` for a subtree that reaches beyond the tree and
    ``TrailBroken`` for a tile or tail that is missing or of the wrong length.
    """

    @lru_cache(maxsize=_TILES_KEPT)
    def hashes_of(level: int, index: int) -> bytes:
        if index == size >> (level + 1) * TILE_HEIGHT:
            return b"".join(_checked_tail(size, level, tail(level)))
        found = tile(level, index)
        if found is None or len(found) != TILE_BYTES:
            raise TrailBroken(f"Tile {tile_path(level, index)} is missing or damaged; restore a backup.")
        return found

    @lru_cache(maxsize=_HASHES_KEPT)
    def read(level: int, index: int) -> bytes:
        if level < 0 or index < 0 or (index + 1) << level > size:
            raise ValueError(f"a tree of {size} leaves has no complete subtree ({level}, {index})")
        if level % TILE_HEIGHT:
            return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))
        start = index % TILE_WIDTH * HASH_BYTES
        return hashes_of(level // TILE_HEIGHT, index // TILE_WIDTH)[start : start + HASH_BYTES]

    return read


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Address of a tile below the log's prefix, as ``tile/0/x001/x234/067.p/8`` (C2SP tlog-tiles).

    ``width`` is 1 to 255 for a partial tile and 256 for a complete one.
    """
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def read_tile_path(path: str) -> tuple[int, int, int] | None:
    """Level, index and width behind an address in the one spelling of `tile_path`; None for any other."""
    found = _TILE_PATH.fullmatch(path)
    if found is None:
        return None
    level, index = int(found[1]), int(found[2].replace("/x", "").removeprefix("x").replace("/", ""))
    width = int(found[3] or TILE_WIDTH)
    return (level, index, width) if tile_path(level, index, width) == path else None


def read_entries_path(path: str) -> tuple[int, int] | None:
    """Index and width of an entry bundle, ``tile/entries/`` and on as in `tile_path`; None for any other."""
    found = read_tile_path(f"tile/0/{path.removeprefix(ENTRIES)}") if path.startswith(ENTRIES) else None
    return None if found is None else found[1:]


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as C2SP tlog-tiles serves them: before each its length as two bytes, the higher first."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _tail_width(size: int, level: int) -> int:
    return (size >> level * TILE_HEIGHT) % TILE_WIDTH


def _checked_tail(size: int, level: int, hashes: Sequence[bytes]) -> list[bytes]:
    expected = _tail_width(size, level)
    if len(hashes) != expected or any(len(one) != HASH_BYTES for one in hashes):
        raise TrailBroken(
            f"{len(hashes)} hashes follow the last complete tile of level {level} where {expected} of"
            f" {HASH_BYTES} bytes belong; restore a backup."
        )
    return list(hashes)


def _tile_of(level: int, index: int, hashes: Sequence[bytes]) -> Tile:
    joined = b"".join(hashes)
    return Tile(level=level, index=index, hashes=joined, root=tile_root(joined))
