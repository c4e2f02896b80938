"""Are the files outside the database what its rows say of them? Evidence, uploads, and files nobody names.

Read piece by piece, some hundred rows at a time. A file without a row is harmless, because bytes are stored
before the row that names them; it is told, and no break.
"""

from collections.abc import Iterator
from hashlib import file_digest
from itertools import islice
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.uploaded_files import FileState
from review.models import Evidence, UploadedFile
from review.models.evidence_files import evidence_path
from review.models.file_store import ORIGINAL, part_path
from review.queries.erased import Erased
from review.queries.trail_rows import Problem, among, listed, raw, stream

AT_ONCE = 500
GONE = "are gone"
REST = "Restore the file from a backup."
_STORED = (FileState.WAITING, FileState.UNMAPPED, FileState.CHECKED)


def evidence_problems(reader: Session, folder: Path) -> Iterator[Problem | None]:
    """Each stored piece of evidence once: None where its bytes are those of its digest."""
    columns = raw(Evidence.sha256), sa.func.min(Evidence.id).label("id")
    digests = sa.select(*columns[0], columns[1]).group_by(Evidence.sha256).order_by(Evidence.sha256)
    with stream(reader, digests) as rows:
        for row in rows:
            wanted = str(row.sha256)
            reason = _wrong(evidence_path(folder, wanted), wanted)
            if reason is None or (reason == GONE and _is_erased(reader, wanted)):
                yield None
                continue
            sentence = f"The bytes of evidence {row.id} (SHA-256 {wanted[:64]}) {reason}."
            yield Problem(None, sentence, REST, (row.id,), table=Evidence.__tablename__, row=row.id)


def _is_erased(reader: Session, digest: str) -> bool:
    """Whether erasures that stand on the trail took away every record's need of this content."""
    ids = set(reader.execute(sa.select(*raw(Evidence.id)).where(Evidence.sha256 == digest)).scalars())
    return ids == Erased(reader).emptied("evidence", "content", ids)


def upload_problems(reader: Session, folder: Path) -> Iterator[Problem]:
    """Files of senders whose bytes are others than those that came; `lost_uploads` tells which are gone."""
    for row_id, wanted in _uploads(reader):
        path = part_path(folder, row_id, ORIGINAL)
        if path.exists() and (reason := _wrong(path, wanted)) is not None:
            sentence = f"The bytes of the uploaded file {row_id} {reason}."
            yield Problem(None, sentence, REST, (row_id,), table=UploadedFile.__tablename__, row=row_id)


def lost_uploads(reader: Session, folder: Path) -> Iterator[str]:
    """Files on their way whose bytes are gone: the sender is asked to send them again when they are read."""
    for row_id, _wanted in _uploads(reader):
        if not part_path(folder, row_id, ORIGINAL).exists():
            yield f"The uploaded file {row_id} is gone; its sender will be asked to send it again."


def unnamed_files(reader: Session, folder: Path) -> Iterator[str]:
    """Files of evidence and of uploads that no row names, by their paths below the data folder."""
    evidence = sorted_files(folder / "evidence")
    wanted = sa.select(Evidence.sha256).where(among(reader, Evidence.sha256))
    while some := list(islice(evidence, AT_ONCE)):
        named = set(reader.execute(wanted, listed(reader, [path.name for path in some])).scalars())
        for path in some:
            if path.name not in named or path != evidence_path(folder, path.name):
                yield str(path.relative_to(folder))
    uploads = folder / "uploads"
    if uploads.is_dir():
        known = set(reader.scalars(sa.select(UploadedFile.id)))
        for path in sorted(uploads.iterdir()):
            if path.name not in known:
                yield str(path.relative_to(folder))


def sorted_files(folder: Path) -> Iterator[Path]:
    """All files below a folder in the order of their paths; none where there is no folder."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from sorted_files(path)
        else:
            yield path


def _uploads(reader: Session) -> Iterator[tuple[str, str]]:
    statement = sa.select(*raw(UploadedFile.id, UploadedFile.sha256)).where(
        UploadedFile.state.in_([state.value for state in _STORED])
    )
    with stream(reader, statement.order_by(UploadedFile.id)) as rows:
        for row in rows:
            yield row.id, row.sha256


def _wrong(path: Path, wanted: str) -> str | None:
    """What is wrong with the file, as the end of a sentence."""
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return GONE
    except (OSError, ValueError):  # a digest changed behind the program may be no name of a file
        return "cannot be read"
    return None if found == wanted else "are not those of its digest"
