"""Writes down every name that a Python process asks for and every address that it connects or sends to.

Python starts this by itself where its folder is on the path: in the server, its workers and its loops.
"""

import os
import sys

ASKING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
REACHING = ("socket.connect", "socket.sendto", "socket.sendmsg")


def _write(*words: object) -> None:
    line = "\t".join(" ".join(str(word).splitlines()) for word in words) + "\n"
    log = os.open(os.environ["NETWORK_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, line.encode())
    os.close(log)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event in ASKING:
        _write("name", arguments[0])
    elif event in REACHING:
        address = arguments[1]
        _write("address", address[0] if isinstance(address, tuple) else address)


if "NETWORK_LOG" in os.environ:
    _write("started", " ".join(sys.orig_argv[1:]))
    sys.addaudithook(_hear)
