"""Does the trail in this database continue the checkpoints that others kept of it?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review import db, ledger
from review.domain import merkle
from review.domain.signed_note import Checkpoint, is_signed_by_any, parse_checkpoint, verify_any
from review.errors import TrailBroken
from review.queries.checkpoints import check_growth


@dataclass(frozen=True)
class Known:
    """A checkpoint that somebody kept; ``holds``: it is of this trail, or lies beyond its end.

    Of one beyond the end nothing but its signature can be said without the entries that are missing, and not
    even that (``signed`` is false) where they tell of the key that signed.
    """

    size: int
    note: str
    holds: bool
    signed: bool = True


def begins_with(reader: Session, checkpoint: Checkpoint) -> bool:
    """Whether the trail begins with just the entries that this checkpoint is signed over."""
    size = ledger.head_of(reader).size
    if checkpoint.size > size:
        return False
    return merkle.tree_root(checkpoint.size, ledger.tree_reader(reader, size)) == checkpoint.root


def hold_against(vkeys: Sequence[str], notes: Sequence[str]) -> tuple[Known, ...]:
    """Each of these notes against the trail; raises `TrailBroken` where one or its signature is malformed.

    One by a key that the trail does not know yet can be of it only beyond its end, where a new key was told.
    """
    reader = db.session()
    reader.rollback()
    head = ledger.head_of(reader)
    known = []
    for note in notes:
        signed = is_signed_by_any(note, vkeys)
        checkpoint = verify_any(note, vkeys) if signed else parse_checkpoint(note)
        holds = signed or checkpoint.size > head.size
        if signed and checkpoint.size <= head.size:
            try:
                check_growth(reader, head, kept=[checkpoint])
            except TrailBroken:
                holds = False
        known.append(Known(checkpoint.size, note, holds, signed))
    return tuple(known)
