"""Which bytes has a JSON value? Canonical JSON (RFC 8785), several times as fast where a value is plain."""

from typing import Any, Final

import orjson
import rfc8785

GREATEST_INTEGER: Final = 2**53 - 1

_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a value (RFC 8785); ``ValueError`` for what it cannot write.

    orjson writes strings, booleans, nulls, integers within 2^53-1 and ASCII member names just as the standard
    wants them; a test compares the two. Everything else goes to the library for RFC 8785.
    """
    return plain_json(value) if _is_plain(value) else rfc8785.dumps(value)


def plain_json(value: Any) -> bytes:
    """The same for a value that is known to hold nothing else than these plain ones."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-GREATEST_INTEGER <= value <= GREATEST_INTEGER)
    if kind is dict:
        return all(type(name) is str and name.isascii() and _is_plain(part) for name, part in value.items())
    return kind is list and all(map(_is_plain, value))
