"""How much room is left where the desk keeps its files?"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from review.config import Settings

LEAST_BYTES = 1024**3
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Room:
    """The disk below one folder: what lies on it (``data``, ``database``), bytes free and in all.

    Both numbers are None where the disk does not tell.
    """

    holds: tuple[str, ...]
    free_bytes: int | None
    total_bytes: int | None

    @property
    def enough(self) -> bool:
        """Whether at least 1 GiB is free: below it requests are better sent to another machine."""
        return self.free_bytes is not None and self.free_bytes >= LEAST_BYTES

    @property
    def roomy(self) -> bool:
        """Whether also at least 5 % are free: below it somebody should make room, while all goes on."""
        if self.free_bytes is None or not self.total_bytes:
            return False
        return self.enough and self.free_bytes / self.total_bytes >= LEAST_SHARE


def rooms(settings: Settings) -> tuple[Room, ...]:
    """The disks of the data folder and of SQLite's file; one that holds both is told once."""
    disks: dict[object, tuple[Path, list[str]]] = {}
    for name, folder in _folders(settings):
        place = _existing(folder)
        _first, holds = disks.setdefault(_disk_of(place), (place, []))
        holds.append(name)
    return tuple(_room(place, tuple(holds)) for place, holds in disks.values())


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "data", settings.data_dir
    if settings.is_sqlite:
        yield "database", Path(settings.database_url.removeprefix("sqlite:///")).parent


def _existing(folder: Path) -> Path:
    """The folder, or the one above it in which it would be made."""
    return next((place for place in (folder, *folder.parents) if os.path.exists(place)), folder)


def _disk_of(place: Path) -> object:
    try:
        return os.stat(place).st_dev
    except OSError:
        return place


def _room(place: Path, holds: tuple[str, ...]) -> Room:
    try:
        found = shutil.disk_usage(place)
    except OSError:
        return Room(holds, None, None)
    return Room(holds, found.free, found.total)
