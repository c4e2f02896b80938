"""What a person chose of the look is read strictly; whatever else comes is as if nothing had come."""

import pytest
from babel import Locale

from review.domain.appearance import (
    DENSITIES,
    LANGUAGE_NAMES,
    LANGUAGES,
    LONGEST,
    RIGHT_TO_LEFT,
    TEXT_SIZES,
    THEMES,
    Appearance,
    read_appearance,
    zone_named,
    zone_names,
)


def test_every_choice_comes_back_as_it_was_written() -> None:
    for theme in THEMES:
        for density in DENSITIES:
            for text_size in TEXT_SIZES:
                for language in LANGUAGES:
                    chosen = Appearance(theme, density, text_size, language, zone_named("Europe/Brussels"))
                    assert read_appearance(chosen.written()) == chosen


def test_languages_are_called_and_written_as_their_locales_say() -> None:
    for code, name in LANGUAGE_NAMES.items():
        locale = Locale.parse(code)
        assert locale.get_display_name() == name
        assert (locale.text_direction == "rtl") == (code in RIGHT_TO_LEFT)


def test_every_zone_on_offer_opens_and_fits_into_the_cookie() -> None:
    assert len(zone_names()) > 400
    assert {"UTC", "Europe/Brussels", "Africa/Cairo", "Asia/Kolkata"} <= set(zone_names())
    for name in zone_names():
        chosen = Appearance(zone=zone_named(name))
        assert read_appearance(chosen.written()) == chosen
        assert len(chosen.written()) <= LONGEST
        assert chosen.written().isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dark",
        "dark:compact:115:en",
        "dark:compact:115:en:UTC:",
        "dark:compact:115:en:UTC:more",
        "Dark:compact:115:en:UTC",
        "dark:compact:116:en:UTC",
        "dark:compact:115:de:UTC",
        "dark:compact:115:en:utc",
        "dark:compact:115:en:Europe/Nowhere",
        "dark:compact:115:en:../../../../etc/passwd",
        "dark:compact:115:en:right/Europe/Brussels",
        "dark:compact:115:en:posixrules",
        "dark:compact:115:en:Factory",
        "dark:compact:115:en:UTC\x00",
        "\u202edark:compact:115:en:UTC",
        "dark:compact:115:en:" + "U" * LONGEST,
    ],
)
def test_anything_else_is_ignored(text: str) -> None:
    assert read_appearance(text) is None


def test_what_is_not_on_offer_cannot_be_made() -> None:
    for wrong in (
        ("red", "compact", "100", "en"),
        ("dark", "x", "100", "en"),
        ("dark", "compact", "200", "en"),
        ("dark", "compact", "100", "xx"),
    ):
        with pytest.raises(ValueError, match="choose one of"):
            Appearance(*wrong)
    with pytest.raises(ValueError, match="tz database"):
        zone_named("Mars/Olympus")
