"""Counts and times every answered request, by endpoint; never by address, key or person."""

import time

from flask import Flask, Response, g, request

from review import metrics

MEMORY_SECONDS = 10.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_memory_due = [0.0]


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    now = time.perf_counter()
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    metrics.current.answered(endpoint, method, response.status_code // 100, seconds=now - g.get("began", now))
    if now >= _memory_due[0]:
        _memory_due[0] = now + MEMORY_SECONDS
        metrics.remember_memory()
    return response


def register(app: Flask) -> None:
    """Watch every request of the application; first in, last out."""
    app.before_request(_begin)
    app.after_request(_end)
