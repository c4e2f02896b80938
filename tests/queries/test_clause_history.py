"""What each clause has been, is and will be on a day, and how often decisions name it."""

from datetime import date

import sqlalchemy as sa

from review import clock, db
from review.domain.ids import new_id
from review.models import Clause, ClauseVersion, Decision, Review, ReviewClause
from review.queries.clause_history import MOST_COUNTED, MOST_LISTED, Version, clause_histories, clause_history
from tests.conftest import Desk
from tests.factories import make_account, make_case


def stored(number: str, *versions: tuple[date, bool], document: str = "Terms") -> str:
    """A clause with versions from these days on, the second of a pair saying that it ends there; its id."""
    clause_id = new_id("L")
    rows = [
        {
            "id": new_id("W"), "clause_id": clause_id, "version": place, "title": f"Title {place}",
            "text": f"Text {place}.", "text_sha256": "0" * 64, "valid_from": valid_from, "ends": ends,
            "created_at": clock.now(),
        }
        for place, (valid_from, ends) in enumerate(versions, 1)
    ]  # fmt: skip
    clause = {"id": clause_id, "document": document, "number": number, "created_at": clock.now()}
    with db.transaction() as writer:
        writer.execute(sa.insert(Clause), clause | {"trail_version": 0})
        if rows:
            writer.execute(sa.insert(ClauseVersion), rows)
    return clause_id


JANUARY, MARCH, MAY, JULY = (date(2026, month, 1) for month in (1, 3, 5, 7))


def standings(desk: Desk, clause_id: str, on: date) -> list[str]:
    found = clause_history(desk.session, clause_id, on=on)
    assert found is not None
    return [version.standing for version in found.versions]


def test_each_version_has_its_time(desk: Desk) -> None:
    clause_id = stored("1", (JANUARY, False), (MARCH, False), (MAY, True), (JULY, False))
    assert standings(desk, clause_id, date(2025, 1, 1)) == ["coming", "ending", "coming", "coming"]
    assert standings(desk, clause_id, date(2026, 2, 28)) == ["coming", "ending", "coming", "in_force"]
    assert standings(desk, clause_id, MARCH) == ["coming", "ending", "in_force", "past"]
    assert standings(desk, clause_id, MAY) == ["coming", "ended", "past", "past"]
    assert standings(desk, clause_id, JULY) == ["in_force", "past", "past", "past"]
    found = clause_history(desk.session, clause_id, on=MAY)
    assert found is not None
    assert (found.in_force, found.ended and found.ended.version) == (None, 3)
    assert (found.coming and found.coming.version, found.title) == (4, "Title 4")
    assert [version.valid_until for version in found.versions] == [
        None, date(2026, 6, 30), date(2026, 4, 30), date(2026, 2, 28),
    ]  # fmt: skip
    assert [version.version for version in found.wordings] == [4, 2, 1]


def test_a_version_replaced_from_its_own_day_on_never_held(desk: Desk) -> None:
    clause_id = stored("1", (JANUARY, False), (MARCH, False), (MARCH, False))
    assert standings(desk, clause_id, JANUARY) == ["coming", "never", "in_force"]
    assert standings(desk, clause_id, MARCH) == ["in_force", "never", "past"]


def test_clauses_stand_in_natural_order_and_bare_ones_are_left_out(desk: Desk) -> None:
    for number in ("10", "2", "b"):
        stored(number, (JANUARY, False))
    stored("1", (JANUARY, False), document="A document")
    bare = stored("7")
    found = clause_histories(desk.session, on=MAY)
    assert [clause.number for clause in found] == ["1", "2", "10", "b"]
    assert {version.text for clause in found for version in clause.versions} == {""}, "the list needs no text"
    alone = clause_history(desk.session, bare, on=MAY)
    assert alone is not None
    assert (alone.versions, alone.draft, alone.title) == ((), None, "")
    assert clause_history(desk.session, "L-0000-0000-0000", on=MAY) is None


def decided(version_id: str, count: int) -> None:
    """So many decisions that name the version, and as many reviews that were never dispatched."""
    account, case_id, now = make_account(), make_case(), clock.now()
    reviews, names, decisions = [], [], []
    for place in range(2 * count):
        review_id = f"V-{version_id}-{place}"[:40]
        reviews.append({
            "id": review_id, "case_id": case_id, "round": "first", "account_id": account.account_id,
            "outcome": "accepted", "rationale": "r", "statement": "s", "account_measure": "none",
            "territory": "world", "context": "none", "over_broad": False, "case_version": 1,
            "claim_generation": place, "recorded_at": now, "undo_until": now, "undone_at": now,
        })  # fmt: skip
        names.append({"review_id": review_id, "clause_version_id": version_id})
        if place % 2:
            decisions.append({
                "id": new_id("D"), "case_id": case_id, "review_id": review_id, "outcome": "accepted",
                "decided_at": now,
            })  # fmt: skip
    with db.transaction() as writer:
        writer.execute(sa.insert(Review), reviews)
        writer.execute(sa.insert(ReviewClause), names)
        writer.execute(sa.insert(Decision), decisions)


def test_decisions_are_counted_for_each_version_and_up_to_a_cap(desk: Desk) -> None:
    clause_id = stored("1", (JANUARY, False), (MARCH, False))
    newest, first = (version.id for version in _versions(desk, clause_id))
    decided(first, 3)
    assert [version.used for version in _versions(desk, clause_id)] == [0, 3]
    decided(newest, MOST_COUNTED + 20)
    assert [version.used for version in _versions(desk, clause_id)] == [MOST_COUNTED + 1, 3]
    assert clause_histories(desk.session, on=MAY)[0].used == MOST_LISTED + 1 + 3


def _versions(desk: Desk, clause_id: str) -> tuple[Version, ...]:
    found = clause_history(desk.session, clause_id, on=MAY)
    assert found is not None
    return found.versions
