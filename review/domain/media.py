"""Which files are shown as evidence, in which steps, and why not? The rules, without decoding anything."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a file that is decoded."""
MOST_CAPTURE_BYTES: Final = 10 * 1024 * 1024
"""Bytes of a file that a moderator adds."""
MOST_PIXELS: Final = 40_000_000
MOST_FRAMES: Final = 200
MOST_PAGES: Final = 1_000
MOST_CHARACTERS: Final = 20_000
"""Characters of a text that are shown; more of it stays in the file."""
FIRST_CHARACTERS: Final = 160
"""Characters that stand open; what follows is folded."""
LONGEST_NAME: Final = 120


class Kind(StrEnum):
    """What may be shown, by what a file holds, whatever its name and its sender say."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    PDF = "application/pdf"
    TEXT = "text/plain"


PICTURES: Final = (Kind.PNG, Kind.JPEG, Kind.WEBP)


class Refusal(StrEnum):
    """Why a file cannot be shown; it is kept all the same."""

    EMPTY = "empty"
    KIND = "kind"
    DRAWING = "drawing"
    BYTES = "bytes"
    PIXELS = "pixels"
    FRAMES = "frames"
    PAGES = "pages"
    PROTECTED = "protected"
    BROKEN = "broken"
    SLOW = "slow"
    MEMORY = "memory"


class Stage(StrEnum):
    """How much of a piece of evidence is shown; ``placeholder`` is its name and size alone.

    ``small`` is blurred and grey, ``grey`` and ``colour`` are sharp and as large as pictures are shown; the
    others are what they are called.
    """

    PLACEHOLDER = "placeholder"
    SMALL = "small"
    SMALL_SHARP_GREY = "small_sharp_grey"
    SMALL_BLURRED_COLOUR = "small_blurred_colour"
    SMALL_SHARP_COLOUR = "small_sharp_colour"
    BLURRED_GREY = "blurred_grey"
    BLURRED_COLOUR = "blurred_colour"
    GREY = "grey"
    COLOUR = "colour"
    TEXT = "text"


SMALL: Final = (Stage.SMALL, Stage.SMALL_SHARP_GREY, Stage.SMALL_BLURRED_COLOUR, Stage.SMALL_SHARP_COLOUR)
BLURRED: Final = (Stage.BLURRED_GREY, Stage.BLURRED_COLOUR)
"""Blurred, and as large as pictures are shown."""
SHARP: Final = (Stage.GREY, Stage.COLOUR)
RISING: Final = (*SMALL, *BLURRED, *SHARP)
"""Every way to show a picture; nobody is led from one of them to an earlier one."""
BOXES: Final = {stage: 160 if stage in SMALL else 1600 for stage in RISING}
"""The longest side of a preview, in pixels, but of a long picture; a smaller one is never enlarged."""
SHORTER_SIDE: Final = BOXES[Stage.COLOUR] // 2
LONGEST_SIDE: Final = 12_000
"""A whole page in one picture, or a very wide one, is shown so large that its words can be read."""
LADDER: Final = (Stage.SMALL, Stage.GREY, Stage.COLOUR)
"""The steps of a picture for whoever switched nothing off."""
SHOWN_IN_RECORD: Final = timedelta(minutes=15)
"""What a reader of a record is shown goes away by itself after this: there no claim ends it."""
PREVIEW_TYPE: Final = "image/jpeg"
"""What every preview of a picture is, whatever the file was."""


@dataclass
class Look:
    """What decoding found in one file; ``width`` and ``height`` in pixels, of a PDF those of its preview.

    ``perceptual_hash``: 256 bits in hex (PDQ), None where there is too little to see for a reliable one.
    """

    kind: Kind | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    pages: int | None = None
    characters: int | None = None
    perceptual_hash: str | None = None
    refused: Refusal | None = None


class NotShown(Exception):
    """A file breaks a rule; ``refusal`` says which."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


_DRAWING = re.compile(rb"\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<(?:\w+:)?svg[\s>]", re.I | re.S)
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LEFT_OUT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that no name keeps: controls, halves of characters, ends of lines."""
_HEAD_BYTES: Final = 4_096
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def check_length(length: int) -> None:
    """Raise `NotShown` for a file without or with too many bytes."""
    if length == 0:
        raise NotShown(Refusal.EMPTY)
    if length > MOST_BYTES:
        raise NotShown(Refusal.BYTES)


def kind_of(content: bytes) -> Kind:
    """What a file is by its own first bytes; raises `NotShown` for whatever is not shown here.

    A PDF must begin as one: the place that its readers forgive is what files of two kinds live on.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if content.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Kind.WEBP
    if content.startswith(b"%PDF-"):
        return Kind.PDF
    if _DRAWING.match(content[:_HEAD_BYTES].removeprefix(_BYTE_ORDER_MARK)):
        raise NotShown(Refusal.DRAWING)
    if text_of(content) is None:
        raise NotShown(Refusal.KIND)
    return Kind.TEXT


def text_of(content: bytes) -> str | None:
    """The text in a file of UTF-8; None where it is something else."""
    try:
        text = content.removeprefix(_BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT.search(text) else text


def check_pixels(width: int, height: int) -> None:
    """Raise `NotShown` for more than 40 megapixels, before any of them is decoded."""
    if width < 1 or height < 1:
        raise NotShown(Refusal.BROKEN)
    if width * height > MOST_PIXELS:
        raise NotShown(Refusal.PIXELS)


def check_frames(frames: int) -> None:
    """Raise `NotShown` for a moving picture that is longer than anybody would look at."""
    if frames > MOST_FRAMES:
        raise NotShown(Refusal.FRAMES)


def check_pages(pages: int) -> None:
    """Raise `NotShown` for a document without or with too many pages."""
    if pages < 1:
        raise NotShown(Refusal.BROKEN)
    if pages > MOST_PAGES:
        raise NotShown(Refusal.PAGES)


def fitted(width: int, height: int, *, box: int) -> tuple[int, int]:
    """Width and height made smaller until both sides are at most ``box``; never below one pixel."""
    longest = max(width, height)
    if longest <= box:
        return width, height
    return max(1, round(width * box / longest)), max(1, round(height * box / longest))


def is_long(width: int, height: int) -> bool:
    """Whether one side is more than twice the other."""
    return max(width, height) > 2 * min(width, height)


def shown_size(width: int, height: int, stage: Stage) -> tuple[int, int]:
    """Width and height of the preview of this stage of a picture of that size."""
    box = BOXES[Stage.COLOUR]
    if is_long(width, height):
        box = min(LONGEST_SIDE, SHORTER_SIDE * max(width, height) // min(width, height))
    greatest = fitted(width, height, box=box)
    return fitted(*greatest, box=BOXES[stage]) if stage in SMALL else greatest


def next_stage(kind: Kind | None, shown: Stage | None, *, ladder: Sequence[Stage] = LADDER) -> Stage | None:
    """What a reader may ask for next; None where everything is shown. ``kind`` None: not looked at yet."""
    if kind is Kind.TEXT:
        return None if shown is Stage.TEXT else Stage.TEXT
    if shown not in RISING:
        return ladder[0]
    more = RISING[RISING.index(shown) + 1 :]
    return next((step for step in ladder if step in more), None)


def fits(kind: Kind, stage: Stage) -> bool:
    """Whether a file of this kind has a preview of this stage."""
    return (stage is Stage.TEXT) == (kind is Kind.TEXT) and stage is not Stage.PLACEHOLDER


def plain_name(name: str) -> str:
    """The name to keep for a file that somebody adds: no folders, no control characters, not too long.

    Characters that turn the direction of writing or are not seen stay: pages show them as tokens.
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(letter for letter in last if unicodedata.category(letter) not in _LEFT_OUT)
    return kept.strip(" .")[:LONGEST_NAME] or "capture"
