"""The first of the queue comes from an index however long it is: nothing that waits is sorted for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa

from review import clock, db
from review import prepared as prepared_statements
from review.actions import offering
from review.actions.posting import lease_deliveries
from review.domain.narrowing import Narrowed
from review.domain.permissions import SERVICE, Role
from review.models import Case
from review.prepared import Prepared
from review.queries import cases
from review.queries.queue_counts import MOST_COUNTED, queue_counts
from review.queries.queue_news import arrived_since
from review.sessions import cursor_of
from tests.conftest import Desk
from tests.factories import make_account, make_accounts, make_cases

MANY = 6_000


@pytest.fixture(params=[False, True], ids=["as it is", "analysed"])
def busy(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """Thousands of cases in all rounds that wait; SQLite has no statistics unless somebody asked for them."""
    ids = make_cases(MANY)
    with db.transaction() as writer:
        for state, some in (("second_review", ids[1::3]), ("resolving", ids[2::30])):
            for start in range(0, len(some), 500):
                chosen = Case.id.in_(some[start : start + 500])
                writer.execute(sa.update(Case).where(chosen).values(state=state))
    if request.param or desk.database == "postgresql":  # which analyses by itself, sooner or later
        with db.extension.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    return desk


def _plan(desk: Desk, text: str, values: Any, *, walks: bool = False) -> str:
    """How it is carried out; ``walks``: by an index, where PostgreSQL would read an empty table whole."""
    word = "EXPLAIN QUERY PLAN" if desk.database == "sqlite" else "EXPLAIN"
    with db.extension.engine.connect() as connection:
        if walks and desk.database == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{word} {text}", values))


def _is_walked(plan: str, index: str) -> bool:
    """Whether rows come from the index in its order: no sort, no whole table."""
    sorts = ("TEMP B-TREE", "Sort")
    whole = ("SCAN cases\n", "Seq Scan on cases")
    return index in plan and not any(word in plan for word in (*sorts, *whole))


@pytest.mark.parametrize(
    ("prepared", "index"),
    [(offering._first_parts(())[0], "ix_cases_next"), (offering._first_parts(())[2], "ix_cases_disputed")],
    ids=["for everybody", "for leads"],
)
def test_claim_next_walks_an_index(busy: Desk, prepared: Prepared, index: str) -> None:
    person = make_account(Role.LEAD)
    given = {"account_id": person.account_id, "now": clock.now()}
    with db.transaction() as writer:
        assert prepared.first(writer, **given) is not None
    compiled = prepared._compiled["sqlite" if busy.database == "sqlite" else "postgresql"]
    values = [
        compiled.fixed.get(name, given.get(name)) if process is None else process(given[name])
        for name, process in compiled.binds
    ]
    given_values: Any = values if compiled.positional else dict(zip(compiled.names, values, strict=True))
    plan = _plan(busy, compiled.text, tuple(values) if compiled.positional else given_values)
    assert _is_walked(plan, index), plan


class _Noting:
    """A driver's cursor that notes what it is asked."""

    def __init__(self, cursor: Any, seen: list[tuple[str, Any]]) -> None:
        self._cursor, self._seen = cursor, seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, text: str, values: Any) -> Any:
        self._seen.append((text, tuple(values) if isinstance(values, list) else values))
        return self._cursor.execute(text, values)


@contextmanager
def _statements(desk: Desk) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, values: Any, *_rest: Any) -> None:
        seen.append((text, values))

    sa.event.listen(db.extension.engine, "before_cursor_execute", note)
    with mock.patch.object(prepared_statements, "cursor_of", lambda one: _Noting(cursor_of(one), seen)):
        yield seen
    sa.event.remove(db.extension.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("resolves", [False, True])
def test_a_page_of_the_queue_walks_its_indexes(busy: Desk, resolves: bool) -> None:
    (person,) = make_accounts(1)
    given: dict[str, Any] = {"account_id": person.account_id, "now": clock.now(), "resolves": resolves}
    with _statements(busy) as seen:
        page = cases.queue_page(busy.session, **given)
        cases.queue_page(busy.session, **given, after=page.next_place)
    asked = [one for one in seen if "ORDER BY" in one[0]]
    assert len(asked) == (4 if resolves else 2)
    for text, values in asked:
        index = "ix_cases_next" if "IN ('open'" in text else "ix_cases_disputed"
        plan = _plan(busy, text, values)
        assert _is_walked(plan, index), plan


def test_a_page_of_all_rounds_is_in_one_order(busy: Desk) -> None:
    person = make_account(Role.LEAD)
    given: dict[str, Any] = {"account_id": person.account_id, "now": clock.now(), "resolves": True}
    ids: list[str] = []
    after = None
    for _page in range(3):
        page = cases.queue_page(busy.session, **given, after=after)
        ids += [row.id for row in page.rows]
        after = page.next_place
    order = (Case.rank, Case.due_at, Case.opened_at, Case.id)
    assert ids == list(busy.session.scalars(sa.select(Case.id).order_by(*order).limit(150)))
    counts = queue_counts(busy.session, **given)
    assert counts.waiting == MOST_COUNTED + 1
    assert counts.oldest_at == busy.session.scalar(sa.select(sa.func.min(Case.opened_at)))


@pytest.mark.parametrize("resolves", [False, True])
def test_counts_walk_indexes(busy: Desk, resolves: bool) -> None:
    (person,) = make_accounts(1)
    with _statements(busy) as seen:
        queue_counts(busy.session, account_id=person.account_id, now=clock.now(), resolves=resolves)
    ((text, values),) = [one for one in seen if "FROM cases" in one[0]]
    plan = _plan(busy, text, values)
    assert {"ix_cases_next", "ix_cases_oldest"} <= set(re.findall(r"\bix_\w+", plan)), plan


@pytest.mark.parametrize("resolves", [False, True])
def test_what_came_since_is_looked_up_by_its_arrival(busy: Desk, resolves: bool) -> None:
    (person,) = make_accounts(1)
    newest = busy.session.scalars(sa.select(sa.func.max(Case.opened_at))).one()
    with _statements(busy) as seen:
        given: dict[str, Any] = {"account_id": person.account_id, "now": clock.now(), "resolves": resolves}
        assert arrived_since(busy.session, newest, **given) == 0
    ((text, values),) = [one for one in seen if "FROM cases" in one[0]]
    plan = _plan(busy, text, values)
    assert set(re.findall(r"\bix_cases_\w+", plan)) == {"ix_cases_oldest"}, plan
    assert "SCAN cases\n" not in plan
    assert "Seq Scan on cases" not in plan


NARROWED = [
    Narrowed(content_type="audio"),
    Narrowed(language="mt", severity="high"),
    Narrowed("image", "ar", "high", "notice"),
]


def _narrow(ids: list[str]) -> None:
    """A few cases at the end of the queue that all the conditions fit."""
    values = {"content_type": "audio", "language": "mt", "severity": "high"}
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id.in_(ids)).values(**values))


@pytest.mark.parametrize("narrowed", NARROWED, ids=lambda one: "-".join(one.conditions))
def test_a_narrowed_queue_walks_the_same_index(busy: Desk, narrowed: Narrowed) -> None:
    """Rows that do not fit are passed over in the index; none is sorted, and the table is not walked."""
    _narrow(list(busy.session.scalars(sa.select(Case.id).order_by(Case.due_at.desc()).limit(3))))
    person = make_account()
    with _statements(busy) as seen:
        cases.queue_page(busy.session, account_id=person.account_id, now=clock.now(), narrowed=narrowed)
    asked = [(text, values) for text, values in seen if "FROM cases" in text]
    assert asked
    for text, values in asked:
        assert _is_walked(_plan(busy, text, values), "ix_cases_next"), _plan(busy, text, values)


def test_the_languages_on_offer_are_those_of_what_waits_first(busy: Desk) -> None:
    _narrow(list(busy.session.scalars(sa.select(Case.id).order_by(Case.due_at).limit(3))))
    assert cases.waiting_languages(busy.session) == ("mt",)


def test_what_is_due_to_be_sent_is_not_sorted(desk: Desk) -> None:
    """Many messages are due at one moment, and are read some hundred at a time."""
    with _statements(desk) as seen:
        assert lease_deliveries(room=8, under_way={}, most={}, actor=SERVICE) == []
    ((text, values),) = [one for one in seen if "FROM deliveries" in one[0]]
    plan = _plan(desk, text, values, walks=True)
    assert "ix_deliveries_waiting" in plan, plan
    assert not any(word in plan for word in ("TEMP B-TREE", "Sort"))
