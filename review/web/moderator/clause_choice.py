"""Which clauses can be ticked on the review form, how are they found, and what is ready-made for each?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from review.domain.clause_words import clause_name, plain_words
from review.domain.snippets import KINDS, Snippet, fitting, stands_in, with_snippet
from review.queries.clauses import ClauseInForce

MOST_CARRIED = 8_000
"""Characters of clauses and ready-made texts together up to which the page of a case carries them all.

Beyond, it names the page of each clause, which a script reads when the clause is looked at.
"""
LONGEST_QUERY = 100


@dataclass(frozen=True)
class ClauseOption:
    """A clause to tick: its name, its text, and what is ready-made; ``short``: its number, if it has one."""

    version_id: str
    name: str
    short: str
    version: int
    text: str
    shown: bool
    rationale: Snippet | None
    statement: Snippet | None

    @property
    def snippets(self) -> tuple[Snippet, ...]:
        """What is ready-made for it."""
        return tuple(one for one in (self.rationale, self.statement) if one is not None)


@dataclass(frozen=True)
class ClauseGroup:
    """The clauses of one document; ``open``: unfolded from the start."""

    document: str
    options: tuple[ClauseOption, ...]
    open: bool


@dataclass(frozen=True)
class ClauseChoice:
    """All groups; ``carried``: the page holds all texts. ``language``: of what is ready-made."""

    groups: tuple[ClauseGroup, ...]
    query: str
    language: str | None
    carried: bool
    ready_made: bool


def _matches(where: str, words: Sequence[str]) -> bool:
    return all(word in where for word in words)


def clause_choice(
    clauses: Sequence[ClauseInForce], *, language: str | None, query: str = "", ticked: Collection[str] = ()
) -> ClauseChoice:
    """What can be ticked: with a query those that hold all its words, and what is ticked already."""
    words = query[:LONGEST_QUERY].casefold().split()
    options = [_option(clause, language, words, ticked) for clause in clauses]
    groups: list[ClauseGroup] = []
    for document, some in groupby(zip(clauses, options, strict=True), key=lambda pair: pair[0].document):
        members = tuple(option for _clause, option in some)
        chosen = any(option.version_id in ticked for option in members)
        found = bool(words) and any(option.shown for option in members)
        groups.append(ClauseGroup(document, members, chosen or found or not groups))
    ready_made = sum(len(one.text) for option in options for one in option.snippets)
    carried = ready_made + sum(len(option.text) for option in options) <= MOST_CARRIED
    return ClauseChoice(tuple(groups), query, language, carried, ready_made > 0)


def _option(
    clause: ClauseInForce,
    language: str | None,
    words: Sequence[str],
    ticked: Collection[str],
) -> ClauseOption:
    text = plain_words(clause.text)
    name = clause_name(clause.number, clause.title)
    where = f"{clause.document} {name} {text}".casefold() if words else ""
    return ClauseOption(
        version_id=clause.version_id,
        name=name,
        short=name if name == clause.title else clause.number,
        version=clause.version,
        text=text,
        shown=clause.version_id in ticked or _matches(where, words),
        rationale=fitting(clause.snippets, "rationale", language=language),
        statement=fitting(clause.snippets, "statement", language=language),
    )


def with_texts(
    values: Mapping[str, Sequence[str]], clauses: Sequence[ClauseInForce], *, language: str | None
) -> dict[str, Sequence[str]]:
    """What was typed, with the texts of ticked clauses appended and untouched ones of others taken out."""
    ticked = set(values.get("clauses") or ())
    texts = {kind: "".join(values.get(kind) or ()[:1]) for kind in KINDS}
    inserted = list(values.get("snippets") or ())
    for clause in clauses:
        if clause.version_id in ticked:
            chosen = [fitting(clause.snippets, kind, language=language) for kind in KINDS]
            for snippet in filter(None, chosen):
                texts[snippet.kind] = with_snippet(texts[snippet.kind], snippet.text)
                inserted.append(snippet.version_id)
            continue
        for snippet in clause.snippets:
            if snippet.version_id in inserted and stands_in(texts[snippet.kind], snippet.text):
                texts[snippet.kind] = without_snippet(texts[snippet.kind], snippet.text)
                inserted.remove(snippet.version_id)
    merged = {kind: [text] for kind, text in texts.items()}
    return {**values, **merged, "snippets": list(dict.fromkeys(inserted))}


def without_snippet(text: str, snippet: str) -> str:
    """A field's text without a snippet that stands there untouched, and without the gap that it leaves."""
    before, found, after = text.replace("\r\n", "\n").partition(snippet)
    if not found:
        return text
    return "\n\n".join(part for part in (before.rstrip(), after.strip()) if part)
