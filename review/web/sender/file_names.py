"""What is the table of rows to correct called? After the file that was uploaded, safe on every disk."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from review.sheets import ENDINGS

TO_CORRECT: Final = "-to-correct"
LONGEST_STEM: Final = 80
_RESERVED: Final = re.compile(r'[\\/:*?"<>|]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def name_to_correct(uploaded: str) -> str:
    """Its name without the ending, and ``-to-correct.csv``, once however often it comes back."""
    lowered = uploaded.lower()
    ending = max((each for each in ENDINGS if lowered.endswith(each)), key=len, default="")
    stem = uploaded[: len(uploaded) - len(ending)].removesuffix(TO_CORRECT)
    plain = "".join(letter if letter.isprintable() else "-" for letter in _RESERVED.sub("-", stem))
    begun = plain[:LONGEST_STEM].strip(" .-")
    return f"{'file' if not begun or _DEVICE.fullmatch(begun) else begun}{TO_CORRECT}.csv"


def as_attachment(name: str) -> str:
    """The header Content-Disposition (RFC 6266): in ASCII, and in full where that says less."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if ascii_name == name:
        return f'attachment; filename="{name}"'
    begun = re.sub(r"[^\w.-]+", "-", ascii_name, flags=re.ASCII).strip("-.")
    fallback = begun if begun != f"{TO_CORRECT}.csv".strip("-") else f"file{TO_CORRECT}.csv"
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"
