"""Which lines has this stream? Newline-delimited JSON in pieces, in bounded memory, plain or gzip."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

LONGEST_LINE: Final = 1024 * 1024
"""Bytes of a line without its line feed."""
PIECE: Final = 64 * 1024
_GZIP: Final = zlib.MAX_WBITS | 16


class StreamBroken(ValueError):
    """The stream ended early or is not what it says; the text says which."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with anything in it; ``number`` counts all lines from 1.

    ``body`` is the line as sent, without its line feed; ``None`` for one longer than `LONGEST_LINE`.
    """

    number: int
    body: bytes | None


class Unpacked:
    """A stream of gzip members (RFC 1952) as the bytes in them; ``read`` answers at most `PIECE` bytes."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._packed = b""
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False

    def read(self, _size: int = PIECE) -> bytes:
        """The next bytes, none at the end; raises `StreamBroken` for a broken or unfinished member."""
        while True:
            if not self._packed:
                self._packed = self._read(PIECE)
                if not self._packed:
                    return self._end()
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            self._begun = True
            try:
                piece = self._member.decompress(self._packed, PIECE)
            except zlib.error:
                raise StreamBroken("the gzip stream is damaged") from None
            self._packed = self._member.unconsumed_tail or self._member.unused_data
            if piece:
                return piece

    def _end(self) -> bytes:
        """What the open member still holds back; a stream without any member is no gzip."""
        if self._begun and self._member.eof:
            return b""
        piece = self._member.decompress(b"", PIECE) if self._begun else b""
        if not piece:
            raise StreamBroken("the gzip stream ends early")
        return piece


def read_lines(read: Callable[[int], bytes]) -> Iterator[Line]:
    """The lines of a stream that ``read(size)`` gives piece by piece, blank ones left out.

    Never holds more than the longest line and one piece; the rest of a longer line is read and dropped.
    """
    number, kept, overlong = 1, bytearray(), False
    while piece := read(PIECE):
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            if not overlong:
                kept += piece[start:end]
            if line := _line(number, kept, overlong=overlong):
                yield line
            number, start, overlong = number + 1, end + 1, False
            kept.clear()
        if not overlong:
            kept += piece[start:]
            overlong = len(kept) > LONGEST_LINE
            if overlong:
                kept.clear()
    if line := _line(number, kept, overlong=overlong):
        yield line


def _line(number: int, kept: bytearray, *, overlong: bool) -> Line | None:
    if overlong or len(kept) > LONGEST_LINE:
        return Line(number, None)
    return Line(number, bytes(kept)) if kept and not kept.isspace() else None
