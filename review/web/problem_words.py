"""The sentences of the rules in the reader's language: rules know no gettext, and tell problems in English.

Each stands here as the rule writes it, a value as ``%(name)s``; what is not listed is told as it is.
"""

import re
from typing import Final

from review.web.error_titles import TITLES
from review.web.marked import N_
from review.web.refusal_words import REFUSED_CHECKS, REFUSED_FILES, REFUSED_RECORDS, REFUSED_STEPS
from review.web.texts import Language, language

SENTENCES: Final = (
    N_("Write at least one visible character."),
    N_("Remove control characters such as line breaks."),
    N_("This reads like the mark of an erased text; write it in other words."),
    N_("The note reads like the mark of an erased text; write it in other words."),
    N_("Use a name from the published list."),
    N_("Write a time with date, seconds and offset, such as 2019-11-21T09:30:00Z (RFC 3339)."),
    N_("Write a language tag such as ar or pt-BR (BCP 47)."),
    N_("Write two capital letters such as BE (ISO 3166-1)."),
    N_("Write two capital letters of a Member State of the European Union, such as BE."),
    N_("Write when the order was issued: this time is still to come."),
    N_("Write the SHA-256 digest as 64 hexadecimal digits."),
    N_("Write one e-mail address such as desk@example.org."),
    N_("Write a media type without parameters, such as image/png (RFC 6838)."),
    N_("Name each once."),
    N_("Write one byte or more as padded standard base64 without JSON escapes."),
    N_("Give this member; it is required."),
    N_("Write a string."),
    N_("Write true or false."),
    N_("Write an array."),
    N_("Write an object."),
    N_("Write at most %(most)s characters."),
    N_("Give at least one."),
    N_("Give at most %(most)s."),
    N_("Use one of: %(names)s."),
    N_("This member is not known; remove it or correct its name."),
    N_("A removal order needs order, with the fields of Annex I (2021/784)."),
    N_("Leave order out, or make intake_kind removal_order."),
    N_("Use a keyword of this category, or leave one of the two out."),
    N_("A notice needs good_faith true: the belief that what it says is accurate and complete."),
    N_("A notice needs the name and the e-mail address of the person or body that sends it."),
    N_(
        "Removal orders are taken from competent authorities alone, and your organisation is not entered as "
        "one here; make it a referral or a notice, or write to the provider's contact point."
    ),
    N_("Give the exact URL of the content."),
    N_("Give a URL of at most %(most)s characters."),
    N_("Give a complete URL that starts with https:// or http:// and follows the URL standard."),
    N_("Give a URL that starts with https:// or http://."),
    N_("Give a URL with a host name after https:// or http://."),
    N_("Give a location on a host of this provider; send others to the provider concerned."),
    N_("Item %(number)s of this referral names this location already; name each location once."),
    N_("Another row of the same reference names this location before; leave one of them out."),
    N_("Row %(number)s has the same reference and needs fixing."),
    N_(
        "Row %(number)s has the same reference and says something else here; write the same, leave this "
        "blank, or use another reference."
    ),
    N_("One reference has at most %(rows)s rows and %(most)s MiB; give the other rows another reference."),
    N_("%(id)s has this reference and other content; use a new reference for a new referral."),
    N_("This cell holds a formula and no stored result; write the value itself."),
    N_("This cell shows an error of the spreadsheet; write the value itself."),
    N_("This row is not UTF-8 text without U+0000; save the table as UTF-8."),
    N_("This line is longer than %(most)s MiB; send it as a single referral."),
    N_("Send X-ARF reports of version 4."),
    *REFUSED_FILES,
    *REFUSED_STEPS,
    *REFUSED_RECORDS,
    *REFUSED_CHECKS,
    *TITLES,
)


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", sentence)
    written = (re.escape(part) if place % 2 == 0 else f"(?P<{part}>.+)" for place, part in enumerate(parts))
    return re.compile("".join(written), re.DOTALL)


_PLAIN: Final = frozenset(sentence for sentence in SENTENCES if "%(" not in sentence)
_WITH_VALUES: Final = tuple((_pattern(one), one) for one in SENTENCES if "%(" in one)


def problem_words(detail: str, *, own: Language | None = None) -> str:
    """The sentence of a rule in the reader's language, or in ``own``, where no request is under way."""
    catalogue = (own or language()).catalogue
    if detail in _PLAIN:
        return catalogue.gettext(detail)
    for pattern, sentence in _WITH_VALUES:
        if (found := pattern.fullmatch(detail)) is not None:
            return catalogue.gettext(sentence) % found.groupdict()
    return detail
