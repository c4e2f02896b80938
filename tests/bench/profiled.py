"""The desk with a profiler around each request; `/bench/profile` gives what it saw and forgets it.

Requests run one after the other and the profiler costs its share, so only proportions count, not rates.
"""

import cProfile
import io
import pstats
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from app import create_checked_app
from tests.house.readme_tables import ROOT

ADDRESS = "/bench/profile"
LINES = 45


class Profiled:
    """Runs each request of an application under one profiler."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._guard = threading.Lock()
        self._profile = cProfile.Profile()
        self._requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        with self._guard:
            if environ["PATH_INFO"] == ADDRESS:
                start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
                return [self._report().encode()]
            self._requests += 1
            self._profile.enable()
            try:
                return list(self._application(environ, start_response))
            finally:
                self._profile.disable()

    def _report(self) -> str:
        if not self._requests:
            return "nothing was asked"
        parts = [f"{self._requests} requests"]
        for order in ("tottime", "cumulative"):
            text = io.StringIO()
            pstats.Stats(self._profile, stream=text).sort_stats(order).print_stats(LINES)
            parts.append(f"by {order}\n" + _shortened(text.getvalue()))
        self._profile, self._requests = cProfile.Profile(), 0
        return "\n".join(parts)


def _shortened(text: str) -> str:
    """Paths from the checkout or the installed package on, blank lines left out."""
    text = re.sub(r"\S*site-packages/", "", text.replace(str(ROOT) + "/", ""))
    text = re.sub(r"\S*/lib/python[0-9.]+/", "", text)
    return "\n".join(line for line in text.splitlines() if line.strip())


def create_profiled_app() -> Flask:
    """The factory that the server is given."""
    app = create_checked_app()
    app.wsgi_app = Profiled(app.wsgi_app)  # type: ignore[method-assign]
    return app
