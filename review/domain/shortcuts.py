"""Which key does what, and where? One table: it drives the script, draws the help, and backs every hint.

A hint beside a button names a key of this table, written as here. The script presses whatever bears the
key as ``data-key`` on the page; where it does something of its own, the row says so in ``move``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from review.domain.permissions import Permission


class Place(StrEnum):
    """Where a key acts: ``everywhere`` on all pages of people who review, ``sender`` on a sender's first."""

    EVERYWHERE = "everywhere"
    QUEUE = "queue"
    CASE = "case"
    LIST = "list"
    SENDER = "sender"


@dataclass(frozen=True)
class Shortcut:
    """One row: a key, or two one after the other (``g q``), or a row of digits (``1-9``).

    ``does`` is the sentence of the help. ``move`` names what the script does where no part of the page
    bears the key: another key of the table; ``down``, ``up`` and ``leave``, which move the focus; ``tick``,
    which ticks the row that has it; ``open``, which opens that row from its box. ``needs``: the permission
    without which no page has anything for the key to act on, so that the help leaves it out.
    """

    key: str
    places: tuple[Place, ...]
    does: str
    move: str = ""
    needs: Permission | None = None

    @property
    def each(self) -> tuple[str, ...]:
        """The keys one by one, as ``data-key`` writes them: ``p 1-9`` stands for nine."""
        found = re.fullmatch(r"(.* )?(\d)-(\d)", self.key)
        if found is None:
            return (self.key,)
        before, first, last = found[1] or "", int(found[2]), int(found[3])
        return tuple(f"{before}{digit}" for digit in range(first, last + 1))


_ROWS: Final = (Place.QUEUE, Place.LIST)
SHORTCUTS: Final = (
    Shortcut("?", (Place.EVERYWHERE,), "Show these keys"),
    Shortcut("/", (Place.EVERYWHERE,), "Search", move="g s"),
    Shortcut("g q", (Place.EVERYWHERE,), "Go to the queue"),
    Shortcut("g m", (Place.EVERYWHERE,), "Go to my work"),
    Shortcut("g s", (Place.EVERYWHERE,), "Go to the search"),
    Shortcut("z", (Place.EVERYWHERE,), "Undo the last review, while its time runs"),
    Shortcut("w", (Place.EVERYWHERE,), "Keep the case longer; stay signed in"),
    Shortcut("b", (Place.EVERYWHERE,), "Take a break"),
    Shortcut("Esc", (Place.EVERYWHERE,), "Leave a field; then hide the evidence", move="leave"),
    Shortcut("n", (Place.QUEUE, Place.LIST, Place.CASE), "Take the next case"),
    Shortcut("j", _ROWS, "Go to the next row", move="down"),
    Shortcut("k", _ROWS, "Go to the row before", move="up"),
    Shortcut("Enter", _ROWS, "Open the case of the row", move="open"),
    Shortcut("f", (Place.QUEUE,), "Go to the filter"),
    Shortcut("x", (Place.QUEUE,), "Tick the row, to assign it", move="tick", needs=Permission.ASSIGN_CASES),
    Shortcut("a", (Place.QUEUE,), "Choose who gets the ticked cases", needs=Permission.ASSIGN_CASES),
    Shortcut("l", (Place.CASE,), "Go to the next item", move="down"),
    Shortcut("h", (Place.CASE,), "Go to the item before", move="up"),
    Shortcut("v", (Place.CASE,), "Reveal the evidence, one step more each time; colour by its button"),
    Shortcut("q", (Place.CASE,), "Show what the sender said, without looking at the evidence"),
    Shortcut("1-9", (Place.CASE,), "Choose the outcome; in a list of clauses or reasons, one of it"),
    Shortcut("u", (Place.CASE,), "Remove the content"),
    Shortcut("d", (Place.CASE,), "Disable access to the content"),
    Shortcut("e", (Place.CASE,), "Demote the content"),
    Shortcut("y", (Place.CASE,), "Restrict the content by age"),
    Shortcut("i", (Place.CASE,), "Restrict interaction with the content"),
    Shortcut("o", (Place.CASE,), "Label the content"),
    Shortcut("a", (Place.CASE,), "Open the other cases of the same referral, to tick them"),
    Shortcut("c", (Place.CASE,), "Find a clause"),
    Shortcut("r", (Place.CASE,), "Write the rationale"),
    Shortcut("t", (Place.CASE,), "Write the statement to the senders"),
    Shortcut("p 1-9", (Place.CASE,), "Unfold an earlier decision"),
    Shortcut("m", (Place.CASE,), "Write a note"),
    Shortcut("s", (Place.CASE,), "Set the case aside"),
    Shortcut("s 1", (Place.CASE,), "Pass the case on: personal impact, no reason asked"),
    Shortcut("Ctrl+Enter", (Place.CASE,), "Record and open the next case"),
    Shortcut("Ctrl+Shift+Enter", (Place.CASE,), "Record and stay"),
    Shortcut("/", (Place.SENDER,), "Find a referral by its reference", needs=Permission.REFER),
)


def at(place: Place) -> Iterator[Shortcut]:
    """The rows that act at a place, those of everywhere first; a sender's pages have only their own."""
    here = {place} if place is Place.SENDER else {place, Place.EVERYWHERE}
    return (row for row in SHORTCUTS if not here.isdisjoint(row.places))


@cache
def served(place: str) -> str:
    """The keys of a place for the script: ``?|/=g s|j=down``, each with its move where it has one.

    A place that is not in the table has the keys of everywhere.
    """
    known = Place(place) if place in set(Place) else Place.EVERYWHERE
    return "|".join(f"{key}={row.move}" if row.move else key for row in at(known) for key in row.each)
