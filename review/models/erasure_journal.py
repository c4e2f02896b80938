"""The list of executed erasures outside the database: what a restored backup must lose again.

One line of JSON for each, none of a value that was erased. It only grows; every line is synced before the
erasure counts as finished.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from review.errors import SettingsError
from review.models.evidence_files import make_folder, sync_folder


@dataclass(frozen=True)
class JournalEntry:
    """One executed erasure; people as the trail names them, times in RFC 3339."""

    id: str
    object_kind: str
    object_id: str
    parts: tuple[str, ...]
    ground: str
    requested_by: str
    requested_at: str
    approved_by: str
    executed_at: str


def read_journal(path: Path) -> list[JournalEntry]:
    """All erasures that the file knows; a last line that was cut off is as if never written.

    Raises `SettingsError` where another line cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    entries = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            told = json.loads(line)
            entries.append(JournalEntry(**told | {"parts": tuple(told["parts"])}))
        except (ValueError, TypeError, LookupError):
            raise SettingsError(f"Line {number} of {path.name} is no erasure; restore that file.") from None
    return entries


def keep_in_journal(path: Path, entries: Sequence[JournalEntry]) -> None:
    """Append those erasures that the file does not know yet, and sync them."""
    make_folder(path.parent)
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # another process may be just as far
        os.fchmod(file.fileno(), 0o600)
        known = {entry.id for entry in read_journal(path)}
        fresh = [entry for entry in entries if entry.id not in known]
        if not fresh:
            return
        _cut_torn_line(path)
        for entry in fresh:
            file.write(json.dumps(asdict(entry)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def _cut_torn_line(path: Path) -> None:
    """Take away the beginning of a line that a crash left."""
    whole = path.read_bytes().rpartition(b"\n")
    if whole[2]:
        os.truncate(path, len(whole[0]) + len(whole[1]))
