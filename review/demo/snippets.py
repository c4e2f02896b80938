"""Ready-made texts of the demonstration, for the clauses of its invented terms."""

from review.actions.snippets import write_snippet
from review.domain.permissions import Actor
from review.queries.clauses import ClauseListed

TEXTS = {
    "1": (
        "The content threatens a person or calls for violence against somebody.",
        "The content breaks our clause on violence and threats.",
    ),
    "2": (
        "The content speaks for an organisation that promotes violence; nothing makes another purpose plain.",
        "The content breaks our clause on organisations that promote violence. We found no reporting, no "
        "research and no art that would allow it.",
    ),
    "3": (
        "The content pretends to come from somebody else in order to deceive.",
        "The content breaks our clause on impersonation and fraud.",
    ),
    "4": (
        "The content publishes private details of a person who did not consent.",
        "The content breaks our clause on private information.",
    ),
    "5": (
        "The content was posted in bulk in order to draw clicks.",
        "The content breaks our clause on spam.",
    ),
}
"""Rationale and statement in English, by the number of the clause."""
ARABIC = {
    "1": "يخالف المحتوى بندنا الخاص بالعنف والتهديد.",
    "2": "يخالف المحتوى بندنا الخاص بالمنظمات التي تروّج للعنف.",
}
"""Statements in Arabic."""


def write_texts(listed: list[ClauseListed], *, administrator: Actor) -> None:
    """Write them for these clauses."""
    for clause in listed:
        rationale, statement = TEXTS.get(clause.number, ("", ""))
        texts = [("rationale", "en", rationale), ("statement", "en", statement)]
        texts.append(("statement", "ar", ARABIC.get(clause.number, "")))
        for kind, language, text in texts:
            if text:
                write_snippet(
                    clause.clause_id,
                    language=language,
                    kind=kind,
                    text=text,
                    version=0,
                    actor=administrator,
                )
