"""Are the ready-made texts of clauses what the trail tells? For a set of them."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import Difference, Told
from review.models import Account, Snippet, SnippetVersion
from review.queries.stored_cases import Chains
from review.queries.trail_rows import raw


def compare_snippets(reader: Session, chains: Chains) -> Iterator[Difference]:
    """What each version of these snippets says, for which clause, field and language, and who wrote it."""
    writer = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("writer")
    newest = sa.type_coerce(Snippet.version, sa.types.NullType()).label("newest")
    statement = (
        sa.select(
            *raw(Snippet.clause_id, Snippet.language, Snippet.kind, SnippetVersion.snippet_id),
            *raw(SnippetVersion.version, SnippetVersion.text, SnippetVersion.withdrawn),
            newest,
            writer,
        )
        .join(SnippetVersion, SnippetVersion.snippet_id == Snippet.id)
        .outerjoin(Account, Account.id == SnippetVersion.written_by)
        .where(Snippet.id.in_(list(chains)))
    )
    stored = {(row.snippet_id, row.version): row._mapping for row in reader.execute(statement)}
    told_of = {
        (snippet_id, event.meta.get("version")) for snippet_id in chains for event in chains[snippet_id]
    }
    for snippet_id, version in stored.keys() - told_of:
        yield Difference("snippet", str(snippet_id), f"version {version}", "surplus")
    for snippet_id, events in chains.items():
        last = events[-1].meta.get("version")
        for event in events:
            version = event.meta.get("version")
            owner, row = f"version {version}", stored.get((snippet_id, version))
            if row is None:
                yield Difference("snippet", snippet_id, owner, "gone", position=event.position)
                continue
            found = {**row, "withdrawn": bool(row["withdrawn"])}
            for name, wanted in (_told(event) | {"newest": last}).items():
                if found[name] != wanted:
                    yield Difference(
                        "snippet", snippet_id, owner, "changed", name, found[name], wanted, event.position
                    )


def _told(event: Told) -> dict[str, object]:
    """The columns of a version as written; what was erased since is left out."""
    fields = {"clause_id": "clause", "language": "language"}
    told: dict[str, object] = {
        column: event.text(name) for column, name in fields.items() if event.knows(name)
    }
    if event.knows("text"):
        told["text"] = event.text("text") or ""
    told |= {"kind": event.meta.get("kind"), "withdrawn": bool(event.meta.get("withdrawn"))}
    return told | {"writer": event.actor_id}
