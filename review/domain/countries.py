"""Which countries are there? Codes of ISO 3166-1 from the time zone data, and those of the Union."""

from importlib.resources import files
from typing import Final


def _codes() -> frozenset[str]:
    listed = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in listed.splitlines() if line and not line.startswith("#"))


COUNTRIES: Final = _codes()
"""The two-letter codes that are assigned (ISO 3166-1 alpha-2)."""
# fmt: off
MEMBER_STATES: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)
# fmt: on
"""The Member States of the European Union by the same codes; Greece is GR."""
