"""What would a GET with this key be answered? In words, from the id of the key alone, never from the key."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from review import db
from review.domain.ids import read_id
from review.domain.keys import digest_of, is_whole
from review.domain.permissions import Scope
from review.queries import senders as sender_queries
from review.queries.sender_details import KeyShown, key_shown, limits_of

UNKNOWN, DAMAGED = "unknown", "damaged"


@dataclass(frozen=True)
class KeyTested:
    """The answer to a test call: ``status`` of a GET, ``key`` where there is one.

    ``verdict``: answers, may_not_read, expired, revoked, unknown or damaged; ``limit`` is how many requests a
    minute it may send, 0 for no limit.
    """

    verdict: str
    status: int
    key: KeyShown | None = None
    limit: int = 0


def mark_of(pasted: str) -> str:
    """What stands for a pasted key in an address: its id, or why it has none."""
    words = pasted.split()
    text = words[-1] if words else ""  # "Authorization: Bearer rr_..." is pasted whole now and then
    found = sender_queries.key_by_digest(db.session(), digest_of(text))
    if found is not None:
        return found.id
    return UNKNOWN if is_whole(text) else DAMAGED


def tested_key(mark: str | None, *, now: datetime) -> KeyTested | None:
    """What the API would answer just now to the key behind a mark; None where nothing was tested."""
    if mark is None:
        return None
    key_id = read_id(mark, "K")
    key = None if key_id is None else key_shown(db.session(), key_id, now=now)
    if key is None:
        return KeyTested(DAMAGED if mark == DAMAGED else UNKNOWN, 401)
    if key.state != "in_use":
        return KeyTested(key.state, 401, key)
    own = None if key.sender_id is None else limits_of(db.session(), key.sender_id)
    limit = None if own is None else own.requests_per_minute
    if limit is None:
        limit = current_app.config["REVIEW_SETTINGS"].requests_per_key
    if Scope.READ.value not in key.scopes:
        return KeyTested("may_not_read", 403, key, limit)
    return KeyTested("answers", 200, key, limit)
