"""A QR code as the path of an SVG picture: drawn here, without a style and without a request elsewhere."""

from dataclasses import dataclass
from importlib import import_module

QUIET = 4
"""Light modules around the code (ISO/IEC 18004, section 9.1)."""


@dataclass(frozen=True)
class QrCode:
    """The width of the picture in modules, and the path of its dark ones."""

    width: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a text, a run of dark modules a rectangle; survives damage of 15 % (level M)."""
    segno = import_module("segno")  # few pages show a code
    rows = segno.make(text, error="m", micro=False).matrix
    path = "".join(
        f"M{start + QUIET} {line + QUIET}h{length}v1h-{length}z"
        for line, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return QrCode(len(rows) + 2 * QUIET, path)


def _runs(row: bytearray) -> list[tuple[int, int]]:
    """Start and length of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if not dark & 1:
            continue
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs
