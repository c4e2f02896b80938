"""The message catalogues: collect texts from pages and code, compile translations.

``python -m review.web.catalogues`` writes ``messages.pot`` anew; run it after changing a text.
"""

import os
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from review.domain.permissions import GRANTS

PACKAGE = Path(__file__).resolve().parent.parent
TRANSLATIONS = PACKAGE / "translations"
TEMPLATE_CATALOGUE = TRANSLATIONS / "messages.pot"

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
    found = extract_from_dir(
        PACKAGE, methods, options, keywords=DEFAULT_KEYWORDS, comment_tags=("Translators:",)
    )
    for _path, _line, message, comments, context in found:
        catalogue.add(message, None, auto_comments=comments, context=context)
    for grant in GRANTS.values():  # rules know no gettext; the page of permissions looks their sentences up
        catalogue.add(grant.sentence, None)
    return catalogue


def write_template_catalogue(target: Path = TEMPLATE_CATALOGUE) -> None:
    """Write the catalogue translators start from, sorted and without line numbers: small diffs."""
    with target.open("wb") as file:
        file.write(HEADER)
        write_po(file, extract_catalogue(), omit_header=True, no_location=True, sort_output=True)


def compile_catalogues(directory: Path = TRANSLATIONS) -> list[Path]:
    """Compile each ``.po`` whose ``.mo`` is missing or older; returns what was written."""
    return [
        _compile(source)
        for source in sorted(directory.glob("*/LC_MESSAGES/*.po"))
        if _is_stale(source, source.with_suffix(".mo"))
    ]


def _is_stale(source: Path, target: Path) -> bool:
    return not target.exists() or target.stat().st_mtime < source.stat().st_mtime


def _compile(source: Path) -> Path:
    """Compile one catalogue; renamed into place, so that a second process never reads half a file."""
    target = source.with_suffix(".mo")
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parent.parent.name)
    with tempfile.NamedTemporaryFile(dir=source.parent, delete=False) as unfinished:
        write_mo(unfinished, catalogue)
    os.replace(unfinished.name, target)
    return target


if __name__ == "__main__":
    write_template_catalogue()
