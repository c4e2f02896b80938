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


def _serve(near: socket.socket, port: int, waits: Iterator[float]) -> None:
    with near, suppress(OSError), socket.create_connection(("127.0.0.1", port)) as far:
        back = threading.Thread(target=_carry, args=(far, near, None))
        back.start()
        _carry(near, far, waits)
        back.join()


def _waits(seconds: tuple[float, float], seed: int) -> Iterator[float]:
    chance = random.Random(seed)
    while True:
        yield chance.uniform(*seconds)


@contextmanager
def slow_line(port: int, *, seconds: tuple[float, float], seed: int = 1) -> Iterator[str]:
    """The address of a line to this port on which each request waits between the least and the most.

    It ends when whoever uses it has closed their connections.
    """
    waits, lock, lines = _waits(seconds, seed), threading.Lock(), list[threading.Thread]()

    def next_wait() -> Iterator[float]:
        while True:
            with lock:  # a generator serves one thread at a time
                wait = next(waits)
            yield wait

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _address = listening.accept()
                lines.append(threading.Thread(target=_serve, args=(near, port, next_wait())))
                lines[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
    for line in lines:
        line.join()
