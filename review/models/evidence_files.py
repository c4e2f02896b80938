"""Where the bytes of evidence lie: one file per SHA-256 under the data folder, written before its row.

Previews lie in a folder of their own, by the digest of the evidence and their stage: they are made anew when
they are gone, and no backup needs them.
"""

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from review.errors import StorageFull

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})


def evidence_path(data_dir: Path, digest: str) -> Path:
    """The file for a hex SHA-256: ``evidence/ab/cd/<digest>``."""
    return data_dir / "evidence" / digest[:2] / digest[2:4] / digest


def keep_evidence(data_dir: Path, digest: str, content: bytes) -> None:
    """Store bytes durably under their digest; what is there already is used again.

    Written aside, synced, renamed, and the folder synced, so that a row never names a torn file. Not part
    of any transaction: a file without a row is harmless. Raises `StorageFull`.
    """
    keep_bytes(evidence_path(data_dir, digest), content)


def keep_bytes(path: Path, content: bytes) -> None:
    """Store bytes durably in a file that is named by their digest. Raises `StorageFull`."""
    try:
        if path.exists() and path.stat().st_size == len(content):
            return
        make_folder(path.parent)
        _write(path, content)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull("The evidence could not be stored; nothing was kept.") from error


@contextmanager
def keeping(data_dir: Path) -> Iterator[None]:
    """From before evidence is stored until its row is committed: nothing is dropped meanwhile."""
    with _locked(data_dir, fcntl.LOCK_SH):
        yield


@contextmanager
def dropping(data_dir: Path) -> Iterator[None]:
    """While it is asked what no record needs any more, and that is dropped: no row can come in between."""
    with _locked(data_dir, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(data_dir: Path, how: int) -> Iterator[None]:
    make_folder(data_dir)
    handle = os.open(data_dir / "evidence.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def read_evidence(data_dir: Path, digest: str) -> bytes:
    """The bytes behind a digest; ``FileNotFoundError`` when they are gone."""
    return evidence_path(data_dir, digest).read_bytes()


def preview_path(data_dir: Path, digest: str, stage: str) -> Path:
    """The file for a stage of the evidence of that digest: ``previews/ab/cd/<digest>.<stage>``."""
    return data_dir / "previews" / digest[:2] / digest[2:4] / f"{digest}.{stage}"


def keep_preview(data_dir: Path, digest: str, stage: str, content: bytes) -> None:
    """Store a preview in place of the one that was there. Raises `StorageFull`."""
    path = preview_path(data_dir, digest, stage)
    try:
        make_folder(path.parent)
        _write(path, content)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull("The preview could not be stored.") from error


def preview_length(data_dir: Path, digest: str, stage: str) -> int | None:
    """The bytes of a preview; None where there is none."""
    try:
        return preview_path(data_dir, digest, stage).stat().st_size
    except FileNotFoundError:
        return None


def read_preview(data_dir: Path, digest: str, stage: str) -> bytes | None:
    """A preview; None where there is none."""
    try:
        return preview_path(data_dir, digest, stage).read_bytes()
    except FileNotFoundError:
        return None


def make_folder(folder: Path) -> None:
    """Create the folder and sync every parent that gained an entry."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for step in reversed(missing):
        step.mkdir(mode=0o700, exist_ok=True)
        sync_folder(step.parent)


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was named in this folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drop_evidence(data_dir: Path, digest: str) -> None:
    """Remove the bytes of an evidence and every preview of it; what is gone already is no matter."""
    path = evidence_path(data_dir, digest)
    previews = preview_path(data_dir, digest, "").parent
    for one in (path, *previews.glob(f"{digest}.*"), data_dir / "unsent" / digest):
        one.unlink(missing_ok=True)
    for folder in (path.parent, previews):
        if folder.is_dir():
            sync_folder(folder)
