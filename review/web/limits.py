"""Rate limits of the API: per address, per key, and per address for keys that are not valid.

They look at who asks and at nothing else, so that no answer tells whether a thing exists.
"""

from flask import current_app, g, request

from review import clock, metrics
from review.actions.attempts import address_group
from review.actions.rates import count_request
from review.errors import TooManyRequests
from review.queries.senders import KeyFound

PROGRAMS = ("/api/", "/log/")
"""Where programs ask: counted by address, in lanes of their own, without a session."""


def _count(kind: str, name: str, most: int) -> None:
    try:
        count_request(kind, name, at=clock.now(), most=most)
    except TooManyRequests:
        metrics.current.limited.labels(kind).inc()
        raise


def check_address() -> None:
    """Count a request of this address to the programs' addresses; raises `TooManyRequests`."""
    if request.path.startswith(PROGRAMS):
        count_address()


def count_address() -> None:
    """Count a request of this address, also on a page that anybody may let work; raises `TooManyRequests`."""
    most = current_app.config["REVIEW_SETTINGS"].requests_per_address
    _count("address", address_group(request.remote_addr or ""), most)


def check_key(key: KeyFound) -> None:
    """Count a request of this valid key; raises `TooManyRequests`.

    Its sender's own limit goes before the setting; a new one holds from the next minute on. What the sender
    may put into one batch is kept for this request, so that nobody has to ask for it again.
    """
    g.own_batch_lines = key.batch_lines
    own = key.requests_per_minute
    _count("key", key.id, current_app.config["REVIEW_SETTINGS"].requests_per_key if own is None else own)


def own_batch_lines() -> int | None:
    """How many lines a batch of this request's sender may have; None where it has no limit of its own."""
    found: int | None = g.get("own_batch_lines")
    return found


def count_failed_key() -> None:
    """Count a request without a valid key; raises `TooManyRequests` instead of 401 past the limit."""
    most = current_app.config["REVIEW_SETTINGS"].failed_keys_per_address
    _count("failed_key", address_group(request.remote_addr or ""), most)
