"""How does a person want pages to look and act: theme, density, size of text, language, time zone, keys?"""

from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

THEMES: Final = ("system", "light", "dark")
DENSITIES: Final = ("comfortable", "compact")
TEXT_SIZES: Final = ("100", "115", "130")
"""In per cent of what the browser is set to."""
LANGUAGE_NAMES: Final = {"en": "English", "ar": "العربية"}
"""The languages on offer, each with its name in itself. Kept here with the direction of writing, because a
table of all languages is several MiB that a sign-in page needs for nothing else."""
LANGUAGES: Final = tuple(LANGUAGE_NAMES)
RIGHT_TO_LEFT: Final = frozenset({"ar"})
SINGLE_KEYS: Final = ("on", "off")
"""Whether letters, digits and signs act by themselves (WCAG 2.2, 2.1.4)."""
UTC_NAME: Final = "UTC"
LONGEST: Final = 400
"""Characters of a choice as it is kept; ours have fewer than 80."""


@cache
def zone_names() -> tuple[str, ...]:
    """The time zones on offer, sorted: one for each region that keeps its own time (tz database), and UTC."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return (UTC_NAME, *sorted(line[2] for line in lines))


@cache
def _offered() -> frozenset[str]:
    return frozenset(zone_names())


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name; raises ValueError for one that is not on offer."""
    if name not in _offered():
        raise ValueError("name a time zone of the tz database, such as Europe/Brussels, or UTC")
    return ZoneInfo(name)


def _utc() -> ZoneInfo:
    return zone_named(UTC_NAME)


@dataclass(frozen=True)
class Appearance:
    """What one person chose; the defaults for whoever has not chosen."""

    theme: str = "system"
    density: str = "comfortable"
    text_size: str = "100"
    language: str = "en"
    zone: ZoneInfo = field(default_factory=_utc)
    single_keys: str = "on"

    def __post_init__(self) -> None:
        """Refuse with ValueError what is not on offer."""
        for value, offered in (
            (self.theme, THEMES),
            (self.density, DENSITIES),
            (self.text_size, TEXT_SIZES),
            (self.language, LANGUAGES),
            (self.single_keys, SINGLE_KEYS),
        ):
            if value not in offered:
                raise ValueError(f"choose one of {', '.join(offered)}")

    def written(self) -> str:
        """The choice as one short word of ASCII, as `read_appearance` reads it."""
        return ":".join(
            (self.theme, self.density, self.text_size, self.language, self.zone.key, self.single_keys)
        )


def read_appearance(text: str) -> Appearance | None:
    """A choice as `Appearance.written` wrote it, now or before there were keys; None for anything else."""
    return _read(text) if len(text) <= LONGEST else None


@lru_cache(512)
def _read(text: str) -> Appearance | None:
    try:
        theme, density, text_size, language, zone, *keys = text.split(":")
        return Appearance(theme, density, text_size, language, zone_named(zone), *keys)
    except (ValueError, TypeError):
        return None
