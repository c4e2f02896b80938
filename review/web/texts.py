"""Texts in the reader's language, looked up once a request: a page has hundreds."""

from gettext import NullTranslations
from typing import Any

import flask_babel
from flask import Flask, g, has_request_context


def catalogue() -> NullTranslations:
    """The catalogue of this request's language."""
    if not has_request_context():
        return _resolved()
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = _resolved()
    return found


def _resolved() -> NullTranslations:
    found: NullTranslations = flask_babel.get_translations()
    return found


def gettext(message: str, **values: Any) -> str:
    """The translated text with its values."""
    text = catalogue().gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """The translated text for a number of things; ``%(num)s`` is the number."""
    return catalogue().ngettext(singular, plural, num) % ({"num": num} | values)


def install(app: Flask) -> None:
    """Let templates look texts up the same way."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: catalogue().gettext(message),
        ngettext=lambda singular, plural, num: catalogue().ngettext(singular, plural, num),
        newstyle=True,
    )
