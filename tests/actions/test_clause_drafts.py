"""Drafts of our terms: one a clause, nothing overwritten, and published by a second person only."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import clause_drafts as drafts
from review.actions.clauses import import_clauses
from review.domain.clause_drafts import Wording
from review.domain.clause_text import ClauseText
from review.domain.permissions import OPERATOR, Actor, Role
from review.errors import AlreadyExists, InvalidInput, NotFound, NotPermitted, ReviewError, StaleVersion
from review.models import Clause, ClauseDraft, ClauseVersion, Opening
from review.queries.clauses import clauses_in_force
from tests.actions.races import at_once
from tests.conftest import Desk
from tests.factories import make_account


def today() -> date:
    return clock.now().date()


def words(text: str = "No threats, and no praise of them.", *, days: int = 0, ends: bool = False) -> Wording:
    return Wording(
        "" if ends else "Violence", "" if ends else text, today() + timedelta(days), "Clearer.", ends
    )


def a_clause(number: str = "1", text: str = "No threats.") -> str:
    terms = [ClauseText(number, "Violence", text)]
    import_clauses("Terms", terms, valid_from=date(2021, 1, 1), actor=OPERATOR)
    return db.session().scalars(sa.select(Clause.id).where(Clause.number == number)).one()


def version_of(desk: Desk, clause_id: str) -> str:
    return desk.session.scalars(
        sa.select(ClauseDraft.version).where(ClauseDraft.clause_id == clause_id)
    ).one()


def events(desk: Desk, clause_id: str) -> list[str]:
    asked = sa.select(Opening.event_type).where(Opening.object_id == clause_id)
    return list(desk.session.scalars(asked.order_by(Opening.object_version)))


def in_force(desk: Desk, *, days: int = 0) -> list[tuple[str, int, str]]:
    found = clauses_in_force(desk.session, on=today() + timedelta(days))
    return [(clause.number, clause.version, clause.text) for clause in found]


def test_a_draft_is_published_by_another_person_and_both_are_named(desk: Desk) -> None:
    author, publisher, clause_id = make_account(Role.ADMIN), make_account(Role.LEGAL), a_clause()
    drafts.save_clause_draft(clause_id, words(), version="", actor=author)
    assert in_force(desk) == [("1", 1, "No threats.")], "a draft changes nothing"
    number = drafts.publish_clause(
        clause_id, version=version_of(desk, clause_id), replaces=1, actor=publisher
    )
    assert number == 2
    assert in_force(desk) == [("1", 2, "No threats, and no praise of them.")]
    version = desk.session.scalars(sa.select(ClauseVersion).where(ClauseVersion.version == 2)).one()
    assert (version.drafted_by, version.published_by) == (author.account_id, publisher.account_id)
    assert version.reason == "Clearer."
    assert events(desk, clause_id) == ["clause.published", "clause.drafted", "clause.published"]
    opening = desk.session.scalars(
        sa.select(Opening).where(Opening.object_id == clause_id).order_by(Opening.object_version.desc())
    ).first()
    assert opening is not None
    assert publisher.id.encode() in opening.envelope
    assert "drafted_by" in opening.fields
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(ClauseDraft)) == 0


def test_a_version_takes_effect_on_its_day_by_itself(desk: Desk) -> None:
    clause_id = a_clause()
    drafts.save_clause_draft(clause_id, words(days=3), version="", actor=make_account(Role.ADMIN))
    assert in_force(desk, days=3)[0][1] == 1, "remembered before the publication"
    publish(desk, clause_id)
    assert [in_force(desk, days=day)[0][1] for day in (0, 2, 3, 4)] == [1, 1, 2, 2]


def publish(desk: Desk, clause_id: str, *, replaces: int = 1, actor: Actor | None = None) -> int:
    return drafts.publish_clause(
        clause_id,
        version=version_of(desk, clause_id),
        replaces=replaces,
        actor=actor or make_account(Role.ADMIN),
    )


def test_a_clause_ends_on_its_day_and_can_come_back(desk: Desk) -> None:
    author, clause_id = make_account(Role.ADMIN), a_clause()
    drafts.save_clause_draft(clause_id, words(days=2, ends=True), version="", actor=author)
    publish(desk, clause_id)
    assert [len(in_force(desk, days=day)) for day in (0, 1, 2, 3)] == [1, 1, 0, 0]
    with pytest.raises(InvalidInput, match="ends the clause already"):
        drafts.save_clause_draft(clause_id, words(days=2, ends=True), version="", actor=author)
    back = Wording("Violence", "No threats.", today() + timedelta(5), "Needed after all.")
    drafts.save_clause_draft(clause_id, back, version="", actor=author)
    publish(desk, clause_id, replaces=2)
    assert [len(in_force(desk, days=day)) for day in (1, 2, 4, 5)] == [1, 0, 0, 1]


def test_an_import_brings_an_ended_clause_back_but_leaves_a_coming_end_alone(desk: Desk) -> None:
    clause_id, terms = a_clause(), [ClauseText("1", "Violence", "No threats.")]
    drafts.save_clause_draft(clause_id, words(days=2, ends=True), version="", actor=make_account(Role.ADMIN))
    publish(desk, clause_id)
    assert import_clauses("Terms", terms, valid_from=today(), actor=OPERATOR).unchanged == ("1",)
    later = today() + timedelta(4)
    assert import_clauses("Terms", terms, valid_from=later, actor=OPERATOR).changed == ("1",)
    assert [len(in_force(desk, days=day)) for day in (1, 2, 4)] == [1, 0, 1]


def test_a_new_clause_is_nothing_until_it_is_published(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    clause_id = drafts.draft_new_clause("Terms", "9", words("No fraud."), actor=admin)
    assert in_force(desk) == []
    with pytest.raises(AlreadyExists):
        drafts.draft_new_clause("Terms", "9", words("Another."), actor=admin)
    assert publish(desk, clause_id, replaces=0) == 1
    assert in_force(desk) == [("9", 1, "No fraud.")]
    with pytest.raises(AlreadyExists):
        drafts.draft_new_clause("Terms", "9", words("Another."), actor=admin)
    assert events(desk, clause_id) == ["clause.drafted", "clause.published"]


def test_a_discarded_new_clause_leaves_its_number_free(desk: Desk) -> None:
    admin = make_account(Role.ADMIN)
    first = drafts.draft_new_clause("Terms", "9", words("No fraud."), actor=admin)
    drafts.discard_clause_draft(first, version=version_of(desk, first), actor=admin)
    assert drafts.draft_new_clause("Terms", "9", words("No deceit."), actor=admin) == first
    drafts.discard_clause_draft(first, version=version_of(desk, first), actor=admin)
    terms = [ClauseText("9", "Fraud", "No fraud.")]
    assert import_clauses("Terms", terms, valid_from=today(), actor=OPERATOR).added == ("9",)
    assert in_force(desk) == [("9", 1, "No fraud.")]
    assert events(desk, first) == [
        "clause.drafted", "clause.draft_discarded", "clause.drafted", "clause.draft_discarded",
        "clause.published",
    ]  # fmt: skip


def test_nobody_publishes_what_they_saved_last_and_the_database_refuses_it_too(desk: Desk) -> None:
    first, second, clause_id = make_account(Role.ADMIN), make_account(Role.ADMIN), a_clause()
    drafts.save_clause_draft(clause_id, words(), version="", actor=first)
    with pytest.raises(NotPermitted, match="another administrator or legal"):
        publish(desk, clause_id, actor=first)
    seen = version_of(desk, clause_id)
    drafts.save_clause_draft(clause_id, words("No threats at all."), version=seen, actor=second)
    with pytest.raises(NotPermitted):
        publish(desk, clause_id, actor=second)
    assert publish(desk, clause_id, actor=first) == 2
    copied = sa.select(ClauseVersion).where(ClauseVersion.version == 2)
    row = dict(desk.session.execute(sa.select(*ClauseVersion.__table__.c).where(ClauseVersion.version == 2))
               .one()._mapping)  # fmt: skip
    assert desk.session.scalars(copied).one()
    for drafted, published in ((first.account_id, first.account_id), (None, first.account_id),
                               (first.account_id, None)):  # fmt: skip
        changes = {"id": "W-x", "version": 3, "drafted_by": drafted, "published_by": published}
        with pytest.raises(sa.exc.IntegrityError, match="four_eyes"), db.transaction() as writer:
            writer.execute(sa.insert(ClauseVersion), row | changes)


def change(clause_id: str, actor: Actor, *, version: str = "x") -> list[Callable[[], Any]]:
    return [
        lambda: drafts.draft_new_clause("Terms", "7", words(), actor=actor),
        lambda: drafts.save_clause_draft(clause_id, words(), version=version, actor=actor),
        lambda: drafts.discard_clause_draft(clause_id, version=version, actor=actor),
        lambda: drafts.publish_clause(clause_id, version=version, replaces=1, actor=actor),
    ]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.SENDER, Role.LEGAL])
def test_only_administrators_draft_and_only_they_and_legal_publish(role: Role, desk: Desk) -> None:
    clause_id = a_clause()
    calls = change(clause_id, Actor(kind="account", id="person-x", account_id="A-x", role=role))
    for call in calls[: 3 if role is Role.LEGAL else 4]:
        with pytest.raises(NotPermitted):
            call()
    assert events(desk, clause_id) == ["clause.published"]


def test_a_form_of_another_draft_changes_nothing(desk: Desk) -> None:
    admin, other, clause_id = make_account(Role.ADMIN), make_account(Role.ADMIN), a_clause()
    drafts.save_clause_draft(clause_id, words(), version="", actor=admin)
    seen = version_of(desk, clause_id)
    with pytest.raises(StaleVersion):
        drafts.save_clause_draft(clause_id, words("Mine."), version="", actor=other)
    drafts.save_clause_draft(clause_id, words("Changed meanwhile."), version=seen, actor=admin)
    for call in change(clause_id, other, version=seen)[1:]:
        with pytest.raises(StaleVersion):
            call()
    current = version_of(desk, clause_id)
    drafts.discard_clause_draft(clause_id, version=current, actor=admin)
    drafts.save_clause_draft(clause_id, words("Begun anew."), version="", actor=admin)
    for call in change(clause_id, other, version=current)[1:]:
        with pytest.raises(StaleVersion):
            call()
    assert desk.session.scalar(sa.select(ClauseDraft.text)) == "Begun anew."
    for call in change("L-0000-0000-0000", other)[1:2]:
        with pytest.raises(NotFound):
            call()


def test_a_version_imported_after_the_difference_was_read_stops_the_publication(desk: Desk) -> None:
    clause_id = a_clause()
    drafts.save_clause_draft(clause_id, words(), version="", actor=make_account(Role.ADMIN))
    import_clauses("Terms", [ClauseText("1", "Violence", "Newer.")], valid_from=today(), actor=OPERATOR)
    with pytest.raises(StaleVersion, match="read the difference again"):
        publish(desk, clause_id)
    assert publish(desk, clause_id, replaces=2) == 3


def test_the_past_is_never_changed(desk: Desk) -> None:
    admin, clause_id = make_account(Role.ADMIN), a_clause()
    with pytest.raises(InvalidInput, match="passed"):
        drafts.save_clause_draft(clause_id, words(days=-1), version="", actor=admin)
    drafts.save_clause_draft(clause_id, words(days=1), version="", actor=admin)
    with time_machine.travel(clock.now() + timedelta(days=2)), pytest.raises(InvalidInput, match="passed"):
        publish(desk, clause_id)
    publish(desk, clause_id)
    with pytest.raises(InvalidInput, match="Version 2 holds from"):
        drafts.save_clause_draft(clause_id, words("Earlier."), version="", actor=admin)
    same = words(days=1)
    with pytest.raises(InvalidInput, match="change one"):
        drafts.save_clause_draft(clause_id, same, version="", actor=admin)


def outcomes(results: list[Any]) -> list[str]:
    return sorted(type(found).__name__ if isinstance(found, ReviewError) else "done" for found in results)


def test_of_two_publishers_one_wins(desk: Desk) -> None:
    clause_id = a_clause()
    drafts.save_clause_draft(clause_id, words(), version="", actor=make_account(Role.ADMIN))
    seen, people = version_of(desk, clause_id), [make_account(Role.LEGAL) for _person in range(4)]

    def publication(actor: Actor) -> Callable[[], int]:
        return lambda: drafts.publish_clause(clause_id, version=seen, replaces=1, actor=actor)

    assert outcomes(at_once(desk.app, [publication(person) for person in people])) == [
        "StaleVersion", "StaleVersion", "StaleVersion", "done",
    ]  # fmt: skip
    assert events(desk, clause_id).count("clause.published") == 2


def test_of_many_who_save_at_once_one_wins(desk: Desk) -> None:
    clause_id, people = a_clause(), [make_account(Role.ADMIN) for _person in range(4)]

    def saving(actor: Actor, version: str) -> Callable[[], None]:
        text = f"Written by {actor.id}."
        return lambda: drafts.save_clause_draft(clause_id, words(text), version=version, actor=actor)

    lost = ["StaleVersion"] * 3 + ["done"]
    assert outcomes(at_once(desk.app, [saving(person, "") for person in people])) == lost
    seen = version_of(desk, clause_id)
    assert outcomes(at_once(desk.app, [saving(person, seen) for person in people])) == lost
    assert events(desk, clause_id).count("clause.drafted") == 2


def test_a_draft_changed_or_discarded_at_the_moment_of_publication_is_one_or_the_other(desk: Desk) -> None:
    author, legal = make_account(Role.ADMIN), make_account(Role.LEGAL)
    for number in "123":
        clause_id = a_clause(number)
        drafts.save_clause_draft(clause_id, words(), version="", actor=author)
        calls = change(clause_id, author, version=version_of(desk, clause_id))[1:3]
        calls += change(clause_id, legal, version=version_of(desk, clause_id))[3:]
        assert outcomes(at_once(desk.app, calls)) == ["StaleVersion", "StaleVersion", "done"]


def test_one_new_clause_twice_at_once_is_one(desk: Desk) -> None:
    people = [make_account(Role.ADMIN) for _person in range(4)]

    def beginning(actor: Actor) -> Callable[[], str]:
        return lambda: drafts.draft_new_clause("Terms", "9", words(), actor=actor)

    assert outcomes(at_once(desk.app, [beginning(person) for person in people])) == [
        "AlreadyExists", "AlreadyExists", "AlreadyExists", "done",
    ]  # fmt: skip
