"""Which names do all registered senders have? Read again only after one came or changed."""

import threading
from typing import NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Sender
from review.prepared import Prepared


class _Known(NamedTuple):
    state: tuple[int | str | None, ...]
    names: frozenset[str]


_STATE = Prepared(
    lambda: sa.select(
        sa.func.count(), sa.func.sum(Sender.trail_version), sa.func.min(Sender.id), sa.func.max(Sender.id)
    )
)
_NAMES = Prepared(lambda: sa.select(Sender.name))
_known: WeakKeyDictionary[sa.Engine, _Known] = WeakKeyDictionary()
_guard = threading.Lock()


def registered_names(reader: Session) -> frozenset[str]:
    """The names of all senders: which of them sent a case must not show in what is refused.

    A sender is never removed, and each change of one counts in the chain of its events, so that the sum of
    these counts says whether anything is new. It is asked before the names: what changes between the two is
    read twice rather than missed.
    """
    engine = reader.get_bind().engine
    state = tuple(_STATE.first(reader))
    with _guard:
        known = _known.get(engine)
    if known is None or known.state != state:
        known = _Known(state, frozenset(row.name for row in _NAMES.all(reader)))
        with _guard:
            _known[engine] = known
    return known.names
