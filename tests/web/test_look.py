"""The style sheet is readable in both themes and small; templates hold no code, style or raw text."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from review.domain.events import EVENTS
from review.web import catalogues
from review.web.words import WORDS

PACKAGE = catalogues.PACKAGE
STYLES = (PACKAGE / "static" / "desk.css").read_text(encoding="utf-8")
SCRIPTS = sorted((PACKAGE / "static").rglob("*.js"))
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLES)
}
JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
EMBEDDED = re.compile(
    r"""\s(style|on\w+)\s*=|<(script(?! src="{{ url_for\("static")|style|iframe|object)\b|\|\s*safe\b|Markup\(|(?<!www\.)https?://|{%\s*autoescape""",
    re.IGNORECASE,
)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2, definitions)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, definitions)."""
    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


TEXT_PAIRS = [
    (text, ground)
    for text in ("text", "muted", "accent", "overdue", "warn", "ok")
    for ground in ("canvas", "surface")
] + [
    *((text, f"{tone}-soft") for text in ("text", "muted") for tone in ("accent", "overdue", "warn", "ok")),
    *((tone, f"{tone}-soft") for tone in ("accent", "overdue", "warn", "ok")),
    ("on-accent", "accent"),
    ("accent", "accent-soft"),
    ("text", "demo"),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_has_enough_contrast(text: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[text][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["canvas", "surface"])
@pytest.mark.parametrize("part", ["border", "accent", "overdue"])
def test_borders_and_focus_have_enough_contrast(part: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[part][theme], TOKENS[ground][theme]) >= 3


def test_style_sheet_is_small_and_asks_nobody() -> None:
    assert len(STYLES.encode()) <= 40_000
    assert not re.search(r"url\(|@import|@font-face|https?:", STYLES)


def test_the_small_style_sheet_says_nothing_of_its_own() -> None:
    """Its lines are lines of the other in the same order, so that both look the same and one is tested."""
    small = (PACKAGE / "static" / "verify.css").read_text(encoding="utf-8")
    lines = iter(STYLES.splitlines())
    assert [line for line in small.splitlines()[1:] if line not in lines] == []
    assert len(small.encode()) <= 12_000


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_short(script: Path) -> None:
    assert script.read_text(encoding="utf-8").count("\n") < 400


def test_all_scripts_of_a_page_together_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SCRIPTS}
    everywhere = sizes.pop("desk.js") + sizes.pop("keys.js")
    assert everywhere + max(sizes.values()) <= 25_000, "the others have pages of their own, one each"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_writes_no_markup_and_asks_nobody_else(script: Path) -> None:
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|https?://(?!www\.w3)"
    assert re.findall(unsafe, script.read_text(encoding="utf-8")) == []


def test_style_sheet_uses_logical_properties_only() -> None:
    rules = re.sub(r"/\*.*?\*/", "", STYLES, flags=re.DOTALL)
    sides = "left|right|top|bottom"
    physical = (
        rf"[{{;]\s*((?:margin|padding|border)-(?:{sides})[\w-]*|{sides}|(?:min-|max-)?(?:width|height))\s*:"
    )
    assert re.findall(physical, rules) == []
    assert not re.search(r"text-align: (left|right)|float:", rules)


@pytest.mark.parametrize(
    "need", ["forced-colors", "prefers-reduced-motion", "@media print", ":focus-visible"]
)
def test_style_sheet_serves_special_needs(need: str) -> None:
    assert need in STYLES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_holds_no_script_style_or_outside_address(template: Path) -> None:
    source = re.sub(r"{#.*?#}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert EMBEDDED.search(source) is None


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_text_goes_through_gettext(template: Path) -> None:
    source = JINJA.sub("", template.read_text(encoding="utf-8"))
    spoken = re.findall(r"""\s(?:title|alt|placeholder|aria-label)="([^"]*)\"""", source)
    written = re.sub(r"<[^>]*>", " ", source)
    # "UTC", numbers and signs need no translation; a word of two letters or more does.
    assert [word for word in re.findall(r"[^\W\d_]{2,}", " ".join([written, *spoken])) if word != "UTC"] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_begins_by_saying_what_it_is(template: Path) -> None:
    assert template.read_text(encoding="utf-8").startswith(("{#", "{% extends"))


def test_template_catalogue_is_up_to_date() -> None:
    with catalogues.TEMPLATE_CATALOGUE.open("rb") as file:
        stored = read_po(file)
    now = {message.id for message in catalogues.extract_catalogue() if message.id}
    assert {message.id for message in stored if message.id} == now, "run: python -m review.web.catalogues"


def test_template_catalogue_names_no_made_up_people(tmp_path: Path) -> None:
    target = tmp_path / "messages.pot"
    catalogues.write_template_catalogue(target)
    assert not re.search(
        r"EMAIL@ADDRESS|FIRST AUTHOR|LL@li\.org|FULL NAME", target.read_text(encoding="utf-8")
    )


def test_translations_are_read_without_writing_beside_them(tmp_path: Path) -> None:
    source = tmp_path / "he" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    catalogue = Catalog(locale="he")
    catalogue.add("Queue", "תור")
    written = BytesIO()
    write_po(written, catalogue)
    source.write_bytes(written.getvalue())
    found = catalogues.translations(tmp_path)
    assert found["he"].gettext("Queue") == "תור"
    assert list(source.parent.iterdir()) == [source]


def test_every_event_has_words_for_the_trail_page() -> None:
    assert [name for name in EVENTS if name not in WORDS["event"]] == []
