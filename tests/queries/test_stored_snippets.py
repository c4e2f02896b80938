"""Ready-made texts, and what of them reviews began with, changed behind the program: verify names each."""

from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db
from review.formats import key_files
from review.models import Account, Clause, ReviewCompanion, ReviewSnippet, Snippet, SnippetVersion
from review.queries.trail import Finding, verify_trail
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.guards import unguarded
from tests.trails import settle


def verified(desk: Desk) -> Finding:
    folder = desk.settings.data_dir
    return verify_trail(
        desk.session, vkey=key_files.read_vkey(folder), checkpoint_file=key_files.read_note(folder)
    )


def lived_in(desk: Desk) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    for table in (Snippet, SnippetVersion, ReviewSnippet, ReviewCompanion):
        assert desk.session.scalar(sa.select(sa.func.count()).select_from(table)), table


CHANGES: list[tuple[Any, dict[str, Any]]] = [
    (SnippetVersion, {"text": "Another text."}),
    (SnippetVersion, {"version": 9}),
    (Snippet, {"language": "fr"}),
    (Snippet, {"version": 9}),
]


@pytest.mark.parametrize(
    ("table", "values"), CHANGES, ids=lambda given: "-".join(given) if isinstance(given, dict) else ""
)
def test_every_change_of_a_ready_made_text_is_found(desk: Desk, table: Any, values: dict[str, Any]) -> None:
    lived_in(desk)
    assert verified(desk).intact, verified(desk)
    with unguarded(), db.transaction() as writer:
        chosen = writer.scalars(sa.select(table.id).order_by(table.version.desc(), table.id)).all()[-1]
        writer.execute(sa.update(table).where(table.id == chosen).values(**values))
    finding = verified(desk)
    assert not finding.intact
    assert "snippet" in finding.sentence


@pytest.mark.parametrize("table", [SnippetVersion, ReviewSnippet, ReviewCompanion])
def test_what_is_gone_is_found(desk: Desk, table: Any) -> None:
    lived_in(desk)
    with unguarded(), db.transaction() as writer:
        if table is SnippetVersion:
            writer.execute(sa.delete(ReviewSnippet))
        writer.execute(sa.delete(table))
    assert not verified(desk).intact


def test_a_text_that_nobody_wrote_is_found(desk: Desk) -> None:
    lived_in(desk)
    with db.transaction() as writer:
        clause_id = writer.scalars(sa.select(Clause.id).limit(1)).one()
        person = writer.scalars(sa.select(Account.id).limit(1)).one()
        snippet = {"id": "G-FORGED", "clause_id": clause_id, "language": "fr", "kind": "statement"}
        now = clock.now()
        writer.execute(sa.insert(Snippet), snippet | {"version": 1, "created_at": now, "trail_version": 0})
        version = {"id": "H-FORGED", "snippet_id": "G-FORGED", "version": 1, "text": "Interdit."}
        writer.execute(
            sa.insert(SnippetVersion), version | {"withdrawn": False, "written_by": person, "written_at": now}
        )
    finding = verified(desk)
    assert not finding.intact
    assert "snippet G-FORGED" in finding.sentence
