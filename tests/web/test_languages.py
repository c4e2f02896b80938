"""The second language is whole, safe, and turns the page around."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from review.domain.appearance import LANGUAGES
from review.web import catalogues
from review.web.translated import MESSAGES, TRANSLATIONS
from tests.conftest import Desk

OTHERS = [language for language in LANGUAGES if language != "en"]
PLACE = re.compile(r"%\(\w+\)[sd]")


def _messages(language: str) -> Iterator[Message]:
    with (TRANSLATIONS / language / MESSAGES).open("rb") as file:
        yield from (message for message in read_po(file, locale=language) if message.id)


def _texts(text: object) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (str(text),)


def test_every_language_on_offer_has_a_catalogue() -> None:
    assert set(catalogues.translations()) == set(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    assert catalogues.untranslated(language) == {}


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_same_places_and_nothing_active_or_hidden(language: str) -> None:
    for message in _messages(language):
        wanted = set(PLACE.findall(" ".join(_texts(message.id))))
        for number, text in enumerate(_texts(message.string)):
            assert text, message.id
            places = set(PLACE.findall(text))
            if isinstance(message.id, tuple):  # one and two may be words
                assert places <= wanted, message.id
                assert number in (1, 2) or "%(num)s" in text or "0" not in text, message.id
            else:
                assert places == wanted, message.id
            assert not re.search("[<>&\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_every_number_has_its_form(language: str) -> None:
    catalogue = catalogues.translations()[language]
    for number in (0, 1, 2, 3, 10, 11, 99, 100, 101, 102):
        text = catalogue.ngettext("%(num)s day", "%(num)s days", number) % {"num": number}
        assert "day" not in text
        assert number in (1, 2) or str(number) in text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_sign_in_page_speaks_the_language_of_the_cookie(desk: Desk) -> None:
    client = desk.client()
    client.set_cookie("display", "light:comfortable:100:ar:Africa/Cairo")
    page = client.get("/sign-in").text
    assert '<html lang="ar" dir="rtl"' in page
    written = re.sub(
        r"<select.*?</select>|<head>.*?</head>|<[^>]*>|Africa/Cairo|UTC|[\d.]+", " ", page, flags=re.DOTALL
    )
    assert re.findall(r"[A-Za-z]{2,}", written) == []
    assert "تسجيل الدخول" in page
    assert "Sign in" in desk.client().get("/sign-in").text, "others read their own language"
