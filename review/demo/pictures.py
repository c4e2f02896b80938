"""What the evidence of the demonstration shows: generated shapes, in nobody's likeness, and nothing else."""

import base64
import struct
import zlib
from random import Random
from typing import Any, Final

WIDTH: Final = 480
HEIGHT: Final = 320
_PAPER: Final = ((236, 229, 214), (214, 226, 232), (228, 216, 226), (218, 230, 216))
_INKS: Final = ((178, 74, 60), (44, 92, 122), (86, 116, 70), (150, 110, 40), (96, 72, 120))


def picture(number: int, *, brighter: int = 0) -> bytes:
    """A PNG of a few discs and bars, another for each number; ``brighter`` makes a near-duplicate of it."""
    chance = Random(f"picture {number}")  # noqa: S311
    paper = chance.choice(_PAPER)
    shapes = [_shape(chance) for _shape_number in range(chance.randint(4, 7))]
    lighter = bytes(min(255, value + brighter) for value in range(256))
    rows = bytearray()
    for y in range(HEIGHT):
        row = bytearray(bytes(paper) * WIDTH)
        for ink, spans in shapes:
            for start, end in spans(y):
                row[3 * start : 3 * end] = bytes(ink) * (end - start)
        rows += b"\x00" + row.translate(lighter)
    return _png(bytes(rows))


def _shape(chance: Random) -> tuple[tuple[int, int, int], Any]:
    """A colour, and the columns that the shape covers in a row."""
    ink = chance.choice(_INKS)
    x, y, size = chance.randrange(WIDTH), chance.randrange(HEIGHT), chance.randint(30, 110)
    if chance.random() < 0.5:
        return ink, lambda row: _disc(row, x, y, size)
    high = chance.randint(12, 60)
    return ink, lambda row: [(max(0, x - size), min(WIDTH, x + size))] if abs(row - y) < high else []


def _disc(row: int, x: int, y: int, radius: int) -> list[tuple[int, int]]:
    if abs(row - y) > radius:
        return []
    half = int((radius**2 - (row - y) ** 2) ** 0.5)
    start, end = max(0, x - half), min(WIDTH, x + half)
    return [(start, end)] if start < end else []


def _png(rows: bytes) -> bytes:
    """Rows of red, green and blue behind a byte 0 each, as a PNG."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def document(title: str) -> bytes:
    """A PDF of one page: a line of text and a bar."""
    drawn = f"BT /F1 22 Tf 40 240 Td ({title}) Tj ET 0.2 0.35 0.5 rg 40 80 320 90 re f"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 400 300] >>",
        "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    written, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return written + f"xref\n0 6\n0000000000 65535 f \n{table}{trailer}".encode()


def piece(name: str, media_type: str, content: bytes) -> dict[str, str]:
    """A piece of evidence as a sender writes it."""
    return {"name": name, "media_type": media_type, "content": base64.b64encode(content).decode()}
