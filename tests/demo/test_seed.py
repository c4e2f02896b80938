"""The demonstration shows at once what the desk is for: urgent, overdue, folded, and in many languages."""

from pathlib import Path

import sqlalchemy as sa

from app import create_app
from review import clock, db
from review.actions.trail import verify_trail
from review.cli.demo import demo_environment, make_demo
from review.config import read_settings
from review.domain.permissions import OPERATOR
from review.models import Case, Referral
from review.queries.accounts import actor_of
from review.queries.case_content import live_cases_of_other_kinds
from review.queries.cases import queue_counts, queue_page
from review.queries.factors import enrolled_of


def test_the_queue_of_the_demonstration_has_something_of_everything(tmp_path: Path) -> None:
    settings = read_settings(demo_environment(tmp_path), demo=True)
    people = make_demo(settings)
    assert [person.label for person in people][:2] == ["Moderator", "Second moderator"]
    app = create_app(settings)
    with app.app_context():
        reader, now = db.session(), clock.now()
        rows = queue_page(reader, account_id=None, now=now).rows
        assert [row.why for row in rows][:3] == ["threat", "threat", "overdue"]
        counts = queue_counts(reader, account_id=None, now=now)
        assert (counts.overdue, counts.due_soon) == (1, 3)
        assert max(row.items for row in rows) >= 5
        assert {row.language for row in rows} == {"en", "de", "fr", "ar", "he", "ru"}
        assert {row.intake_kind for row in rows} == {"referral", "notice"}
        folded = next(row for row in rows if row.items >= 5)
        assert live_cases_of_other_kinds(reader, folded.id)
        decided = reader.scalars(sa.select(Case.decided_at).where(Case.state == "decided")).all()
        assert len(decided) == 9
        assert all(at is not None and at < now for at in decided)
        assert all(name.startswith("DEMO-") for name in reader.scalars(sa.select(Referral.reference)))
        for person in people:
            actor = actor_of(reader, person.email)
            assert actor is not None
            assert enrolled_of(reader, actor.account_id or "").totp, "the real second step runs"
        assert verify_trail(folder=settings.data_dir, actor=OPERATOR).finding.intact
        db.session().close()
        db.extension.engine.dispose()
