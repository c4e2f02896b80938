"""Does all that is stored hold, in the database and beside it? The trail, the ordinary rows, the files.

All is derived anew from stored rows, in one snapshot and in bounded memory; nothing is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.domain.trail_check import checked_note
from review.errors import TrailBroken
from review.formats import key_files
from review.models import TreeHead
from review.models.evidence_files import evidence_path
from review.queries import checkpoints, stored_files
from review.queries.reading_ahead import reading_ahead
from review.queries.stored_rows import row_problems
from review.queries.trail import Finding, verify_trail
from review.queries.trail_rows import Problem
from review.queries.trail_walk import FILE

MOST_TOLD = 100
"""Breaks, and remarks, that are told one by one; the rest is counted."""
PIECES_AT_ONCE = 100
"""Pieces of evidence after which progress is told."""
TREE_RULES = "Restore a backup and compare it with this database."

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Break:
    """One thing that does not hold: the table (``file`` beside the database), the row, the entry."""

    table: str
    row: str
    entry: int | None
    sentence: str


@dataclass(frozen=True)
class Report:
    """What was found: of the entries the first break, after which none is called good; where all of them
    hold, all rows that differ from what they tell; of the files all breaks. A hundred are told.

    ``breaks_in_all`` counts those beyond too; ``remarks`` are no breaks.
    """

    entries: int
    checkpoints: int
    pieces: int
    sentence: str
    breaks: tuple[Break, ...]
    breaks_in_all: int
    remarks: tuple[str, ...]
    remarks_in_all: int

    @property
    def intact(self) -> bool:
        """Whether everything holds."""
        return not self.breaks_in_all


def check_everything(folder: Path, *, signer_dir: Path | None = None, progress: Progress) -> Report:
    """Check the database of this desk and its data folder; ``progress`` is told what and how many.

    The files of the signer lie in ``signer_dir`` where it has a folder of its own.
    """
    of_signer = signer_dir or folder
    outside = key_files.read_note(of_signer)  # before the snapshot, so that it is never ahead of it
    promised = key_files.read_note(of_signer, key_files.PROMISED)
    vkeys = key_files.read_vkeys(of_signer) if key_files.has_key(of_signer) else ()
    reader = db.session()
    db.begin_snapshot(reader)
    return check_with(reader, folder, notes=(outside, promised), vkeys=vkeys, progress=progress)


def check_with(
    reader: Session,
    folder: Path,
    *,
    notes: tuple[str | None, str | None],
    vkeys: Sequence[str],
    progress: Progress,
) -> Report:
    """The same with this reader; ``notes``: the signer's newest checkpoint and the one that it promised."""
    outside, promised = notes

    def evidence(digest: str) -> bytes:
        return evidence_path(folder, digest).read_bytes()

    with reading_ahead(reader):
        finding = verify_trail(
            reader,
            vkey=vkeys,
            checkpoint_file=outside,
            evidence=evidence,
            progress=lambda entries: progress("entries", entries),
        )
    told = _Told()
    if finding.is_of_rows:
        for problem in row_problems(reader, evidence=evidence):
            told.add(problem)
    elif not finding.intact:
        told.breaks.append(_break_of(finding))
    for problem in _signer_problems(reader, outside=outside, promised=promised, vkeys=vkeys):
        told.add(problem)
    pieces = 0
    for one in stored_files.evidence_problems(reader, folder):
        pieces += 1
        if one is not None:
            told.add(one)
        if pieces % PIECES_AT_ONCE == 0:
            progress("pieces of evidence", pieces)
    for problem in stored_files.upload_problems(reader, folder):
        told.add(problem)
    for path in stored_files.unnamed_files(reader, folder):
        told.remark(f"No row names the file {path}.")
    for remark in stored_files.lost_uploads(reader, folder):
        told.remark(remark)
    return told.report(finding, pieces)


class _Told:
    """Breaks and remarks, the first hundred of each kept."""

    def __init__(self) -> None:
        self.breaks: list[Break] = []
        self._more_breaks = 0
        self._remarks: list[str] = []
        self._more_remarks = 0

    def add(self, problem: Problem) -> None:
        """One more break."""
        if len(self.breaks) >= MOST_TOLD:
            self._more_breaks += 1
            return
        entry = problem.entry if problem.position is None else problem.position
        self.breaks.append(Break(problem.table, str(problem.row), entry, problem.sentence))

    def remark(self, sentence: str) -> None:
        """One more thing worth knowing."""
        if len(self._remarks) >= MOST_TOLD:
            self._more_remarks += 1
            return
        self._remarks.append(sentence)

    def report(self, finding: Finding, pieces: int) -> Report:
        """All of it."""
        return Report(
            entries=finding.entries,
            checkpoints=finding.checkpoints,
            pieces=pieces,
            sentence=finding.sentence,
            breaks=tuple(self.breaks),
            breaks_in_all=len(self.breaks) + self._more_breaks,
            remarks=tuple(self._remarks),
            remarks_in_all=len(self._remarks) + self._more_remarks,
        )


def _break_of(finding: Finding) -> Break:
    sentence = f"{finding.sentence} {finding.detail}".strip()
    return Break(finding.table or "", finding.row or "", finding.entry, sentence)


def _signer_problems(
    reader: Session, *, outside: str | None, promised: str | None, vkeys: Sequence[str]
) -> Iterator[Problem]:
    """The signer's own files: the newest note is there, and one that was promised is of this tree."""
    if outside is None and checkpoints.newest_checkpoint(reader) is not None:
        sentence = "The file `checkpoint` outside the database is missing: a cut end would not show."
        yield Problem(None, sentence, TREE_RULES, table=FILE, row=key_files.CHECKPOINT)
    if promised is None:
        return
    try:
        note = checked_note(promised, vkeys)
        known = sa.select(TreeHead.root).where(TreeHead.size == note.size)
        reason = None if reader.scalar(known) == note.root else "it is of another trail"
    except TrailBroken as error:
        reason = error.detail.rstrip(".")
    if reason is not None:
        sentence = f"The checkpoint that was signed and waits for the database does not hold: {reason}."
        yield Problem(None, sentence, TREE_RULES, table=FILE, row=key_files.PROMISED)
