"""What may a sender name as the address of its endpoint? The rules for the URL and the topics."""

from collections.abc import Collection, Sequence
from typing import Final

import can_ada

from review.domain.addresses import Network, may_be_reached, read_address
from review.domain.webhooks import TOPICS
from review.errors import FieldError, InvalidInput, ReviewError

LONGEST_URL: Final = 2048
MOST_ENDPOINTS: Final = 10
"""Endpoints of one sender that were not removed."""
INSIDE_NAMES: Final = ("localhost", "local", "internal", "localdomain", "home.arpa", "intranet", "lan")
"""Names, and all below them, that lead inside."""

_REMEDIES: Final = {
    "url_empty": "Give the URL to which messages are sent.",
    "url_too_long": f"Give a URL of at most {LONGEST_URL} characters.",
    "url_not_valid": "Give a complete URL that starts with https:// and follows the URL standard.",
    "url_scheme": "Give a URL that starts with https://.",
    "url_credentials": "Leave user name and password out of the URL; every message is signed instead.",
    "url_not_public": "Give a host that can be reached from the internet; addresses inside a network are "
    "refused.",
    "topics_not_valid": f"Choose at least one of: {', '.join(TOPICS)}.",
}


class AlreadyRotated(ReviewError):
    """A secret from before the last rotation still signs, as was promised."""

    code = "already_rotated"
    title = "An earlier secret of this endpoint still signs"
    remedy = "Wait until previous_secret_until, or rotate on the endpoint's page, which asks first."


def endpoint_problems(
    url: str | None, topics: Collection[str] | None, *, networks: Sequence[Network]
) -> list[FieldError]:
    """All that will not do, named ``url`` or ``topics``; what is None is not looked at."""
    problems: list[FieldError] = []
    try:
        if url is not None:
            checked_url(url, networks=networks)
    except InvalidInput as error:
        problems += error.errors
    try:
        if topics is not None:
            checked_topics(topics)
    except InvalidInput as error:
        problems += error.errors
    return problems


def checked_endpoint(
    url: str, topics: Collection[str], *, networks: Sequence[Network]
) -> tuple[str, tuple[str, ...]]:
    """Address and topics as they are kept; raises `InvalidInput` that names all that will not do."""
    if problems := endpoint_problems(url, topics, networks=networks):
        raise InvalidInput(problems[0].detail, errors=problems)
    return checked_url(url, networks=networks), checked_topics(topics)


def checked_url(text: str, *, networks: Sequence[Network]) -> str:
    """The URL as a browser reads it, without fragment; raises `InvalidInput` that names ``url``.

    ``networks``: what the settings allow beside public addresses; only there plain HTTP is allowed. What a
    name leads to is looked at before each try, not here.
    """
    written = text.strip()
    if not written:
        raise _refused("url", "url_empty")
    if len(written) > LONGEST_URL:
        raise _refused("url", "url_too_long")
    try:
        parsed = can_ada.parse(written)
    except ValueError:
        raise _refused("url", "url_not_valid") from None
    if parsed.protocol not in ("https:", "http:") or not parsed.hostname:
        raise _refused("url", "url_scheme")
    if parsed.username or parsed.password or "@" in parsed.host:
        raise _refused("url", "url_credentials")
    if parsed.protocol == "http:" and not networks:
        raise _refused("url", "url_scheme")
    if not _is_outside(parsed.hostname, networks):
        raise _refused("url", "url_not_public")
    href = str(parsed.href).partition("#")[0]
    if len(href) > LONGEST_URL:
        raise _refused("url", "url_too_long")
    return href


def _is_outside(hostname: str, networks: Sequence[Network]) -> bool:
    address = read_address(hostname)
    if address is not None:
        return may_be_reached(address, networks)
    name = hostname.removesuffix(".").lower()
    if networks:
        return bool(name)
    return "." in name and not any(name == inside or name.endswith(f".{inside}") for inside in INSIDE_NAMES)


def checked_topics(topics: Collection[str]) -> tuple[str, ...]:
    """The topics in our order, each once; raises `InvalidInput` that names ``topics``."""
    if not topics or not set(TOPICS).issuperset(topics):
        raise _refused("topics", "topics_not_valid")
    return tuple(topic for topic in TOPICS if topic in topics)


def _refused(field: str, code: str) -> InvalidInput:
    detail = _REMEDIES[code]
    return InvalidInput(detail, errors=[FieldError(field, code, detail)])
