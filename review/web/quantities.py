"""Numbers in the reader's language: counts, capped counts, shares, and the sign for what nobody knows."""

from babel.numbers import format_decimal, format_percent

from review.web.texts import gettext, language

UNKNOWN = "–"
"""Stands where a number is not known; zero is a number."""
MOST_SHOWN = 999
"""Where the counts of things to do end; whoever counts need not count beyond one more."""


def whole(count: int | None) -> str:
    """A count with its groups of three: ``12,400``."""
    return UNKNOWN if count is None else str(format_decimal(count, locale=language().locale))


def capped(count: int, most: int) -> str:
    """A count that ends at ``most``: ``10,000 or more``."""
    return gettext("%(count)s or more", count=whole(most)) if count >= most else whole(count)


def plus(count: int, most: int = MOST_SHOWN) -> str:
    """A count of things to do, which ends at ``most``: ``999+``."""
    return f"{most}+" if count > most else str(count)


def decimal(number: float | None) -> str:
    """A figure that is no share, with two decimals: ``0.62``."""
    if number is None:
        return UNKNOWN
    return str(format_decimal(number, "#,##0.00;-#,##0.00", locale=language().locale))


def percent(share: float | None) -> str:
    """A share in per cent; with a decimal where rounding would make some of it none or all."""
    if share is None:
        return UNKNOWN
    rounded = round(share * 100)
    hides = (rounded == 0 and share > 0) or (rounded == 100 and share < 1)
    return str(format_percent(share, "#,##0.0%" if hides else "#,##0%", locale=language().locale))
