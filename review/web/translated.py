"""The translations of the desk's texts, each read when its first reader comes."""

from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path

from babel.support import Translations

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
MESSAGES = Path("LC_MESSAGES", "messages.po")
"""Where the texts of one language lie in its folder."""


@cache
def translation(language: str) -> Translations | None:
    """The translation into this language; None for one that has none, as that of the texts themselves.

    Reading it takes a seventh of a second and several MiB: few desks have readers of every language.
    """
    source = TRANSLATIONS / language / MESSAGES
    return compiled(source) if source.is_file() else None


def compiled(source: Path) -> Translations:
    """The translation in this file, compiled in memory: nothing is written beside the program."""
    pofile, mofile = import_module("babel.messages.pofile"), import_module("babel.messages.mofile")
    with source.open("rb") as file:
        catalogue = pofile.read_po(file, locale=source.parent.parent.name)
    written = BytesIO()
    mofile.write_mo(written, catalogue)
    written.seek(0)
    return Translations(written)
