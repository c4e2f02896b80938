"""What stands at each position of the tree? The leaves in their order, each with the content of its event.

Leaves and contents are read side by side, each in the order in which it is stored, and put together here:
they were written in nearly the same order, so that the database need not look up one content after the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Leaf, Opening
from review.queries.trail_rows import Asked, among, event_columns, raw

Row = tuple[Any, ...]

MOST_KEPT = 10_000
"""Contents in memory whose leaf has not come yet; what is not among them is looked up by its id."""
MOST_TEXT = 32 * 2**20
"""Characters of their fields, which may be long."""


class Entry(NamedTuple):
    """A leaf and its opening, as the driver gives them; all None from ``envelope`` on where that is lost."""

    position: Any
    eid: Any
    leaf_hash: Any
    envelope: Any
    salt: Any
    event_type: Any
    object_kind: Any
    object_id: Any
    object_version: Any
    opening_eid: Any
    fields: Any
    recorded_at: Any


EID = Entry._fields.index("eid")
_OWN_EID = Entry._fields.index("opening_eid") - Entry._fields.index("envelope")
_FIELDS = Entry._fields.index("fields") - Entry._fields.index("envelope")
_NO_CONTENT: Row = (None,) * (len(Entry._fields) - Entry._fields.index("envelope"))


@contextmanager
def entry_parts(reader: Session) -> Iterator[Iterator[list[Row]]]:
    """Rows in the columns of `Entry`, in the order of their positions, some hundred together."""
    leaves = sa.select(*raw(Leaf.position, Leaf.eid, Leaf.leaf_hash)).order_by(Leaf.position)
    contents = sa.select(*event_columns(reader))
    of_ids = Asked(reader, contents.where(among(reader, Opening.eid)))
    with Asked(reader, leaves).parts() as leaf_parts, Asked(reader, contents).parts() as content_parts:
        yield _put_together(leaf_parts, content_parts, of_ids)


def _put_together(
    leaf_parts: Iterator[Sequence[Row]], content_parts: Iterator[Sequence[Row]], of_ids: Asked
) -> Iterator[list[Row]]:
    kept: dict[Any, Row] = {}
    text = 0
    for leaves in leaf_parts:
        eids = [leaf[EID] for leaf in leaves]
        while len(kept) < MOST_KEPT and text < MOST_TEXT and not all(eid in kept for eid in eids):
            if (part := next(content_parts, None)) is None:
                break
            kept.update((row[_OWN_EID], row) for row in part)
            text += _text_of(part)
        here = {eid: kept.pop(eid) for eid in set(eids) if eid in kept}
        text -= _text_of(here.values())
        if lost := [eid for eid in eids if eid not in here and isinstance(eid, str)]:
            here.update((row[_OWN_EID], row) for row in of_ids.about(lost))
        yield [(*leaf, *here.get(leaf[EID], _NO_CONTENT)) for leaf in leaves]


def _text_of(contents: Iterable[Row]) -> int:
    """Characters of their fields, where those are the text that they ought to be."""
    return sum(len(fields) for row in contents if isinstance(fields := row[_FIELDS], str))
