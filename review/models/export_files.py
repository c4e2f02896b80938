"""Where the bytes of exports lie until they expire: ``exports/<id>``, written aside and named when whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

from review.errors import StorageFull
from review.models.evidence_files import NO_ROOM, make_folder, sync_folder


class Written:
    """A file that counts and hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = sha256()
        self.length = 0

    def write(self, part: bytes) -> None:
        """Add these bytes."""
        self._file.write(part)
        self._digest.update(part)
        self.length += len(part)

    @property
    def sha256(self) -> str:
        """The digest of all so far, in hex digits."""
        return self._digest.hexdigest()


def export_path(data_dir: Path, export_id: str) -> Path:
    """The finished file of an export."""
    return data_dir / "exports" / export_id


@contextmanager
def new_export(data_dir: Path, export_id: str, lease: str) -> Iterator[Written]:
    """Write the file of an export aside; it takes its name, durably, when all is written. `StorageFull`."""
    path = export_path(data_dir, export_id)
    aside = path.with_name(f".{export_id}.{lease}")
    try:
        make_folder(path.parent)
        with open(aside, "xb", opener=_private) as file:
            yield Written(file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull("The export could not be stored; nothing was kept.") from error
    finally:
        aside.unlink(missing_ok=True)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def drop_export(data_dir: Path, export_id: str) -> None:
    """Delete the file of an export, and what dead workers left of it."""
    path = export_path(data_dir, export_id)
    path.unlink(missing_ok=True)
    for left in path.parent.glob(f".{export_id}.*"):
        left.unlink(missing_ok=True)
