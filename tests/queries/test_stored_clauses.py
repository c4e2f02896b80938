"""Terms changed behind the program: verify is green after publishing on the pages and names each change."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db
from review.actions import clause_drafts as drafts
from review.actions.clauses import import_clauses
from review.domain.clause_drafts import Wording
from review.domain.clause_text import ClauseText
from review.domain.permissions import OPERATOR, Role
from review.formats import key_files
from review.models import Clause, ClauseDraft, ClauseVersion
from review.queries.trail import Finding, verify_trail
from tests.conftest import Desk
from tests.factories import make_account
from tests.guards import unguarded
from tests.trails import settle


def lived_in_terms(desk: Desk) -> str:
    """A clause imported, reworded and ended on the pages, another one begun and discarded; the first's id."""
    author, publisher = make_account(Role.ADMIN), make_account(Role.LEGAL)
    terms = [ClauseText("1", "Violence", "No threats.")]
    import_clauses("Terms", terms, valid_from=date(2021, 1, 1), actor=OPERATOR)
    clause_id = desk.session.scalars(sa.select(Clause.id)).one()
    today = clock.now().date()
    wordings = (
        Wording("Violence", "No threats, and no praise of them.", today, "Clearer."),
        Wording("", "", today + timedelta(9), "Replaced by law.", ends=True),
    )
    for number, wording in enumerate(wordings, 1):
        drafts.save_clause_draft(clause_id, wording, version="", actor=author)
        version = desk.session.scalars(sa.select(ClauseDraft.version)).one()
        drafts.publish_clause(clause_id, version=version, replaces=number, actor=publisher)
    other = drafts.draft_new_clause("Terms", "2", wordings[0], actor=author)
    version = desk.session.scalars(sa.select(ClauseDraft.version)).one()
    drafts.discard_clause_draft(other, version=version, actor=author)
    settle(desk.settings.data_dir)
    return clause_id


def verified(desk: Desk) -> Finding:
    folder = desk.settings.data_dir
    return verify_trail(
        desk.session, vkey=key_files.read_vkey(folder), checkpoint_file=key_files.read_note(folder)
    )


def test_terms_published_on_the_pages_are_what_the_trail_tells(desk: Desk) -> None:
    lived_in_terms(desk)
    assert verified(desk).intact, verified(desk)


CHANGES: list[tuple[int, dict[str, Any]]] = [
    (1, {"text": "No threats at all."}),
    (2, {"title": "Peace"}),
    (2, {"valid_from": date(2031, 1, 1)}),
    (2, {"reason": "Another one."}),
    (2, {"reason": None}),
    (2, {"ends": True}),
    (3, {"ends": False}),
    (3, {"drafted_by": None, "published_by": None}),
]


@pytest.mark.parametrize(
    ("version", "values"), CHANGES, ids=lambda given: "-".join(given) if isinstance(given, dict) else ""
)
def test_every_change_of_a_published_version_is_found(
    desk: Desk, version: int, values: dict[str, Any]
) -> None:
    lived_in_terms(desk)
    with unguarded(), db.transaction() as writer:
        writer.execute(sa.update(ClauseVersion).where(ClauseVersion.version == version).values(**values))
    finding = verified(desk)
    assert not finding.intact
    assert f"version {version}" in str(finding)


def test_author_and_publisher_that_change_places_are_found(desk: Desk) -> None:
    lived_in_terms(desk)
    with unguarded(), db.transaction() as writer:
        swapped = {"drafted_by": ClauseVersion.published_by, "published_by": ClauseVersion.drafted_by}
        writer.execute(sa.update(ClauseVersion).where(ClauseVersion.version == 2).values(swapped))
    assert not verified(desk).intact


def test_a_version_that_came_or_went_behind_the_program_is_found(desk: Desk) -> None:
    clause_id = lived_in_terms(desk)
    columns = {"id": "W-x", "clause_id": clause_id, "version": 4, "title": "t", "text": "x"}
    row = columns | {"text_sha256": "0" * 64, "valid_from": date(2021, 1, 1), "created_at": clock.now()}
    with db.transaction() as writer:
        writer.execute(sa.insert(ClauseVersion), row)
    finding = verified(desk)
    assert not finding.intact
    assert "version 4" in str(finding)
    with unguarded(), db.transaction() as writer:
        writer.execute(sa.delete(ClauseVersion).where(ClauseVersion.version.in_([1, 4])))
    finding = verified(desk)
    assert not finding.intact
    assert "version 1" in str(finding)
