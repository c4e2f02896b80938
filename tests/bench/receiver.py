"""A receiver of messages in a process of its own: answers each POST with 200, those to /hang never.

Prints its port. It shares the cores with the desk, and costs little of them.
"""

import asyncio
import re

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
HANGING = "/hang"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take one message after the other from a connection, as long as its far side keeps it."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            if head.startswith(b"POST " + HANGING.encode()):
                await reader.read()  # nothing is answered until the sender gives up
                return
            writer.write(_ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


async def main() -> None:
    """Listen until killed."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
