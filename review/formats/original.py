"""How is the original kept? The body as received, with each evidence string spliced out for its digest."""

import re
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

_QUOTED_BASE64 = re.compile(rb'"([A-Za-z0-9+/]++={0,2})"')
_DIGEST_LENGTH = 64


class Splice(NamedTuple):
    """One place where evidence was taken out; as JSON it is ``[offset, digest]``.

    ``offset``: of the digest in the spliced body, in bytes. ``digest``: SHA-256 of the decoded bytes, hex.
    """

    offset: int
    digest: str


class Spliced(NamedTuple):
    """A body without its evidence, and where the evidence was."""

    body: bytes
    splices: list[Splice]


class EvidenceNotCanonical(ValueError):
    """Evidence that could not be spliced out, by position in the sequence given to ``split``.

    It is not canonical base64 (RFC 4648, section 4), or the body spells it with JSON escapes. The caller
    answers with the field error ``evidence_not_canonical``.
    """

    def __init__(self, positions: Sequence[int]) -> None:
        super().__init__("evidence is not canonical base64 without JSON escapes")
        self.positions = tuple(positions)


class OriginalNotRebuilt(ValueError):
    """The splices do not belong to this body."""


def split(body: bytes, evidence: Sequence[str]) -> Spliced:
    """Replace each quoted evidence string of the body by the hex SHA-256 of its decoded bytes.

    Raises ``EvidenceNotCanonical`` when a string is not canonical base64 or does not stand in the body
    literally.
    """
    if not evidence:
        return Spliced(body, [])
    digests, refused = _digests_of(evidence)
    pieces: list[bytes] = []
    splices: list[Splice] = []
    found: set[bytes] = set()
    copied = length = 0
    for match in _QUOTED_BASE64.finditer(body) if digests else ():
        digest = digests.get(match[1])
        if digest is None:
            continue
        found.add(match[1])
        kept = body[copied : match.start(1)]
        splices.append(Splice(length + len(kept), digest))
        pieces += (kept, digest.encode("ascii"))
        length += len(kept) + _DIGEST_LENGTH
        copied = match.end(1)
    if refused or len(found) < len(digests):
        raise EvidenceNotCanonical(
            [
                position
                for position, text in enumerate(evidence)
                if position in refused or text.encode("ascii") not in found
            ]
        )
    pieces.append(body[copied:])
    return Spliced(b"".join(pieces), splices)


def rebuild(body: bytes, splices: Iterable[Splice], blob: Callable[[str], bytes]) -> bytes:
    """The exact bytes that ``split`` was given; ``blob`` answers a hex digest with the stored bytes.

    Raises ``OriginalNotRebuilt`` when a splice does not point at its digest.
    """
    pieces: list[bytes] = []
    copied = 0
    for offset, digest in splices:
        end = offset + _DIGEST_LENGTH
        if offset < copied or body[offset:end] != digest.encode():
            raise OriginalNotRebuilt("a splice does not point at its digest; the stored original was changed")
        pieces += (body[copied:offset], b2a_base64(blob(digest), newline=False))
        copied = end
    pieces.append(body[copied:])
    return b"".join(pieces)


def read_splices(stored: Iterable[Sequence[int | str]]) -> list[Splice]:
    """Splices as they come back from JSON: a list of ``[offset, digest]``."""
    return [Splice(int(offset), str(digest)) for offset, digest in stored]


def _digests_of(evidence: Sequence[str]) -> tuple[dict[bytes, str], set[int]]:
    """Digest by base64 text, and the positions of what is not canonical base64."""
    digests: dict[bytes, str] = {}
    refused: set[int] = set()
    for position, text in enumerate(evidence):
        quoted = text.encode("utf-8", "surrogatepass")
        try:
            content = a2b_base64(quoted, strict_mode=True)
        except NotBase64:
            refused.add(position)
            continue
        if not content or b2a_base64(content, newline=False) != quoted:
            refused.add(position)
        else:
            digests[quoted] = sha256(content).hexdigest()
    return digests, refused
