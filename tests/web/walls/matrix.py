"""Who sees what: one row for each kind of thing that is kept from somebody."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.web.walls.marks import Mark

COLUMNS = (
    "holder", "author", "colleague", "lead", "sender's page", "sender's key", "legal", "admin", "public",
)  # fmt: skip
"""The holder of a case, the author of a review of another, and judges without either; one sender of two."""

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


SECOND = "blind second review"
UNMASK = "unmasking with a reason"
EXPOSURE = "exposure and breaks"


def _row(
    name: str, marks: tuple[Mark, ...], *cells: str, later: Mapping[str, tuple[str, str]] | None = None
) -> Row:
    told = {column: cell for column, cell in zip(COLUMNS, cells, strict=True) if cell}
    return Row(name, marks, told, later or {})


def _second(before: str, after: str) -> dict[str, tuple[str, str]]:
    """The cells of a second reviewer before and after recording."""
    return {"second reviewer before": (before, SECOND), "second reviewer after": (after, SECOND)}


MATRIX: tuple[Row, ...] = (
    #                                holder author colleague lead page key legal admin public
    _row("text of one's own notice", (Mark.OWN_REASON,),
         YES, NO, NO, NO, YES, "", YES, NO, NO,
         later=_second(YES, YES)),
    _row("location of one's own notice", (Mark.OWN_PLACE,),
         YES, NO, NO, NO, YES, YES, YES, NO, NO,
         later=_second(YES, YES)),
    _row("text of another sender's notice on the same item", (Mark.OTHER_REASON,),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO,
         later=_second(YES, YES)),
    _row("group and authority of the sender", (Mark.OTHER_AUTHORITY, Mark.OTHER_LAW),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO,
         later=_second(YES, YES)),
    _row("location that only another sender named", (Mark.OTHER_PLACE, Mark.OTHER_BATCH),
         NO, NO, NO, NO, NEVER, NEVER, YES, NO, NO),
    _row("reference of a sender", (Mark.OTHER_REFERENCE,),
         NO, NO, NO, NO, NEVER, NEVER, YES, NO, NO,
         later=_second(NO, NO)),
    _row("name of a sender", (Mark.OTHER_SENDER,),
         NO, NO, NO, NO, NEVER, NEVER, YES, YES, NO,
         later=_second(NO, NO)),
    _row("contacts of a sender", (Mark.OTHER_CONTACT,),
         NO, NO, NO, NO, NEVER, NEVER, "", YES, NO,
         later=_second(NO, NO)),
    _row("people of a sender", (Mark.OTHER_OFFICER,),
         NO, NO, NO, NO, NEVER, NEVER, "", YES, NO),
    _row("keys of a sender", (Mark.OTHER_KEY_LABEL,),
         NO, NO, NO, NO, NEVER, NEVER, "", YES, NO),
    _row("how a sender was identified", (Mark.OTHER_IDENTITY,),
         NO, NO, NO, NO, NEVER, NEVER, YES, YES, NO),
    _row("name of a piece of evidence", (Mark.OTHER_EVIDENCE_NAME,),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO),
    _row("content of evidence", (Mark.OWN_EVIDENCE, Mark.OTHER_EVIDENCE),
         YES, NO, NO, NO, NO, NO, NO, NO, NO,  # the holder was shown it; nobody else, legal included
         later=_second("on reveal", "on reveal")),
    _row("first rationale", (Mark.RATIONALE,),
         NO, YES, NO, NO, NEVER, NEVER, YES, NO, NO,
         later=_second(NO, YES)),
    _row("statement, after dispatch", (Mark.STATEMENT,),
         NO, YES, NO, NO, YES, YES, YES, NO, NO,
         later=_second(NO, YES)),
    _row("first outcome, before dispatch", (Mark.PENDING_RATIONALE, Mark.PENDING_STATEMENT),
         NO, YES, NO, NO, NEVER, NEVER, YES, NO, NO,
         later=_second(NO, YES)),
    _row("draft of a review", (Mark.DRAFT,),
         YES, NO, NO, NO, NEVER, NEVER, "", NO, NO,
         later=_second(NO, NO)),
    _row("internal notes", (Mark.NOTE, Mark.ADVICE),
         YES, NO, NO, NO, NEVER, NEVER, YES, NO, NO,
         later=_second("only those from before the first claim", YES)),
    _row("precedents", (Mark.PRECEDENT,),
         YES, "", NO, NO, NEVER, NEVER, YES, "", NO,
         later=_second("all but duplicates of the case", YES)),
    _row("pseudonym of a reviewer", (Mark.AUTHOR_PSEUDONYM,),
         "", YES, "", "", NEVER, NEVER, YES, YES, NO,
         later=_second(NO, YES)),
    _row("real name of a reviewer", (Mark.STAFF_NAME,),
         NO, "", NO, NO, NEVER, NEVER, NO, YES, NO,
         later=_second(NO, NO) | {"legal": ("with a reason", UNMASK)}),
    _row("e-mail address of a reviewer", (Mark.STAFF_EMAIL,),
         NO, "", NO, NO, NEVER, NEVER, NO, YES, NO,
         later=_second(NO, NO)),
    _row("reference of one's own notice", (Mark.OWN_REFERENCE,),
         NO, NO, NO, NO, YES, YES, YES, NO, NO),
    _row("one's own uploads by name", (Mark.OWN_EVIDENCE_NAME,),
         YES, NO, NO, NO, "", "", YES, NO, NO),
    _row("pseudonyms of colleagues", (Mark.PSEUDONYM,),
         "", "", "", "", NEVER, NEVER, YES, YES, NO),
    _row("name of a reviewer on the trail", (Mark.TRAIL_NAME,),
         NO, NO, NO, NO, NEVER, NEVER, "", "", NO),
    _row("exposure and breaks", (),
         "", "", "", "", "", "", "", "", "",
         later={"holder": ("self only", EXPOSURE), "sender": (NEVER, EXPOSURE), "public": (NO, EXPOSURE),
                "legal": ("from five up", EXPOSURE), "admin": ("from five up", EXPOSURE)}),
)  # fmt: skip
