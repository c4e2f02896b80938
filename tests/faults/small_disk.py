"""A disk that can be filled and emptied at will: a small tmpfs where mounting is allowed, else a limit.

The limit (RLIMIT_FSIZE) lets no process of the desk write one byte further, which fails with EFBIG where a
full disk gives ENOSPC.
"""

import ctypes
import os
import resource
from pathlib import Path
from typing import Protocol

from tests.faults.faulted import FaultedDesk

MEBIBYTE = 1024 * 1024
SIZE = 16 * MEBIBYTE
_libc = ctypes.CDLL(None, use_errno=True)


class Disk(Protocol):
    """What a test needs of a disk."""

    name: str

    def folder(self) -> Path | None:
        """Where the desk has to lie; None for anywhere."""

    def fill(self, desk: FaultedDesk, *, leave: int = 0) -> None:
        """Leave so many bytes free."""

    def free(self, desk: FaultedDesk) -> None:
        """Make room again."""

    def remove(self) -> None:
        """Nothing uses it any more."""


class SmallFileSystem:
    """A tmpfs of 16 MiB, filled by a file of ballast."""

    name = "tmpfs"

    def __init__(self, mounted: Path) -> None:
        self.mounted = mounted
        self.ballast = mounted / "ballast"

    def folder(self) -> Path | None:
        """On it."""
        return self.mounted

    def fill(self, desk: FaultedDesk, *, leave: int = 0) -> None:
        """Write ballast until nothing but ``leave`` bytes remains, the desk still writing meanwhile."""
        with self.ballast.open("ab", buffering=0) as file:
            for size in (MEBIBYTE, 4096):
                while (free := os.statvfs(self.mounted)).f_bavail * free.f_frsize >= leave + size:
                    try:
                        file.write(b"\0" * size)
                    except OSError:
                        break

    def free(self, desk: FaultedDesk) -> None:
        """Throw the ballast away."""
        self.ballast.unlink()

    def remove(self) -> None:
        """Unmount it."""
        assert _libc.umount2(str(self.mounted).encode(), 2) == 0


class Limit:
    """Processes that may not lengthen any file."""

    name = "limit"

    def folder(self) -> Path | None:
        """Anywhere."""
        return None

    def fill(self, desk: FaultedDesk, *, leave: int = 0) -> None:
        """Let no file of the desk grow beyond ``leave`` bytes."""
        self._limit(desk, leave)

    def free(self, desk: FaultedDesk) -> None:
        """Let them grow again."""
        self._limit(desk, resource.RLIM_INFINITY)

    def _limit(self, desk: FaultedDesk, size: int) -> None:
        for process in [*desk.running.values(), *desk.server_workers()]:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def remove(self) -> None:
        """Nothing to do."""


def disks(folder: Path) -> list[Disk]:
    """Every way to fill a disk that this machine allows; the limit always is one."""
    folder.mkdir()
    mounted = _libc.mount(b"small", str(folder).encode(), b"tmpfs", 0, f"size={SIZE}".encode())
    return [SmallFileSystem(folder), Limit()] if mounted == 0 else [Limit()]
