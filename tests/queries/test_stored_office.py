"""Holds, accounts, keys and settings changed behind the program: each is named, and nothing that was done."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db, ledger
from review.actions.accounts import close_account, create_account, draw_pseudonym, set_role
from review.actions.holds import release_hold
from review.actions.senders import create_sender, issue_key, issue_platform_key, revoke_key
from review.actions.settings import change_setting
from review.domain.permissions import OPERATOR, Role, Scope
from review.formats import key_files
from review.models import Account
from review.queries.fsck import Report, check_with
from tests.conftest import Desk
from tests.erasures import decided_record, hold
from tests.factories import make_account, make_sender
from tests.queries.test_stored_rows import found, rows_of, undefended, where
from tests.trails import settle

OTHER: dict[str, dict[str, Any]] = {
    "legal_holds": {
        "object_kind": "sender", "object_id": "R-OTHER", "reason": "Another.", "review_on": date(2041, 1, 1),
        "placed_by": "P-OTHER", "placed_at": datetime(2020, 1, 1, tzinfo=UTC), "released_by": "P-OTHER",
        "released_at": datetime(2020, 1, 1, tzinfo=UTC), "release_reason": "Another.",
    },
    "accounts": {
        "email": "other@desk.example", "name": "Another", "role": "admin", "sender_id": "S-OTHER",
        "created_at": datetime(2020, 1, 1, tzinfo=UTC), "closed_at": datetime(2020, 1, 1, tzinfo=UTC),
    },
    "sender_keys": {
        "sender_id": "S-OTHER", "scopes": "manage", "label": "Another",
        "created_at": datetime(2020, 1, 1, tzinfo=UTC), "expires_at": datetime(2040, 1, 1, tzinfo=UTC),
        "revoked_at": datetime(2020, 1, 1, tzinfo=UTC),
    },
    "chosen_settings": {"value": "77", "changed_at": datetime(2020, 1, 1, tzinfo=UTC)},
}  # fmt: skip
"""For each column that an event commits to, what none of the rows below holds."""


def _office(desk: Desk) -> None:
    """Holds, accounts, keys and settings, each in every standing that it can have."""
    record = decided_record()
    hold(record)
    release_hold(hold(record), "The court has ended it.", actor=record.second)
    sender_id = create_sender("Unit Office", kind="iru", country="BE", flagger=None, actor=OPERATOR)
    made = [
        create_account(
            f"{name}@office.example",
            role=Role.SENDER if name == "sent" else Role.MODERATOR,
            name=name.title(),
            sender_id=sender_id if name == "sent" else None,
            password="a password of some length",
            actor=OPERATOR,
        ).account_id
        for name in ("plain", "changed", "closed", "sent")
    ]
    set_role(made[1], Role.LEAD, actor=OPERATOR)
    draw_pseudonym(made[1], actor=OPERATOR)
    close_account(made[2], actor=OPERATOR)
    until = clock.now() + timedelta(days=30)
    issue_key(sender_id, scopes={Scope.READ, Scope.REFER}, expires_at=until, label="Line", actor=OPERATOR)
    gone = issue_key(sender_id, scopes={Scope.READ}, expires_at=None, actor=OPERATOR)
    revoke_key(gone.key_id, actor=OPERATOR)
    issue_platform_key(expires_at=None, actor=OPERATOR)
    administrator = make_account(Role.ADMIN)
    for name, values in {"REVIEW_CLAIM_SECONDS": ("1200",), "REVIEW_UNDO_SECONDS": ("7", None)}.items():
        for version, value in enumerate(values):
            change_setting(name, value, version=version, environment=desk.settings, actor=administrator)
    settle(desk.settings.data_dir)


def _told_of(connection: sa.Connection, table: str) -> list[dict[str, Any]]:
    """The rows that the trail tells of; people and keys of the test itself were never entered."""
    return [row for row in rows_of(connection, table) if row["trail_version"]]


def _changed(connection: sa.Connection, table: str, row: dict[str, Any], values: dict[str, Any]) -> None:
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
    if connection.dialect.name == "sqlite":
        values = {
            name: value.replace(tzinfo=None) if isinstance(value, datetime) else value
            for name, value in values.items()
        }
    connection.execute(sa.update(reflected).where(*where(reflected, row)).values(values))


def test_every_change_is_found_and_what_was_done_raises_no_alarm(desk: Desk) -> None:
    _office(desk)
    tried = set()
    with undefended() as connection:
        assert found(desk, connection).intact
        for table, columns in OTHER.items():
            for row in _told_of(connection, table):
                for column, value in columns.items():
                    point = connection.begin_nested()
                    try:
                        _changed(connection, table, row, {column: value})
                    except sa.exc.IntegrityError:  # PostgreSQL itself refuses it
                        point.rollback()
                        continue
                    finding = found(desk, connection)
                    assert (finding.table, finding.row) == (table, row["id"]), (column, finding)
                    assert finding.entry is not None
                    tried.add((table, column))
                    point.rollback()
    refused = {(table, column) for table in OTHER for column in OTHER[table]} - tried
    on_postgresql = {
        ("legal_holds", "released_by"),
        ("legal_holds", "released_at"),
        ("accounts", "sender_id"),
    }
    assert refused <= (on_postgresql if connection.dialect.name == "postgresql" else set())


def test_a_hold_that_was_ended_or_taken_away_behind_the_program_is_found(desk: Desk) -> None:
    _office(desk)
    with undefended() as connection:
        row = next(row for row in _told_of(connection, "legal_holds") if row["released_at"] is None)
        ended = {"released_by": "P-OTHER", "released_at": clock.now(), "release_reason": "None."}
        point = connection.begin_nested()
        _changed(connection, "legal_holds", row, ended)
        assert "the released" in found(desk, connection).sentence
        point.rollback()
        table = sa.Table("legal_holds", sa.MetaData(), autoload_with=connection)
        connection.execute(sa.delete(table).where(*where(table, row)))
        assert not found(desk, connection).intact


def test_a_hold_and_a_setting_that_no_event_tells_of_are_found(desk: Desk) -> None:
    _office(desk)
    with undefended() as connection:
        for name, changes in {
            "legal_holds": {"id": "H-SURPLUS"},
            "chosen_settings": {"id": "REVIEW_HOSTS"},
        }.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            row = _told_of(connection, name)[0] | changes | {"trail_version": 0}
            point = connection.begin_nested()
            connection.execute(sa.insert(table).values(row))
            finding = found(desk, connection)
            assert (finding.table, finding.row) == (name, row["id"])
            assert "no event on the trail tells of it" in finding.sentence
            point.rollback()


def test_an_account_of_the_first_releases_raises_no_alarm(desk: Desk) -> None:
    """Their event did not commit to the sender."""
    sender_id = make_sender()
    person = make_account(Role.SENDER, sender_id=sender_id)
    row = desk.session.get_one(Account, person.account_id)
    with db.transaction() as writer:
        ledger.record(
            writer, "account.created", row.id, actor=OPERATOR, at=row.created_at,
            fields={"email": row.email, "name": row.name}, meta={"role": row.role},
        )  # fmt: skip
    settle(desk.settings.data_dir)
    with undefended() as connection:
        assert found(desk, connection).intact


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_read_hides_nothing_else(desk: Desk) -> None:
    _office(desk)
    with undefended() as connection:
        for change in (
            "UPDATE legal_holds SET reason = 'Another.'",
            "UPDATE accounts SET name = CAST(x'ff' AS TEXT)",
            "UPDATE sender_keys SET scopes = 'manage' WHERE trail_version > 0",
            "UPDATE chosen_settings SET value = '77'",
        ):
            connection.exec_driver_sql(change)
        report = _report(desk, connection)
    assert {one.table for one in report.breaks} == {"legal_holds", "", "sender_keys", "chosen_settings"}
    assert [one.sentence for one in report.breaks if not one.table] == [
        "A row of the ordinary tables holds text that cannot be read."
    ]


def _report(desk: Desk, connection: sa.Connection) -> Report:
    folder = desk.settings.data_dir
    with sa.orm.Session(bind=connection, join_transaction_mode="create_savepoint") as reader:
        return check_with(
            reader,
            folder,
            notes=(key_files.read_note(folder), None),
            vkeys=key_files.read_vkeys(folder),
            progress=lambda _what, _count: None,
        )


def test_fsck_names_every_row_that_differs(desk: Desk) -> None:
    _office(desk)
    with undefended() as connection:
        assert _report(desk, connection).intact
        changed = set()
        for table, columns in OTHER.items():
            column = next(reversed(columns)) if table != "accounts" else "name"
            for row in _told_of(connection, table)[:2]:
                try:
                    with connection.begin_nested():
                        _changed(connection, table, row, {column: columns[column]})
                except sa.exc.IntegrityError:
                    continue
                changed.add((table, row["id"]))
        report = _report(desk, connection)
    assert {(one.table, one.row) for one in report.breaks} == changed
    assert report.breaks_in_all == len(changed) > 4
    assert all(one.entry is not None for one in report.breaks)
