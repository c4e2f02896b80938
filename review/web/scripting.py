"""What the desk's script says: it makes no text of its own, each is one of the catalogue, drawn from here."""

from typing import Any

from review.web.texts import gettext, language, ngettext

SAMPLES = (0, 1, 2, 3, 11, 100)
"""Numbers that between them take every form of a plural (CLDR)."""


def words() -> dict[str, Any]:
    """The script's texts in the reader's language; ``days`` by the names of plural forms."""
    return {
        "in": gettext("in %(span)s"),
        "overdue": gettext("overdue by %(span)s"),
        "ago": gettext("%(span)s ago"),
        "hours": gettext("%(count)s h"),
        "minutes": gettext("%(count)s min"),
        "moment": gettext("less than a minute"),
        "days": _days(),
        "due": gettext("Due"),
        "unsaved": gettext("not saved: %(reason)s"),
        "silent": gettext("the desk does not answer; it is tried again"),
        "ended": gettext("your sign-in may have ended; copy your text before you leave the page"),
        "idle": {
            "z": gettext("Nothing to undo."),
            "v": gettext("Nothing more to show by this key."),
        },
        "over": gettext("The time to undo has ended."),
        "copied": gettext("Copied"),
        "uncopied": gettext("Not copied; select the text itself"),
    }


def _days() -> dict[str, str]:
    plural_form = language().locale.plural_form
    # one and two of some languages are words without a number
    return {
        plural_form(number): ngettext("%(num)s day", "%(num)s days", number).replace(str(number), "%(num)s")
        for number in reversed(SAMPLES)
    }
