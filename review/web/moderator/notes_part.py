"""The notes of a case as this person may read them, and the form for one more."""

from dataclasses import dataclass

from review import db
from review.actions.notes import ANY_CASE
from review.domain.notes import AFTER_OTHERS, Reader
from review.domain.permissions import Role
from review.domain.states import Round
from review.queries.cases import CaseSummary
from review.queries.decisions import StoredReview
from review.queries.notes import NoteShown, notes_on
from review.web import guard
from review.web.typed_notes import TypedNote, names_to_mention


@dataclass(frozen=True)
class NotesPart:
    """What the template draws: the notes, whether one more may be written, and one that was refused.

    ``names``: those who can be mentioned in it.
    """

    notes: tuple[NoteShown, ...]
    may_write: bool
    typed: TypedNote
    names: tuple[str, ...] = ()


def notes_part(
    summary: CaseSummary,
    *,
    own: StoredReview | None = None,
    typed: TypedNote | None = None,
    written: bool = True,
) -> NotesPart:
    """The notes of this case for whoever looks; ``own``: this person's review of it, which stands.

    ``written``: False where it is known that there are none.
    """
    actor, holds = guard.actor(), summary.held == "yours"
    reviewed = own is not None
    read_until = own.recorded_at if own is not None and own.round is Round.FIRST else None
    as_reader = Reader(holds, leads=actor.role is Role.LEAD, reviewed=reviewed, read_until=read_until)
    notes: tuple[NoteShown, ...] = ()
    if written:
        notes = notes_on(
            db.session(), summary.id, state=summary.state, account_id=actor.account_id, as_reader=as_reader
        )
    # whoever has reviewed a case sees the same whatever became of it
    may_write = (holds or actor.role in ANY_CASE) and (reviewed or summary.state != "withdrawn")
    # no colleague reads what is written in a blind round, and a name could be the other reviewer's
    reaches = may_write and not (holds and summary.state in AFTER_OTHERS)
    names = names_to_mention() if reaches else ()
    return NotesPart(notes, may_write, typed or TypedNote("", pinned=False), names)
