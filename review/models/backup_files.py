"""Which files does a backup take from the data folder, and in which order? One list, and how they are copied.

What comes before the database may be older than it, never ahead of it; what comes after may be newer. So
nothing in the copy of the database points to what the backup lacks.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from review.errors import NotFound
from review.formats.backups import BackupBroken, Kept
from review.formats.key_files import CHECKPOINT, FROZEN, KEYS, PRIVATE_KEY

DATABASE = {"sqlite": "review.db", "postgresql": "review.dump"}
"""The name of the copy of the database, by its kind."""


@dataclass(frozen=True)
class Taken:
    """A file or folder below the data folder; ``after`` the database or before it.

    ``needed``: without it there is no backup. ``of_signer``: below the folder of the signer, where that is
    another one.
    """

    name: str
    after: bool
    needed: bool = False
    of_signer: bool = False


TAKEN = (
    Taken(KEYS, after=False, needed=True, of_signer=True),
    Taken(CHECKPOINT, after=False, of_signer=True),
    Taken(FROZEN, after=False, of_signer=True),
    Taken("evidence", after=True),
    Taken("uploads", after=True),
)
"""Everything that a backup takes beside the database; what is not named here can be made anew.

Not taken: the private key of a signer with a folder of its own, which the desk cannot read; the journal of
erasures, which has to outlive a backup; previews (made anew), unsent files (a day old at most), exports
(asked for again), the note that was signed and has not reached the database (signed again).
"""
OF_SIGNER = frozenset(taken.name for taken in TAKEN if taken.of_signer)


def copy_taken(folder: Path, target: Path, *, signer_dir: Path, after: bool) -> Iterator[Kept]:
    """Copy what is taken before, or after, the database; each file as it stands in the copy."""
    for taken in TAKEN:
        if taken.after != after:
            continue
        source = signer_dir if taken.of_signer else folder
        place = source / taken.name
        if not place.exists():
            if taken.needed:
                raise NotFound(f"{place} is missing: run this where the desk runs, with its settings.")
            continue
        for path in [place] if place.is_file() else _files(place):
            if path.name == PRIVATE_KEY and signer_dir != folder:
                continue
            kept = _copy(path, target, path.relative_to(source))
            if kept is not None:
                yield kept


def copy_back(source: Path, target: Path, kept: Kept) -> None:
    """Copy one file of a backup to its place; `BackupBroken` where it is not what the manifest says."""
    path = source / kept.path
    try:
        copied = _copy(path, target, Path(kept.path))
    except OSError as error:
        raise BackupBroken(f"{kept.path} cannot be read: {error.strerror}.") from error
    if copied != kept:
        raise BackupBroken(f"{kept.path} is gone or not what was backed up.")


def kept_as(folder: Path, path: Path) -> Kept:
    """A file of a backup as its manifest names it."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Kept(path.relative_to(folder).as_posix(), path.stat().st_size, digest)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _files(path)
        elif not path.name.startswith("."):  # what is still being written, and locks
            yield path


def _copy(path: Path, target: Path, name: Path) -> Kept | None:
    """Copy a file with its mode, durably; None where it is gone meanwhile."""
    copy = target / name
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return None
    with source, copy.open("xb") as file:
        os.fchmod(file.fileno(), os.fstat(source.fileno()).st_mode & 0o700 | 0o400)
        shutil.copyfileobj(source, file, 1024 * 1024)
        file.flush()
        os.fsync(file.fileno())
    return kept_as(target, copy)
