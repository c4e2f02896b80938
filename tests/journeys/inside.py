"""A desk of this process at an address: cheap, for pages whose state the program's own loops do not make."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

from review.domain.permissions import Actor, Role
from tests.conftest import Desk
from tests.factories import make_sign_in
from tests.journeys.visitor import Visitor


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Answer browsers in threads of this process; the address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def bounded(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """As behind the program's own server: a body ends where its header says."""
        return app(environ | {"wsgi.input": get_input_stream(environ)}, start)

    server = make_server("127.0.0.1", 0, bounded, threaded=True)
    answering = threading.Thread(target=server.serve_forever)
    answering.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        answering.join()
        server.server_close()


def sit_down(desk: Desk, visitor: Visitor, role: Role, *, sender_id: str | None = None) -> Actor:
    """Sign a new person of that role in at this window, past the password; the actor."""
    client = desk.client()
    actor = make_sign_in(client, role, sender_id=sender_id)
    cookie = client.get_cookie(desk.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    visitor.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": visitor.address}])
    return actor
