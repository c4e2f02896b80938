"""Where the bytes of uploaded files lie: a folder for each below the data folder, under its id and no name.

Beside the file itself there are working files, made by checking: the groups of rows that can be sent, the
rows that need fixing, and some cells of each column.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from review.errors import StorageFull, TooLarge
from review.models.evidence_files import NO_ROOM, make_folder, sync_folder

ORIGINAL: Final = "original"
READY: Final = "ready"
BAD: Final = "bad"
SAMPLES: Final = "samples"
_PIECE: Final = 1024 * 1024


def folder_of(data_dir: Path, file_id: str) -> Path:
    """The folder of one file: ``uploads/<id>``."""
    return data_dir / "uploads" / file_id


def part_path(data_dir: Path, file_id: str, part: str) -> Path:
    """The file itself, or a working file beside it."""
    return folder_of(data_dir, file_id) / part


def keep_file(data_dir: Path, file_id: str, read: Callable[[int], bytes], *, most: int) -> tuple[int, str]:
    """Store a stream durably, piece by piece; its length and SHA-256 in hex.

    Raises `TooLarge` beyond ``most`` bytes and `StorageFull`; nothing of it is left then.
    """
    length, digest = 0, sha256()
    try:
        with new_part(data_dir, file_id, ORIGINAL) as file:
            while piece := read(_PIECE):
                length += len(piece)
                if length > most:
                    raise TooLarge(f"The file has more than {most // 1024 // 1024} MiB; send it in parts.")
                digest.update(piece)
                file.write(piece)
    except BaseException:
        drop_files(data_dir, file_id)
        raise
    return length, digest.hexdigest()


@contextmanager
def new_part(data_dir: Path, file_id: str, part: str) -> Iterator[IO[bytes]]:
    """Write a file aside; it takes its name, durably, when all of it is written. Raises `StorageFull`."""
    path = part_path(data_dir, file_id, part)
    aside = path.with_name(f".{part}")
    try:
        make_folder(path.parent)
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull("The file could not be stored; nothing was kept.") from error


def drop_files(data_dir: Path, file_id: str, *parts: str) -> None:
    """Delete these parts, or all of a file; what is gone already is no matter."""
    if not parts:
        shutil.rmtree(folder_of(data_dir, file_id), ignore_errors=True)
    for part in parts:
        with suppress(FileNotFoundError):
            part_path(data_dir, file_id, part).unlink()


def kept_files(data_dir: Path, *, older_than: datetime) -> list[str]:
    """The ids of all files of which anything is there since then: younger ones may be on their way here."""
    folder = data_dir / "uploads"
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.stat().st_mtime < older_than.timestamp())
