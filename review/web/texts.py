"""Texts in the reader's language: a page has hundreds, so the catalogue is looked up once a request."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Any

import flask_babel
from babel import Locale
from babel.support import Translations
from flask import Flask, has_request_context
from markupsafe import Markup

from review.domain.appearance import RIGHT_TO_LEFT
from review.web import appearance
from review.web.translated import translation

DEFAULT_LOCALE = "en"


@dataclass(frozen=True)
class Language:
    """A reader's language: its locale, the locale's name, its catalogue, and texts as markup so far.

    The locale reads its table when it is first asked for more than its name, e.g. to write a date.
    """

    locale: Locale
    name: str
    catalogue: NullTranslations
    markup: dict[str, Markup] = field(default_factory=dict, compare=False)

    @property
    def direction(self) -> str:
        """How it is written, as pages name it."""
        return "rtl" if self.name in RIGHT_TO_LEFT else "ltr"


_known: dict[str, Language] = {}
_current: ContextVar[Language | None] = ContextVar("language", default=None)


def language() -> Language:
    """The language of this request."""
    found = _current.get()
    if found is None:
        found = _resolved()
        if has_request_context():
            _current.set(found)
    return found


def _resolved() -> Language:
    chosen = appearance.current().language if has_request_context() else DEFAULT_LOCALE
    known = _known.get(chosen)
    if known is None:
        locale = Locale(chosen)  # one of ours: parsing any name reads a table of all of them
        catalogue = translation(chosen) or NullTranslations()
        known = _known[chosen] = Language(locale, str(locale), catalogue)
    return known


def gettext(message: str, **values: Any) -> str:
    """The translated text with its values."""
    text = language().catalogue.gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """The translated text for a number of things; ``%(num)s`` is the number."""
    return language().catalogue.ngettext(singular, plural, num) % ({"num": num} | values)


def _in_template(message: str, **values: Any) -> Markup:
    """The translated text as markup; values are escaped. Remembered, because texts never change."""
    own = language()
    text = own.markup.get(message)
    if text is None:
        text = own.markup[message] = Markup(own.catalogue.gettext(message))  # noqa: S704 (our own texts)
    return text % values if values or "%" in text else text


def _plural_in_template(singular: str, plural: str, num: int, **values: Any) -> Markup:
    """The translated text for a number of things as markup; values are escaped."""
    return Markup(language().catalogue.ngettext(singular, plural, num)) % ({"num": num} | values)  # noqa: S704


def _forget(_error: BaseException | None) -> None:
    _current.set(None)


class _Catalogues(dict[tuple[str, str], NullTranslations]):
    """The extension's own keeping place, which finds our translations instead of compiled files."""

    def __missing__(self, key: tuple[str, str]) -> NullTranslations:
        found = self[key] = translation(key[0]) or Translations()
        return found


def _give_catalogues(app: Flask) -> None:
    with app.app_context():
        flask_babel.get_domain().cache = _Catalogues()


def install(app: Flask) -> None:
    """Let templates look texts up the same way.

    These functions take the place of those that the extension makes of a catalogue's: they do the same
    without asking the template's context for each text.
    """
    app.teardown_request(_forget)
    _give_catalogues(app)
    environment = app.jinja_env
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(_=_in_template, gettext=_in_template, ngettext=_plural_in_template)
