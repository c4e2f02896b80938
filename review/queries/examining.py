"""What does checking the whole trail find, with the key and the note of this installation?"""

from collections.abc import Callable
from pathlib import Path

from review import db
from review.errors import NotReady
from review.formats import key_files
from review.models.evidence_files import evidence_path
from review.queries import checkpoints
from review.queries.trail import Finding, verify_trail


def examine_trail(folder: Path, *, progress: Callable[[int], None] | None = None) -> Finding:
    """Check the trail with the key and the note in the data folder; raises `NotReady` where it cannot."""
    outside = key_files.read_note(folder)
    vkey = key_files.read_vkey(folder) if key_files.has_key(folder) else None
    reader = db.session()
    db.begin_snapshot(reader)
    if outside is None and checkpoints.newest_checkpoint(reader) is not None:
        raise NotReady(
            "The trail has checkpoints, but the file `checkpoint` outside the database is missing: without"
            " it a cut end would not show. Restore it, or let the signer write it anew."
        )
    return verify_trail(
        reader,
        vkey=vkey,
        checkpoint_file=outside,
        evidence=lambda digest: evidence_path(folder, digest).read_bytes(),
        progress=progress,
    )
