"""Ready-made texts for a clause: a new version, or none any more; earlier versions stay for ever."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.snippets import read_snippet
from review.errors import NotFound, StaleVersion
from review.models import Clause, Snippet, SnippetVersion
from review.queries.staff import staff_named


def write_snippet(clause_id: str, *, language: str, kind: str, text: str, version: int, actor: Actor) -> int:
    """Write a new version of the text for one field and language of a clause; its number.

    ``version`` is the newest that the form saw, 0 where there was none. Raises `InvalidInput` for what cannot
    be a snippet, `StaleVersion` where somebody was faster or nothing changed, `NotFound`.
    """
    check_permission(actor, Permission.EDIT_CLAUSES)
    with db.transaction() as writer:
        language, kind, text = read_snippet(language, kind, text, colleague=staff_named(writer, text))
        return _add_version(writer, clause_id, language, kind, text, seen=version, actor=actor)


def withdraw_snippet(clause_id: str, *, language: str, kind: str, version: int, actor: Actor) -> int:
    """Let there be no text for this field and language any more; the number of the version that says so.

    A text written later follows it. Raises `StaleVersion` where the newest version is another one or
    withdrawn already, `NotFound`.
    """
    check_permission(actor, Permission.EDIT_CLAUSES)
    with db.transaction() as writer:
        return _add_version(writer, clause_id, language, kind, "", seen=version, actor=actor)


def _add_version(
    writer: Session, clause_id: str, language: str, kind: str, text: str, *, seen: int, actor: Actor
) -> int:
    now = clock.now()
    newest = _newest_text(writer, clause_id, language, kind)
    if newest == text:
        raise StaleVersion("The text says exactly this already; nothing was changed.")
    if text and seen == 0:
        snippet_id = _begin(writer, clause_id, language, kind, now)
    else:
        snippet_id = _follow(writer, clause_id, language, kind, seen)
    row = {"id": new_id("H"), "snippet_id": snippet_id, "version": seen + 1, "text": text}
    written = {"withdrawn": not text, "written_by": actor.account_id, "written_at": now}
    writer.execute(sa.insert(SnippetVersion), row | written)
    ledger.record(
        writer,
        "snippet.changed",
        snippet_id,
        actor=actor,
        at=now,
        fields={"clause": clause_id, "language": language, "text": text or None},
        meta={"kind": kind, "version": seen + 1, "withdrawn": None if text else True},
    )
    return seen + 1


def _newest_text(writer: Session, clause_id: str, language: str, kind: str) -> str | None:
    return writer.scalar(
        sa.select(SnippetVersion.text)
        .join(Snippet, Snippet.id == SnippetVersion.snippet_id)
        .where(
            Snippet.clause_id == clause_id,
            Snippet.language == language,
            Snippet.kind == kind,
            SnippetVersion.version == Snippet.version,
        )
    )


def _begin(writer: Session, clause_id: str, language: str, kind: str, now: datetime) -> str:
    if writer.get(Clause, clause_id) is None:
        raise NotFound("There is no such clause; open it from the list.")
    snippet_id = new_id("G")
    row = {"id": snippet_id, "clause_id": clause_id, "language": language, "kind": kind}
    try:
        writer.execute(sa.insert(Snippet), row | {"version": 1, "created_at": now, "trail_version": 0})
    except IntegrityError as error:
        raise StaleVersion("Somebody else has written this text meanwhile; read theirs.") from error
    return snippet_id


def _follow(writer: Session, clause_id: str, language: str, kind: str, seen: int) -> str:
    place = (Snippet.clause_id == clause_id, Snippet.language == language, Snippet.kind == kind)
    snippet_id = writer.scalar(
        sa.update(Snippet)
        .where(*place, Snippet.version == seen)
        .values(version=seen + 1)
        .returning(Snippet.id)
        .execution_options(synchronize_session=False)
    )
    if snippet_id is not None:
        return snippet_id
    if writer.scalar(sa.select(Snippet.id).where(*place)) is None:
        raise NotFound("There is no such ready-made text; open the clause again.")
    raise StaleVersion("Somebody else has changed this text meanwhile; read theirs, then save again.")
