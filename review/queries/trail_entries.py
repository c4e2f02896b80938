"""What stands at each position of the tree? The leaves in their order, each with the content of its event.

Leaves and contents are read side by side, each in the order in which it is stored, and put together here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Leaf, Opening
from review.queries.stored_order import Row, StoredOrder, stored_order
from review.queries.trail_rows import Asked, event_columns, raw


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
_START = Entry._fields.index("envelope")
_OWN_EID = Entry._fields.index("opening_eid") - _START
_FIELDS = Entry._fields.index("fields") - _START
_NO_CONTENT: Row = (None,) * (len(Entry._fields) - _START)


@contextmanager
def entry_parts(reader: Session) -> Iterator[Iterator[list[Row]]]:
    """Rows in the columns of `Entry`, in the order of their positions, some hundred together."""
    leaves = sa.select(*raw(Leaf.position, Leaf.eid, Leaf.leaf_hash)).order_by(Leaf.position)
    contents = sa.select(*event_columns(reader))
    with (
        Asked(reader, leaves).parts() as parts,
        stored_order(reader, contents, Opening.eid, key=_OWN_EID, texts=[_FIELDS]) as stored,
    ):
        yield (_put_together(leaves, stored) for leaves in parts)


def _put_together(leaves: Sequence[Row], stored: StoredOrder) -> list[Row]:
    contents = stored.of([leaf[EID] for leaf in leaves])
    return [(*leaf, *contents.get(leaf[EID], _NO_CONTENT)) for leaf in leaves]
