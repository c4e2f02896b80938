"""Where in its line does a problem stand? Place, name and value as the file has them, a referral or X-ARF."""

from collections.abc import Mapping
from typing import Any

import orjson

from review.errors import NotStrictJson
from review.formats.strict_json import parse_object
from review.formats.xarf import is_report, place_in_report


def members_written(body: bytes) -> dict[str, Any] | None:
    """The members as they stand in the line; None where it is no object that can be read."""
    try:
        return parse_object(body)
    except NotStrictJson:
        return None


def place_of(pointer: str, members: Mapping[str, Any]) -> str:
    """Where that member of a referral (RFC 6901) stands in what was written."""
    return place_in_report(pointer, members) if is_report(members) else pointer


def name_of(place: str) -> str:
    """The place as people write it, such as ``items[0].url``; blank for the whole."""
    steps = (f"[{step}]" if step.isdigit() else f".{step}" for step in _steps(place))
    return "".join(steps).lstrip(".")


def value_at(place: str, members: Mapping[str, Any]) -> str:
    """What is written there: a string as it is, all else as JSON; blank where there is nothing."""
    found: Any = members
    for step in _steps(place):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return ""
    return found if isinstance(found, str) else orjson.dumps(found).decode()


def at_line(detail: str, number: int) -> str:
    """A sentence about the place in a line of its own, with the number that the line has in its file."""
    return f"Line {number}, {rest}" if (rest := detail.removeprefix("Line 1, ")) != detail else detail


def _steps(place: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]
