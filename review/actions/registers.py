"""Reading what is held, erased and due: each reading is an event, in the transaction that fetches."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.erasures import ErasureState
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import NotFound
from review.queries.erasures import ErasureShown, erasure_shown, erasures_listed
from review.queries.holds import Hold, hold_shown, holds_listed
from review.queries.retention import DueCase, due_cases


class _Listed(Protocol):
    @property
    def id(self) -> str: ...


def list_holds(*, state: str | None, object_id: str | None, words: str, actor: Actor) -> tuple[Hold, ...]:
    """Holds as `holds_listed` finds them; the event names them and what was searched."""
    with db.transaction() as writer:
        check_permission(actor, Permission.RELEASE_HOLDS)
        found = holds_listed(writer, state=state, object_id=object_id, words=words)
        chosen = [f"state={state}" if state else "", object_id or "", words]
        _told(writer, "holds", found, actor=actor, query=" ".join(filter(None, chosen)) or None)
        return found


def open_hold(hold_id: str, *, actor: Actor) -> Hold:
    """One hold with its reason; raises `NotFound`."""
    with db.transaction() as writer:
        check_permission(actor, Permission.RELEASE_HOLDS)
        found = hold_shown(writer, hold_id)
        if found is None:
            raise NotFound("There is no such hold; open it from the list.")
        ledger.record(writer, "hold.opened", hold_id, actor=actor, at=clock.now())
        return found


def list_erasures(*, actor: Actor) -> tuple[tuple[ErasureShown, ...], tuple[ErasureShown, ...]]:
    """The requests that wait and the newest that are settled; the event names them."""
    with db.transaction() as writer:
        check_permission(actor, Permission.SETTLE_ERASURES)
        waiting = erasures_listed(writer, state=ErasureState.WAITING)
        settled = tuple(one for one in erasures_listed(writer) if one.state is not ErasureState.WAITING)
        _told(writer, "erasures", (*waiting, *settled), actor=actor)
        return waiting, settled


def open_erasure(erasure_id: str, *, actor: Actor) -> ErasureShown:
    """One request with its reason; raises `NotFound`."""
    with db.transaction() as writer:
        check_permission(actor, Permission.SETTLE_ERASURES)
        found = erasure_shown(writer, erasure_id)
        if found is None:
            raise NotFound("There is no such request; open it from the list.")
        ledger.record(writer, "erasure.opened", erasure_id, actor=actor, at=clock.now())
        return found


def list_due(*, now: datetime, days: Mapping[str, int], actor: Actor) -> tuple[DueCase, ...]:
    """The cases whose retention is over, as `due_cases` finds them; the event names them."""
    with db.transaction() as writer:
        check_permission(actor, Permission.REQUEST_ERASURES)
        found = due_cases(writer, now=now, days=days)
        _told(writer, "retention", found, actor=actor)
        return found


def _told(
    writer: Session, register: str, found: Iterable[_Listed], *, actor: Actor, query: str | None = None
) -> None:
    fields: dict[str, ledger.Value | None] = {"listed": [one.id for one in found], "query": query}
    ledger.record(writer, f"{register}.listed", "trail", actor=actor, at=clock.now(), fields=fields)
