"""Who sees what: one row for each kind of thing that is kept from somebody."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.web.walls.marks import Mark

COLUMNS = (
    "holder", "author", "colleague", "lead", "sender's page", "sender's key", "legal", "admin", "public",
)  # fmt: skip
"""The holder of a case, the author of a review of another, and judges without either; one sender of two."""
ROUNDS = ("second", "compared", "resolver")
"""A second reviewer before recording, one whose case is decided, and a lead who resolves a difference."""
DISPUTE = "resolver's case"
"""The pages of the case that this lead resolves; elsewhere a lead knows colleagues by pseudonym."""

JUDGE = "judge for quality"
"""A lead without a part in what is decided, on all that quality review shows of it; the usual cell is no."""

YES, NO, NEVER = "yes", "no", "never"


@dataclass(frozen=True)
class Row:
    """One kind of thing: the marks it is known by, and for each column whether it is seen there.

    ``yes``: every one of the marks is seen; ``no`` and ``never``: none. ``later``: cells for which nothing is
    built yet, with what they wait for.
    """

    name: str
    marks: tuple[Mark, ...]
    cells: Mapping[str, str]
    later: Mapping[str, tuple[str, str]]


UNMASK = "unmasking with a reason"


def _row(
    name: str,
    marks: tuple[Mark, ...],
    *cells: str,
    rounds: tuple[str, str, str] = ("", "", ""),
    dispute: str = "",
    judge: str = NO,
    later: Mapping[str, tuple[str, str]] | None = None,
) -> Row:
    told = zip((*COLUMNS, *ROUNDS, DISPUTE, JUDGE), (*cells, *rounds, dispute, judge), strict=True)
    return Row(name, marks, {column: cell for column, cell in told if cell}, later or {})


MATRIX: tuple[Row, ...] = (
    #                                holder author colleague lead page key legal admin public
    _row("text of one's own notice", (Mark.OWN_REASON,),
         # the author reads again what a review was about while it can be undone
         YES, YES, NO, NO, YES, "", YES, NO, NO, rounds=(YES, NO, YES), judge=YES),
    _row("location of one's own notice", (Mark.OWN_PLACE,),
         # a lead puts by hand in place what was accepted
         YES, NO, NO, YES, YES, YES, YES, NO, NO, rounds=(YES, NO, YES), judge=YES),
    _row("text of another sender's notice on the same item", (Mark.OTHER_REASON,),
         YES, YES, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(YES, NO, YES), judge=YES),
    _row("law that the sender cites", (Mark.OTHER_LAW,),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(YES, NO, YES)),
    _row("group and authority of the sender, after the first look", (Mark.OTHER_AUTHORITY,),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(YES, NO, YES)),
    _row("group and authority of the sender, before the first look", (Mark.UNSEEN_AUTHORITY,),
         NO, NO, NO, NO, "", "", YES, NO, NO, rounds=(NO, NO, NO)),
    _row("location that only another sender named", (Mark.OTHER_PLACE, Mark.OTHER_BATCH),
         NO, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(NO, NO, NO)),
    _row("reference of a sender", (Mark.OTHER_REFERENCE,),
         NO, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(NO, NO, NO)),
    _row("name of a sender", (Mark.OTHER_SENDER,),
         NO, NO, NO, NO, NEVER, NEVER, YES, YES, NO, rounds=(NO, NO, NO)),
    _row("contacts of a sender", (Mark.OTHER_CONTACT,),
         NO, NO, NO, NO, NEVER, NEVER, "", YES, NO, rounds=(NO, NO, NO)),
    _row("people of a sender", (Mark.OTHER_OFFICER,),
         NO, NO, NO, NO, NEVER, NEVER, "", YES, NO, rounds=(NO, NO, NO)),
    _row("keys of a sender", (Mark.OTHER_KEY_LABEL,),
         NO, NO, NO, NO, NEVER, NEVER, "", YES, NO, rounds=(NO, NO, NO)),
    _row("endpoints of a sender, and what these answered", (Mark.OTHER_ENDPOINT, Mark.OTHER_REFUSAL),
         NO, NO, NO, NO, NEVER, NEVER, NO, NO, NO, rounds=(NO, NO, NO)),
    _row("one's own endpoints", (Mark.OWN_ENDPOINT,),
         NO, NO, NO, NO, YES, YES, NO, NO, NO, rounds=(NO, NO, NO)),
    _row("what one's own endpoints answered", (Mark.OWN_REFUSAL,),
         NO, NO, NO, NO, YES, "", NO, NO, NO, rounds=(NO, NO, NO)),
    _row("how a sender was identified", (Mark.OTHER_IDENTITY,),
         NO, NO, NO, NO, NEVER, NEVER, YES, YES, NO, rounds=(NO, NO, NO)),
    _row("name of a piece of evidence", (Mark.OTHER_EVIDENCE_NAME,),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(YES, NO, YES), judge=YES),
    _row("content of evidence", (Mark.OWN_EVIDENCE, Mark.OTHER_EVIDENCE),
         # the holder was shown it, and legal in the record, on the trail; nobody else
         YES, NO, NO, NO, NO, NO, YES, NO, NO, rounds=(NO, NO, NO), dispute=NO, judge=YES),
    _row("first rationale", (Mark.RATIONALE,),
         NO, YES, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(NO, YES, YES), dispute=YES, judge=YES),
    _row("statement, after dispatch", (Mark.STATEMENT,),
         NO, YES, NO, NO, YES, YES, YES, NO, NO, rounds=(NO, YES, YES), judge=YES),
    _row("first outcome, before dispatch", (Mark.PENDING_RATIONALE, Mark.PENDING_STATEMENT),
         NO, YES, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(NO, NO, NO)),
    _row("draft of a review", (Mark.DRAFT,),
         YES, NO, NO, NO, NEVER, NEVER, "", NO, NO, rounds=(NO, NO, NO)),
    _row("questions to legal", (Mark.NOTE, Mark.ADVICE),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(NO, NO, "")),
    _row("internal notes since the first claim", (Mark.HOLDER_NOTE,),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO, rounds=(NO, NO, NO)),
    _row("internal notes from before the first claim", (Mark.EARLY_NOTE,),
         YES, NO, NO, YES, NEVER, NEVER, YES, NO, NO, rounds=(NO, NO, YES)),  # the resolver is a lead
    _row("what a sender was asked, and its answer", (Mark.OWN_QUESTION, Mark.OWN_ANSWER),
         YES, NO, NO, NO, YES, "", YES, NO, NO),
    _row("question that waits for a sender", (Mark.OWN_WAITING,),
         NO, NO, NO, NO, YES, YES, YES, NO, NO),
    _row("what another sender was asked about the same item", (Mark.OTHER_QUESTION, Mark.OTHER_ANSWER),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO),
    _row("precedents", (Mark.PRECEDENT,),
         YES, "", NO, NO, NEVER, NEVER, YES, "", NO, judge=""),
    _row("pseudonym of a reviewer", (Mark.AUTHOR_PSEUDONYM,),
         "", YES, "", "", NEVER, NEVER, YES, YES, NO, rounds=(NO, YES, ""), dispute=NO),
    _row("pseudonym of the other reviewer, while the two differ", (Mark.DISPUTER_PSEUDONYM,),
         # whoever writes a note is offered all colleagues to mention, but in a case that is judged again
         "", NO, NO, "", NEVER, NEVER, YES, YES, NO, rounds=(NO, NO, ""), dispute=NO),
    _row("ready-made text that is offered", (Mark.READY_MADE,),
         YES, "", "", "", NEVER, NEVER, "", YES, NO, rounds=(YES, "", YES)),
    _row("ready-made text in a statement, after dispatch", (Mark.READY_SENT,),
         YES, YES, "", "", YES, YES, YES, YES, NO, rounds=(YES, "", YES), judge=YES),
    _row("real name of a reviewer", (Mark.STAFF_NAME,),
         NO, "", NO, NO, NEVER, NEVER, NO, YES, NO, rounds=(NO, NO, NO),
         later={"legal": ("with a reason", UNMASK)}),
    _row("e-mail address of a reviewer", (Mark.STAFF_EMAIL,),
         NO, "", NO, NO, NEVER, NEVER, NO, YES, NO, rounds=(NO, NO, NO)),
    _row("reference of one's own notice", (Mark.OWN_REFERENCE,),
         NO, NO, NO, NO, YES, YES, YES, NO, NO, rounds=(NO, NO, NO)),
    _row("one's own uploads by name", (Mark.OWN_EVIDENCE_NAME,),
         YES, NO, NO, NO, "", "", YES, NO, NO, rounds=(YES, NO, YES), judge=YES),
    _row("pseudonyms of colleagues", (Mark.PSEUDONYM,),
         "", "", "", "", NEVER, NEVER, YES, YES, NO),
    _row("name of a reviewer on the trail", (Mark.TRAIL_NAME,),
         NO, NO, NO, NO, NEVER, NEVER, "", "", NO, rounds=(NO, NO, NO)),
)  # fmt: skip
