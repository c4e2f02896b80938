"""A line to the desk that lets every request wait for a while, no two the same."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIECE = 65_536


def _carry(source: socket.socket, target: socket.socket, waits: Iterator[float] | None) -> None:
    pause = threading.Event()
    with suppress(OSError):
        while piece := source.recv(PIECE):
            if waits is not None:
                pause.wait(next(waits))
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _waits(most_seconds: float, seed: int) -> Iterator[float]:
    chance = random.Random(seed)
    while True:
        yield chance.uniform(0, most_seconds)


@contextmanager
def slow_line(port: int, *, most_seconds: float, seed: int = 1) -> Iterator[str]:
    """The address of a line to this port on which each request waits between nothing and ``most_seconds``."""
    waits = _waits(most_seconds, seed)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    near, _address = listening.accept()
                    far = socket.create_connection(("127.0.0.1", port))
                except OSError:
                    return
                for ends in ((near, far, waits), (far, near, None)):
                    threading.Thread(target=_carry, args=ends, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
