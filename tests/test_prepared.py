"""Prepared statements answer what SQLAlchemy's own would, with the same types and errors."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from review import clock, db
from review.domain.permissions import Role
from review.models import Account, Case, Draft
from review.prepared import Prepared
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor

ONE = Prepared(lambda: sa.select(Account).where(Account.id == sa.bindparam("account_id")))
OPEN = Prepared(
    lambda: (
        sa.select(Case.id, Case.opened_at, sa.func.count().over().label("total"))
        .where(Case.state.in_([sa.literal("open")]), Case.opened_at <= sa.bindparam("now"))
        .order_by(Case.opened_at)
        .limit(sa.literal(2))
    )
)
RENAME = Prepared(
    lambda: (
        sa.update(Account)
        .where(Account.id == sa.bindparam("account_id"))
        .values(name=sa.bindparam("new_name"), trail_version=Account.trail_version + sa.literal(1))
        .returning(Account.name, Account.trail_version)
    )
)
FORGET = Prepared(lambda: sa.delete(Draft).where(Draft.case_id == sa.bindparam("case_id")))


def test_rows_have_names_and_the_types_of_their_columns(desk: Desk) -> None:
    actor = make_account(Role.LEAD)
    row = ONE.first(desk.session, account_id=actor.account_id)
    stored = desk.session.get_one(Account, actor.account_id)
    assert {name: getattr(row, name) for name in row._fields} == {
        column.key: getattr(stored, column.key) for column in sa.inspect(Account).mapper.column_attrs
    }
    assert row.created_at.tzinfo is UTC
    assert ONE.first(desk.session, account_id="nobody") is None
    assert ONE.scalar(desk.session, account_id="nobody") is None


def test_values_are_written_by_their_types_and_constants_stay(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    for number in range(3):
        receive(actor, f"https://video.example/{number}")
    rows = OPEN.all(desk.session, now=clock.now())
    assert [row.total for row in rows] == [3, 3]
    assert rows[0].opened_at <= rows[1].opened_at
    assert OPEN.all(desk.session, now=datetime(2020, 1, 1, tzinfo=UTC)) == []


def test_changes_belong_to_the_transaction_and_see_it(desk: Desk) -> None:
    actor = make_account()
    with db.transaction() as writer:
        changed = RENAME.first(writer, account_id=actor.account_id, new_name="Né")
        assert changed.name == "Né"
        assert ONE.first(writer, account_id=actor.account_id).trail_version == changed.trail_version
        assert FORGET.all(writer, case_id="none") == []
    with pytest.raises(RuntimeError, match="stop"), db.transaction() as writer:
        RENAME.all(writer, account_id=actor.account_id, new_name="lost")
        raise RuntimeError("stop")
    assert ONE.first(db.session(), account_id=actor.account_id).name == "Né"


def test_errors_are_those_of_sqlalchemy(desk: Desk) -> None:
    first, second = make_account(), make_account()
    same = Prepared(
        lambda: (
            sa.update(Account)
            .where(Account.id == sa.bindparam("account_id"))
            .values(trail_id=sa.bindparam("trail_id"))
        )
    )
    with pytest.raises(IntegrityError), db.transaction() as writer:
        same.all(writer, account_id=first.account_id, trail_id=second.id)
    assert ONE.first(db.session(), account_id=first.account_id).trail_id == first.id


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lost_connection_is_given_up(desk: Desk) -> None:
    sleeping = Prepared(lambda: sa.select(sa.func.pg_terminate_backend(sa.func.pg_backend_pid())))
    with pytest.raises(OperationalError) as raised:
        sleeping.all(db.session())
    assert raised.value.connection_invalidated
    db.session().rollback()
    assert ONE.all(db.session(), account_id="nobody") == []


def test_a_list_that_expands_is_refused(desk: Desk) -> None:
    expanding = Prepared(lambda: sa.select(Case.id).where(Case.state.in_(["open", "decided"])))
    with pytest.raises(TypeError, match="IN with literals"):
        expanding.all(desk.session)
