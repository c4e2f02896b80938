"""Where files lie that somebody chose for a referral and has not sent yet: a day, by SHA-256, then no more.

No browser fills a file field again, so that a form that comes back would lose its files. They are no evidence
yet: no row names them and no backup holds them.
"""

import time
from pathlib import Path
from typing import Final

from review.models.evidence_files import keep_bytes

KEPT_SECONDS: Final = 24 * 3600


def keep_unsent(data_dir: Path, digest: str, content: bytes) -> None:
    """Keep the bytes for a day from now, and let go of what is older. Raises `StorageFull`."""
    folder = data_dir / "unsent"
    _let_go(folder)
    keep_bytes(folder / digest, content)
    (folder / digest).touch()


def read_unsent(data_dir: Path, digest: str) -> bytes | None:
    """The bytes behind a digest, kept for another day; None where they are gone."""
    path = data_dir / "unsent" / digest
    try:
        content = path.read_bytes()
        path.touch()
    except FileNotFoundError:
        return None
    return content


def _let_go(folder: Path) -> None:
    """Remove what nobody asked for since a day; somebody else may be quicker."""
    oldest = time.time() - KEPT_SECONDS
    for path in folder.glob("*") if folder.exists() else ():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:
            continue
