"""Terms by command: a new version only where the wording changed, and never another past."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db
from review.actions import clauses
from review.domain.clause_text import ClauseText, decode_terms, read_clauses
from review.domain.permissions import ANONYMOUS, OPERATOR, Actor, Role
from review.errors import DatabaseBusy, InvalidInput, NotPermitted
from review.models import Clause, ClauseVersion, Opening
from review.queries import clauses as clause_queries
from tests.conftest import Desk
from tests.threads import together

FIRST, SECOND = date(2021, 1, 1), date(2022, 1, 1)
ADMIN = Actor(kind="account", id="person-0", account_id="A-0", role=Role.ADMIN)


def bring_in(*worded: tuple[str, str], on: date = FIRST, document: str = "Terms") -> clauses.ClausesImported:
    texts = [ClauseText(number, f"Clause {number}", text) for number, text in worded]
    return clauses.import_clauses(document, texts, valid_from=on, actor=OPERATOR)


def in_force(desk: Desk, day: date) -> list[tuple[str, int, str]]:
    found = clause_queries.clauses_in_force(desk.session, on=day)
    return [(clause.number, clause.version, clause.text) for clause in found]


def published(desk: Desk) -> int:
    counted = sa.select(sa.func.count()).where(Opening.event_type == "clause.published")
    return desk.session.scalar(counted) or 0


def test_each_clause_is_published_and_on_the_trail(desk: Desk) -> None:
    done = bring_in(("10", "ten"), ("2", "two"))
    assert (done.added, done.changed, done.unchanged) == (("10", "2"), (), ())
    assert in_force(desk, FIRST) == [("2", 1, "two"), ("10", 1, "ten")]
    assert in_force(desk, date(2020, 12, 31)) == []
    assert published(desk) == 2


def test_only_a_changed_wording_is_a_new_version_and_absent_clauses_stay(desk: Desk) -> None:
    bring_in(("1", "one"), ("2", "two"), ("3", "three"))
    done = bring_in(("1", "one"), ("2", "two, mended"), ("4", "four"), on=SECOND)
    assert (done.added, done.changed, done.unchanged) == (("4",), ("2",), ("1",))
    assert in_force(desk, date(2021, 12, 31)) == [("1", 1, "one"), ("2", 1, "two"), ("3", 1, "three")]
    assert in_force(desk, SECOND) == [
        ("1", 1, "one"),
        ("2", 2, "two, mended"),
        ("3", 1, "three"),
        ("4", 1, "four"),
    ]
    assert published(desk) == 5
    bring_in(("2", "two"), on=SECOND)
    assert in_force(desk, SECOND)[1] == ("2", 3, "two")


def test_another_heading_is_another_wording(desk: Desk) -> None:
    bring_in(("1", "one"))
    renamed = [ClauseText("1", "Another heading", "one")]
    done = clauses.import_clauses("Terms", renamed, valid_from=SECOND, actor=OPERATOR)
    assert done.changed == ("1",)


def test_one_number_in_two_documents_is_two_clauses(desk: Desk) -> None:
    bring_in(("1", "one"))
    bring_in(("1", "another"), document="Other terms")
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Clause)) == 2


def test_nothing_is_dated_before_its_newest_version_and_a_refusal_leaves_nothing(desk: Desk) -> None:
    bring_in(("1", "one"), on=SECOND)
    with pytest.raises(InvalidInput, match="2022-01-01"):
        bring_in(("0", "zero"), ("1", "mended"), on=FIRST)
    assert in_force(desk, SECOND) == [("1", 1, "one")]
    assert bring_in(("1", "one"), on=FIRST).unchanged == ("1",)
    with pytest.raises(InvalidInput):
        bring_in()
    assert published(desk) == 1


@pytest.mark.parametrize("actor", [ANONYMOUS, ADMIN], ids=["anyone", "admin"])
def test_only_a_command_publishes(actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        clauses.import_clauses("Terms", [ClauseText("1", "t", "x")], valid_from=FIRST, actor=actor)


def test_one_import_twice_at_once_publishes_once(desk: Desk) -> None:
    results = together(desk.app, [lambda: bring_in(("1", "one"), ("2", "two"))] * 4)
    done = [result for result in results if isinstance(result, clauses.ClausesImported)]
    assert [len(result.added) for result in done].count(2) == 1
    assert all(isinstance(result, clauses.ClausesImported | DatabaseBusy) for result in results)
    assert published(desk) == 2


def test_a_version_is_never_changed_or_removed(desk: Desk) -> None:
    bring_in(("1", "one"))
    for statement in (sa.update(ClauseVersion).values(text="x"), sa.delete(ClauseVersion)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.transaction() as writer:
            writer.execute(statement)


def test_all_real_terms_are_imported_and_a_second_time_change_nothing(desk: Desk, public_data: Path) -> None:
    for again in (False, True):
        for file in sorted((public_data / "terms").glob("*.md")):
            terms = read_clauses(decode_terms(file.read_bytes(), file_name=file.name), name=file.stem)
            done = clauses.import_clauses(terms.document, terms.clauses, valid_from=FIRST, actor=OPERATOR)
            assert len(done.unchanged if again else done.added) == len(terms.clauses)
    assert len(in_force(desk, FIRST)) + 1 == published(desk) == 21, "an introduction is no rule"
