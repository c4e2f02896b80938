"""Rate limits of the API: per address, per key, and per address for keys that are not valid.

They look at who asks and at nothing else, so that no answer tells whether a thing exists.
"""

from flask import current_app, request

from review import clock, metrics
from review.actions.attempts import address_group
from review.actions.rates import count_request
from review.errors import TooManyRequests


def _count(kind: str, name: str, most: int) -> None:
    try:
        count_request(kind, name, at=clock.now(), most=most)
    except TooManyRequests:
        metrics.current.limited.labels(kind).inc()
        raise


def check_address() -> None:
    """Count a request of this address to the programs' addresses; raises `TooManyRequests`."""
    if request.path.startswith(("/api/", "/log/")):
        most = current_app.config["REVIEW_SETTINGS"].requests_per_address
        _count("address", address_group(request.remote_addr or ""), most)


def check_key(key_id: str) -> None:
    """Count a request of this valid key; raises `TooManyRequests`."""
    _count("key", key_id, current_app.config["REVIEW_SETTINGS"].requests_per_key)


def count_failed_key() -> None:
    """Count a request without a valid key; raises `TooManyRequests` instead of 401 past the limit."""
    most = current_app.config["REVIEW_SETTINGS"].failed_keys_per_address
    _count("failed_key", address_group(request.remote_addr or ""), most)
