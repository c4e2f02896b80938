"""Made-up content of the demonstration: fictional senders, harmless placeholders, our invented terms."""

from dataclasses import dataclass

from review.demo import reasons

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
    """A fictional organisation; ``awarded``: first and last day of its trusted-flagger status, from today.

    ``host`` is behind the @ of its contacts.
    """

    name: str
    kind: str
    country: str
    host: str
    awarded: tuple[int, int] | None = None


SENDERS = (
    DemoSender("Harbour Watch", "trusted_flagger", "NL", "harbour-watch.example", awarded=(1, 730)),
    DemoSender("Northland Online Authority", "competent_authority", "NO", "northland.example"),
    DemoSender("Meridian Referral Unit", "iru", "BE", "meridian.example"),
    DemoSender(
        "Saltmarsh Trusted Flagger", "trusted_flagger", "IE", "saltmarsh.example", awarded=(-385, -20)
    ),
    DemoSender("Ministry of Examples", "competent_authority", "LU", "ministry.example"),
    DemoSender("Civic Net Lab", "civil_society", "PT", "civic-net.example"),
)

POST = (
    "[placeholder] The post goes on for a while, so that its rest is folded: the weather at the imaginary "
    "harbour, a puppet play in the invented town of Northby, and a paragraph about nothing much.\n\n"
    "[placeholder] It ends with a line that hides its direction: gnp.\u202eexe, and a wish to its readers."
)
TRICK_REASON = "[placeholder: the file is called holiday-\u202egnp.exe and is shown as a picture]"
DUPLICATE_URL = "https://video.example/watch/harbour-festival"
TRICK_URL = "https://files.test/d/holiday-%E2%80%AEgnp.exe"

CLAUSES = {reasons.SECURITY: "2", reasons.FRAUD: "3", reasons.SPEECH: "1"}
"""Which clause an accepted referral of a category breaks here."""

ESCALATION_NOTES = (
    "[placeholder] Does clause 3 cover an invented bank that nobody could take for a real one?",
    "[placeholder] Is this praise, or does it report on the made-up group? The title says one thing.",
)
ADVICE = (
    "[placeholder] Judge the clip as a whole: clause 2 allows reporting where the context makes the purpose "
    "plain. A title alone is not approval."
)
QUESTIONS = (
    "[placeholder] The clip is 40 minutes long. At which minute is what you describe, and in which language?",
    "[placeholder] The page shows two posts under this address. Which of the two do you mean?",
)
ANSWER = "[placeholder] The second post, below the picture of the harbour. We have no copy of it."
COMPLAINTS = (
    "[placeholder] I made the clip myself. It is a song about the weather and praises nobody.",
    "[placeholder] You write that nothing breaks your terms. The second half of the post does.",
    "[placeholder] The picture was exchanged an hour after you looked. Please look again.",
)
USER_CONTACT = "A. Placeholder, user@mail.example"
DRAFT_ADDITION = " Nor must it show where a person can be found at a given time."
DRAFT_REASON = "[placeholder] Referrals showed that the clause leaves a gap."
DRAFTED_CLAUSE = "4"

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
NOT_IN_PLACE = "[placeholder] The page is kept by another service of ours, which was asked by telephone."
