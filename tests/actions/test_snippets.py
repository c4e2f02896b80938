"""Ready-made texts: each change a version, conditional on the one seen, on the trail, and offered at once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock
from review.actions.snippets import withdraw_snippet, write_snippet
from review.domain.permissions import Actor, Role
from review.errors import InvalidInput, NotFound, NotPermitted, ReviewError, StaleVersion
from review.models import ClauseVersion, Opening, Snippet, SnippetVersion
from review.queries.clauses import clauses_in_force
from review.queries.snippets import snippets_of_clause
from tests.actions.races import at_once
from tests.conftest import Desk
from tests.factories import make_account, make_clause

TEXT = "The content praises a listed organisation."


def a_clause(desk: Desk) -> str:
    version = desk.session.get_one(ClauseVersion, make_clause())
    return version.clause_id


def write(clause_id: str, text: str = TEXT, *, version: int = 0, actor: Actor, **members: str) -> int:
    given: dict[str, Any] = {"language": "en", "kind": "rationale"} | members
    return write_snippet(clause_id, text=text, version=version, actor=actor, **given)


def withdraw(clause_id: str, *, version: int, actor: Actor) -> int:
    return withdraw_snippet(clause_id, language="en", kind="rationale", version=version, actor=actor)


def offered(desk: Desk) -> list[tuple[str, str, int, str]]:
    (clause,) = clauses_in_force(desk.session, on=clock.now().date())
    return [(one.kind, one.language, one.version, one.text) for one in clause.snippets]


def told(desk: Desk) -> list[dict[str, Any]]:
    rows = desk.session.scalars(
        sa.select(Opening).where(Opening.event_type == "snippet.changed").order_by(Opening.object_version)
    )
    return [dict(row.fields) for row in rows]


def test_every_change_is_a_version_on_the_trail_and_offered_at_once(desk: Desk) -> None:
    clause_id, person = a_clause(desk), make_account(Role.ADMIN)
    assert offered(desk) == []
    assert write(clause_id, actor=person) == 1
    assert offered(desk) == [("rationale", "en", 1, TEXT)]
    assert write(clause_id, "Shorter.", version=1, actor=person) == 2
    assert write(clause_id, "Es verstößt.", actor=person, language="DE") == 1
    assert offered(desk) == [("rationale", "de", 1, "Es verstößt."), ("rationale", "en", 2, "Shorter.")]
    (_german, english) = snippets_of_clause(desk.session, clause_id)
    assert [(one.version, one.text, one.used) for one in english.wordings] == [
        (2, "Shorter.", 0), (1, TEXT, 0),
    ]  # fmt: skip
    assert english.newest.written_by.startswith("Reviewer")
    assert [set(fields) for fields in told(desk)] == [{"clause", "language", "text"}] * 3


def test_a_withdrawn_snippet_is_offered_no_more_and_can_come_back(desk: Desk) -> None:
    clause_id, person = a_clause(desk), make_account(Role.ADMIN)
    write(clause_id, actor=person)
    assert withdraw(clause_id, version=1, actor=person) == 2
    assert offered(desk) == []
    with pytest.raises(StaleVersion, match="already"):
        withdraw(clause_id, version=2, actor=person)
    assert write(clause_id, version=2, actor=person) == 3
    assert offered(desk) == [("rationale", "en", 3, TEXT)]
    assert [len(fields) for fields in told(desk)] == [3, 2, 3]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.SENDER)])
def test_only_administrators_write_and_withdraw(desk: Desk, role: Role) -> None:
    clause_id = a_clause(desk)
    write(clause_id, actor=make_account(Role.ADMIN))
    other = make_account(role)
    with pytest.raises(NotPermitted):
        write(clause_id, "Another.", version=1, actor=other)
    with pytest.raises(NotPermitted):
        withdraw(clause_id, version=1, actor=other)
    assert len(told(desk)) == 1


def test_what_was_seen_must_be_what_is_there(desk: Desk) -> None:
    clause_id, person = a_clause(desk), make_account(Role.ADMIN)
    missing: tuple[Callable[[], int], ...] = (
        partial(write, "L-0000-0000-0000", actor=person),
        partial(write, clause_id, version=3, actor=person),
        partial(withdraw, clause_id, version=1, actor=person),
    )
    for act in missing:
        with pytest.raises(NotFound):
            act()
    write(clause_id, actor=person)
    write(clause_id, "Second.", version=1, actor=person)
    for version in (0, 1, 3):
        with pytest.raises(StaleVersion):
            write(clause_id, "Third.", version=version, actor=person)
        with pytest.raises(StaleVersion):
            withdraw(clause_id, version=version, actor=person)
    with pytest.raises(StaleVersion, match="exactly this"):
        write(clause_id, "Second.", version=2, actor=person)
    with pytest.raises(InvalidInput):
        write(clause_id, "", version=2, actor=person)
    assert offered(desk) == [("rationale", "en", 2, "Second.")]


@pytest.mark.parametrize("version", [0, 1])
def test_of_eight_administrators_one_writes_the_next_version(desk: Desk, version: int) -> None:
    clause_id, people = a_clause(desk), [make_account(Role.ADMIN) for _number in range(8)]
    if version:
        write(clause_id, actor=people[0])
    calls = [
        partial(write, clause_id, f"Text {number}.", version=version, actor=person)
        for number, person in enumerate(people)
    ]
    results: list[int | ReviewError] = at_once(desk.app, calls)
    assert [one for one in results if not isinstance(one, ReviewError)] == [version + 1]
    assert sum(isinstance(one, StaleVersion) for one in results) == 7
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(SnippetVersion)) == version + 1
    assert desk.session.scalars(sa.select(Snippet.version)).one() == version + 1
    assert len(told(desk)) == version + 1
