"""The manifest of a backup: what it holds, file by file, as JSON Lines that end with a digest of themselves.

The first line says of which trail it is and how far that reaches; then comes a line for each file; the last
line is the SHA-256 of all before it. Without that line a backup is unfinished.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from review.domain.canonical import canonical_json
from review.errors import ReviewError

FORMAT = "referral-review/backup/v1"
MANIFEST = "manifest.jsonl"


class BackupBroken(ReviewError):
    """A backup is unfinished or not what it was."""

    code = "backup_broken"
    title = "The backup cannot be used"
    remedy = "Take another backup; this one is unfinished or was changed."


@dataclass(frozen=True)
class Contents:
    """Which trail, taken when and from which kind of database, at which revision, size and root (hex)."""

    taken_at: str
    database: str
    revision: str
    vkey: str
    size: int
    root: str


@dataclass(frozen=True)
class Kept:
    """A file: its path below the backup, its bytes, and their SHA-256 in hex digits."""

    path: str
    length: int
    sha256: str


class Manifest:
    """Writes the lines one after the other."""

    def __init__(self, file: IO[bytes], contents: Contents) -> None:
        self._file = file
        self._digest = sha256()
        self._write({"format": FORMAT, **asdict(contents)})

    def add(self, kept: Kept) -> None:
        """One more file."""
        self._write(asdict(kept))

    def finish(self) -> None:
        """The last line."""
        self._file.write(canonical_json({"sha256": self._digest.hexdigest()}) + b"\n")

    def _write(self, members: dict[str, object]) -> None:
        line = canonical_json(members) + b"\n"
        self._digest.update(line)
        self._file.write(line)


def read_contents(folder: Path) -> Contents:
    """What the backup in a folder says of itself; `BackupBroken` where it is none."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            members = json.loads(file.readline())
        if members.pop("format") != FORMAT:
            raise ValueError("another format")
        return Contents(**members)
    except FileNotFoundError:
        raise BackupBroken(f"{folder} holds no finished backup: {MANIFEST} is missing.") from None
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        raise BackupBroken(f"{MANIFEST} cannot be read.") from None


def files_of(folder: Path) -> Iterator[Kept]:
    """The files that the manifest names, to its end; `BackupBroken` where it was cut or changed."""
    digest, ended = sha256(), False
    try:
        with (folder / MANIFEST).open("rb") as file:
            digest.update(file.readline())
            for line in file:
                members = json.loads(line)
                if ended:
                    raise ValueError("lines after the last")
                if set(members) == {"sha256"}:
                    ended = members["sha256"] == digest.hexdigest()
                    continue
                digest.update(line)
                kept = Kept(**members)
                path = PurePosixPath(kept.path)
                if path.is_absolute() or ".." in path.parts:
                    raise ValueError("a path that leads out")
                yield kept
    except (OSError, ValueError, TypeError, AttributeError):
        raise BackupBroken(f"{MANIFEST} cannot be read to its end.") from None
    if not ended:
        raise BackupBroken(f"{MANIFEST} was cut off or changed.")
