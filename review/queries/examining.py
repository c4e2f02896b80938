"""What does checking the whole trail find, with the key and the note of this installation?"""

from collections.abc import Callable
from pathlib import Path

from review import db
from review.errors import NotReady
from review.formats import key_files
from review.models.evidence_files import evidence_path
from review.queries import checkpoints
from review.queries.reading_ahead import reading_ahead
from review.queries.trail import Finding, verify_trail


def examine_trail(
    folder: Path, *, signer_dir: Path | None = None, progress: Callable[[int], None] | None = None
) -> Finding:
    """Check the trail with the keys and the note of its signer; raises `NotReady` where it cannot.

    ``folder`` has the evidence, and the files of the signer where ``signer_dir`` names no other folder.
    """
    of_signer = signer_dir or folder
    outside = key_files.read_note(of_signer)
    vkeys = key_files.read_vkeys(of_signer) if key_files.has_key(of_signer) else ()
    reader = db.session()
    db.begin_snapshot(reader)
    if outside is None and checkpoints.newest_checkpoint(reader) is not None:
        raise NotReady(
            "The trail has checkpoints, but the file `checkpoint` outside the database is missing: without"
            " it a cut end would not show. Restore it, or run flask trail accept-checkpoint --reason."
        )
    with reading_ahead(reader):
        return verify_trail(
            reader,
            vkey=vkeys,
            checkpoint_file=outside,
            evidence=lambda digest: evidence_path(folder, digest).read_bytes(),
            progress=progress,
        )
