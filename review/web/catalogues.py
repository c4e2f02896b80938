"""The message catalogues: collect texts from pages and code, compare them with the translations.

``python -m review.web.catalogues`` writes ``messages.pot`` anew and names what each language lacks; run it
after changing a text.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po
from babel.support import Translations

from review.domain.permissions import GRANTS
from review.domain.removal_order import ORDER_FIELDS, SECTIONS
from review.domain.shortcuts import SHORTCUTS
from review.web.translated import MESSAGES, TRANSLATIONS, compiled

PACKAGE = Path(__file__).resolve().parent.parent
TEMPLATE_CATALOGUE = TRANSLATIONS / "messages.pot"
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "lazy_ngettext": (1, 2)}
"""The functions whose texts are collected; forms and their fields use the lazy ones."""

Message = str | tuple[str, ...]
"""A text, or the two of a singular and a plural."""

# Written by hand: the extractor's own header names people and lists that do not exist, and a date that
# would change on every run.
HEADER = (
    b"# Texts of Referral Review. Written by: python -m review.web.catalogues\n"
    b'msgid ""\nmsgstr ""\n'
    b'"Content-Type: text/plain; charset=utf-8\\n"\n'
    b'"Content-Transfer-Encoding: 8bit\\n"\n\n'
)


def extract_catalogue() -> Catalog:
    """Every text that goes through gettext in the package's templates and modules."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    catalogue = Catalog(charset="utf-8")
    found = extract_from_dir(PACKAGE, methods, options, keywords=KEYWORDS, comment_tags=("Translators:",))
    for path, line, message, comments, context in found:
        catalogue.add(message, None, locations=[(path, line)], auto_comments=comments, context=context)
    for grant in GRANTS.values():  # rules know no gettext; the page of permissions looks their sentences up
        catalogue.add(grant.sentence, None, locations=[("domain/permissions.py", 0)])
    for shortcut in SHORTCUTS:
        catalogue.add(shortcut.does, None, locations=[("domain/shortcuts.py", 0)])
    for text in _order_texts():
        catalogue.add(text, None, locations=[("domain/removal_order.py", 0)])
    return catalogue


def _order_texts() -> Iterator[str]:
    """What the pages show of the table of Annex I."""
    yield from SECTIONS.values()
    for field in ORDER_FIELDS:
        yield from (field.label, *(field.choices or {}).values())


def untranslated(language: str, *, directory: Path = TRANSLATIONS) -> dict[Message, tuple[str, ...]]:
    """The texts that a language lacks and shows in English, each with the files where it stands."""
    with (directory / language / MESSAGES).open("rb") as file:
        known = {message.id for message in read_po(file) if message.string and not message.fuzzy}
    return {
        text: tuple(sorted({path for path, _line in message.locations}))
        for message in extract_catalogue()
        if (text := message.id if isinstance(message.id, str) else tuple(message.id)) and text not in known
    }


def write_template_catalogue(target: Path = TEMPLATE_CATALOGUE) -> None:
    """Write the catalogue translators start from, sorted and without line numbers: small diffs."""
    with target.open("wb") as file:
        file.write(HEADER)
        write_po(file, extract_catalogue(), omit_header=True, no_location=True, sort_output=True)


def translations(directory: Path = TRANSLATIONS) -> dict[str, Translations]:
    """Every translation by its locale."""
    sources = sorted(directory.glob(f"*/{MESSAGES}"))
    return {source.parent.parent.name: compiled(source) for source in sources}


if __name__ == "__main__":
    write_template_catalogue()
    for name in translations():
        for lacking, places in untranslated(name).items():
            sys.stdout.write(f"{name} lacks {lacking!r} of {', '.join(places)}\n")
