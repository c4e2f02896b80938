"""Where in a document something stands: JSON Pointers that are safe to send back."""

from collections.abc import Iterable

LONGEST_NAME = 100
"""Member names longer than this, in characters, are not repeated in a pointer."""


def pointer_to(steps: Iterable[str | int]) -> str:
    """Write member names and indices as a JSON Pointer (RFC 6901).

    A name that is very long or holds characters that cannot be shown ends the pointer at the object that
    contains it, because names come from the sender and pointers go into answers and logs.
    """
    written = ""
    for step in steps:
        name = str(step)
        if len(name) > LONGEST_NAME or not name.isprintable():
            break
        written += "/" + name.replace("~", "~0").replace("/", "~1")
    return written
