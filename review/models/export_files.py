"""Where the bytes of exports lie until they expire: ``exports/<id>.<lease>``.

A file belongs to whoever held that lease, so that no worker is in the way of another; only the row of the
export says whether it is whole.
"""

import os
from collections.abc import Collection, Iterator
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


def export_path(data_dir: Path, export_id: str, lease: str) -> Path:
    """The file of an export that was made under this lease."""
    return data_dir / "exports" / f"{export_id}.{lease}"


@contextmanager
def new_export(data_dir: Path, export_id: str, lease: str) -> Iterator[Written]:
    """Write the file of an export, durably; whatever is raised meanwhile leaves nothing. `StorageFull`."""
    path = export_path(data_dir, export_id, lease)
    try:
        make_folder(path.parent)
        with open(path, "xb", opener=_private) as file:
            yield Written(file)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise StorageFull("The export could not be stored; nothing was kept.") from error
        raise


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def export_files(data_dir: Path) -> list[Path]:
    """All files of exports, also those that dead workers left."""
    folder = data_dir / "exports"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def drop_others(data_dir: Path, there: Collection[Path], kept: Collection[tuple[str, str]]) -> None:
    """Delete those of the files ``there`` that belong to none of the exports and leases ``kept``."""
    for path in set(there) - {export_path(data_dir, export_id, lease) for export_id, lease in kept}:
        path.unlink(missing_ok=True)
