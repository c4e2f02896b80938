"""Made-up content of the demonstration: fictional senders, harmless placeholders, our invented terms."""

from dataclasses import dataclass

HOSTS = "video.example,.social.example,files.test"

TERMS = """---
title: Community terms
---

## 1. Violence and threats

Content must not threaten a person or call for violence against anybody.

## 2. Organisations that promote violence

Content must not praise, support or recruit for an organisation that promotes violence. Reporting, research,
art and counter-speech are allowed where the context makes the purpose plain.

## 3. Impersonation and fraud

Content must not pretend to come from somebody else in order to deceive.

## 4. Private information

Content must not publish a person's private address, number or documents without consent.

## 5. Spam

Content must not be posted in bulk in order to draw attention or clicks.
"""


REWORDED = TERMS.replace(
    "praise, support or recruit for an organisation that promotes violence. Reporting, research,\nart and",
    "praise, support, recruit or raise money for an organisation that\npromotes violence, nor show its"
    " branding with approval. Reporting, research, art and",
)
"""The same terms since their revision: the second clause says more."""


@dataclass(frozen=True)
class DemoSender:
    """A fictional organisation; ``awarded``: first and last day of its trusted-flagger status, from today."""

    name: str
    kind: str
    country: str
    awarded: tuple[int, int] | None = None


SENDERS = (
    DemoSender("Harbour Watch", "trusted_flagger", "NL", awarded=(1, 730)),
    DemoSender("Northland Online Authority", "competent_authority", "NO"),
    DemoSender("Meridian Referral Unit", "iru", "BE"),
    DemoSender("Saltmarsh Trusted Flagger", "trusted_flagger", "IE", awarded=(-385, -20)),
    DemoSender("Ministry of Examples", "competent_authority", "LU"),
    DemoSender("Civic Net Lab", "civil_society", "PT"),
)

_SECURITY = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
_FRAUD = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
_SPEECH = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"


@dataclass(frozen=True)
class DemoText:
    """A placeholder reason with its language and the category that the sender alleges."""

    language: str
    category: str
    content_type: str
    reason: str


TEXTS = (
    DemoText("en", _SECURITY, "video", "[placeholder: a video that praises a made-up group, mild]"),
    DemoText("de", _FRAUD, "text", "[Platzhalter: ein Beitrag gibt sich als erfundene Bank aus]"),
    DemoText("fr", _SPEECH, "image", "[texte fictif : une image insulte les amateurs de pluie]"),
    DemoText("ar", _SECURITY, "video", "[نص تجريبي: مقطع عن الطقس الجميل في مدينة خيالية]"),
    DemoText("he", _SPEECH, "text", "[טקסט לדוגמה: רשומה על מזג האוויר בעיר דמיונית]"),
    DemoText("ru", _FRAUD, "document", "[пример текста: сообщение о погоде в вымышленном городе]"),
)

TRICK_REASON = "[placeholder: the file is called holiday-\u202egnp.exe and is shown as a picture]"
DUPLICATE_URL = "https://video.example/watch/harbour-festival"
TRICK_URL = "https://files.test/d/holiday-%E2%80%AEgnp.exe"

CLAUSES = {_SECURITY: "2", _FRAUD: "3", _SPEECH: "1"}
"""Which clause an accepted referral of a category breaks here."""

STATEMENTS = {
    "accepted": "Thank you for your referral. The content breaks our terms and was removed.",
    "no_breach": "Thank you for your referral. We read the content and found no breach of our terms.",
    "insufficient_information": "Thank you for your referral. It does not say enough to judge the content.",
    "not_found": "Thank you for your referral. There was nothing at the address when we looked.",
    "already_removed": "Thank you for your referral. The content had been removed before we looked.",
}
RATIONALES = {
    "accepted": (
        "[placeholder] The post praises the made-up group by name and asks readers to join; no context of "
        "research or reporting.",
        "[placeholder] The account calls itself an invented bank and asks for card numbers; the name and the "
        "picture are copied.",
        "[placeholder] The picture names a made-up person and threatens them; the words are plain and aimed.",
    ),
    "no_breach": (
        "[placeholder] The post reports on the weather of an imaginary town; nothing is near the clause.",
        "[placeholder] A parody that says so in its title; nobody could take it for the real thing.",
    ),
    "insufficient_information": ("[placeholder] The referral names a whole channel and no single video.",),
    "not_found": ("[placeholder] The address answers with our page for missing videos.",),
    "already_removed": ("[placeholder] Our own review took the video down the day before.",),
}
