"""Ordinary rows changed behind the program: verify names each, and nothing on a desk that was left alone."""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from review import clock, db
from review.actions import trail
from review.actions.cases import claim_next
from review.actions.decisions import record_review
from review.actions.withdrawals import withdraw_referral
from review.domain.decisions import ReviewInput
from review.domain.permissions import OPERATOR
from review.domain.removal_order import written_order
from review.formats import key_files
from review.models import schema
from review.models.evidence_files import evidence_path
from review.queries.trail import SETTLED, Finding, verify_trail
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.domain.referral_bodies import order_body
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.rounds import more
from tests.trails import settle

# Every column here is committed to by an event; verify must see each change of one.
COLUMNS = {
    "reviews": (
        "rationale", "statement", "outcome", "law", "ground", "decline_reason", "visibility",
        "account_measure", "context", "territory", "case_id", "account_id", "undone_at", "round",
        "recorded_at", "dispatched_at", "letter",
    ),
    "answers": ("body", "decision_id", "answered_at"),
    "decisions": ("outcome", "review_id", "case_id", "decided_at", "supersedes_id"),
    "complaints": (
        "reasons", "contact", "case_id", "decision_id", "item_id", "sender_id", "registered_by",
        "complained_at", "joined_version", "ended_at", "result", "review_id", "statement",
    ),
    "referrals": (
        "received_body", "body_sha256", "reference", "sender_id", "intake_kind", "transmitted_via", "urgency",
        "splices", "received_at", "reason", "issuing_authority", "legal_basis", "category",
        "removal_order",
    ),
    "items": ("url_as_sent", "case_id", "referral_id", "status", "joined_at", "withdrawn_at"),
    "questions": (
        "question", "answer", "asked_at", "answered_at", "ended_at", "asked_by", "item_id", "case_id",
    ),
    "clause_versions": ("text", "title", "text_sha256"),
    "cases": ("state", "decided_at"),
    "senders": ("name",),
    "notes": ("text", "account_id", "claim_generation", "written_at", "pinned", "case_id"),
    "restrictions": ("visibility", "territory", "implemented_at", "failed_at", "failure", "ends_at"),
    "endpoints": ("url", "topics", "sender_id", "created_at", "secret_at", "off_at", "removed_at"),
    "deliveries": ("standing", "finished_at", "body"),
    "first_looks": ("way", "claim_generation", "precedents", "looked_at", "account_id"),
    "shown_precedents": ("precedent_id", "why"),
}  # fmt: skip
DELETED = (
    "reviews",
    "answers",
    "decisions",
    "complaints",
    "referrals",
    "items",
    "review_clauses",
    "restrictions",
    "notes",
    "questions",
    "first_looks",
    "shown_precedents",
    "endpoints",
)
WORDS = {
    "outcome": ("accepted", "declined"), "ground": ("terms", "law"), "state": ("open", "decided"),
    "decline_reason": ("not_found", "no_breach"), "visibility": ("removed", "labelled"),
    "account_measure": ("none", "suspended"), "context": ("none", "art"), "territory": ("world", "EU", "BE"),
    "result": ("upheld", "reversed"), "contact": ("A user", "B user"), "registered_by": ("X-1", "X-2"),
    "statement": ("We looked again.", "It stands."),
    "round": ("first", "second", "resolving"), "letter": ("A", "B"), "intake_kind": ("referral", "notice"),
    "failure": ("Not our page.", "Gone."), "topics": ("item.decided", "item.question"),
    "standing": ("waiting", "arrived", "dead"), "way": ("revealed", "without"), "why": ("location", "file"),
    "status": ("in_review", "decided", "withdrawn"), "transmitted_via": ("api", "form"),
    "urgency": ("normal", "threat_to_life"), "issuing_authority": ("A court", "B"),
    "legal_basis": ("§ 2", "§ 3"), "law": ("Article 1", "Article 2"), "answer": ("At 3.", "At 4."),
    "removal_order": ('{"redress":"None."}', "{}"),
    "category": ("STATEMENT_CATEGORY_VIOLENCE", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"),
}  # fmt: skip


@contextmanager
def undefended() -> Iterator[sa.Connection]:
    """A connection without triggers, foreign keys, checks and unique indexes; all is rolled back."""
    engine = db.extension.engine
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            connection.connection.cursor().execute("PRAGMA ignore_check_constraints=ON")
            for name in schema.expected_triggers("sqlite"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
            for table in {*COLUMNS, *schema.GUARDED}:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield connection
        connection.rollback()
        connection.invalidate()


def found(desk: Desk, connection: sa.Connection) -> Finding:
    folder = desk.settings.data_dir
    with Session(bind=connection, join_transaction_mode="create_savepoint") as reader:
        return verify_trail(
            reader,
            vkey=key_files.read_vkey(folder),
            checkpoint_file=key_files.read_note(folder),
            evidence=lambda digest: evidence_path(folder, digest).read_bytes(),
        )


def found_event_by_event(desk: Desk, connection: sa.Connection) -> Finding:
    """The same, where no row is seen as right at once and no count as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("review.queries.plain_rows.PlainRows.differ", lambda _rows: True)
        patch.setattr("review.queries.plain_rows.PlainRows.counted", lambda _rows: False)
        patch.setattr("review.queries.trail._counts_agree", lambda *_given: False)
        return found(desk, connection)


def rows_of(connection: sa.Connection, table: str) -> list[dict[str, Any]]:
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
    keys = list(reflected.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(sa.select(reflected).order_by(*keys))]


def other(dice: random.Random, column: str, value: Any, rows: list[dict[str, Any]]) -> Any:
    """Another value for the column, of the same kind."""
    if column in WORDS:
        return dice.choice([word for word in WORDS[column] if word != value])
    if column.endswith("_at"):
        return dice.choice([None, value - timedelta(days=1)]) if value else clock.now().replace(tzinfo=None)
    if column == "splices":
        return [[1, "0" * 64]]
    if column.endswith("_id"):
        return dice.choice([row[column] for row in rows if row[column] != value] or ["X-1"])
    if isinstance(value, int):  # a boolean or a number
        return value ^ 1 if isinstance(value, bool) else value + 1
    if isinstance(value, bytes):
        place = dice.randrange(len(value))
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    place = dice.randrange(len(value))
    return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]


def where(table: sa.Table, row: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [column == row[column.name] for column in table.primary_key.columns]


def test_every_random_change_is_found_and_an_untouched_desk_raises_no_alarm(
    desk: Desk, pytestconfig: pytest.Config
) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    dice = random.Random(2026)
    with undefended() as connection:
        assert found(desk, connection).intact, found(desk, connection)
        missed = []
        for name, columns in COLUMNS.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            rows = rows_of(connection, name)
            for column in columns:
                for row in dice.sample(rows, min(more(pytestconfig), len(rows))):
                    value = other(dice, column, row[column], rows) if row[column] is not None else None
                    value = value if row[column] is not None else other(dice, column, None, rows)
                    point = connection.begin_nested()
                    changed = sa.update(table).where(*where(table, row)).values({column: value})
                    try:
                        connection.execute(changed)
                    except sa.exc.IntegrityError:  # the database itself refused it
                        point.rollback()
                        continue
                    finding = found(desk, connection)
                    if finding.intact:
                        missed.append(f"{name}.{column}: {row[column]!r} to {value!r}")
                    assert finding == found_event_by_event(desk, connection)
                    point.rollback()
        assert missed == []


def test_another_order_than_the_one_received_is_found(desk: Desk) -> None:
    sent = order_body()
    receive(sender_actor(make_sender()), intake_kind="removal_order", order=sent, reference="ORDER")
    receive(sender_actor(make_sender()), "https://video.example/2", reference="OTHER")
    settle(desk.settings.data_dir)
    changed = {"ORDER": (None, written_order(sent | {"redress": "None."})), "OTHER": (written_order(sent),)}
    with undefended() as connection:
        assert found(desk, connection).intact
        for reference, values in changed.items():
            for value in values:
                point = connection.begin_nested()
                connection.execute(
                    sa.text("UPDATE referrals SET removal_order = :value WHERE reference = :reference"),
                    {"value": value, "reference": reference},
                )
                finding = found(desk, connection)
                assert "removal order" in finding.sentence, finding
                assert finding == found_event_by_event(desk, connection)
                point.rollback()


def test_an_intact_desk_needs_no_second_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    compared = []

    def row_problem(_reader: Session, **given: Any) -> None:
        compared.append(given["compared"])

    def chain_problem(_reader: Session) -> None:
        raise AssertionError("the chains were looked at one by one")

    monkeypatch.setattr("review.queries.trail.row_problem", row_problem)
    monkeypatch.setattr("review.queries.trail._chain_problem", chain_problem)
    counted = []
    monkeypatch.setattr(
        "review.queries.trail._count_problem", lambda _reader, *, known: counted.append(known)
    )
    with undefended() as connection:
        assert found(desk, connection).intact
    assert compared == [SETTLED]
    assert counted == [("referral",)]


def test_rows_that_are_gone_or_that_nothing_tells_of_are_found(desk: Desk) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    with undefended() as connection:
        for name in DELETED:
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            rows = rows_of(connection, name)
            for row in (rows[0], rows[-1]):
                point = connection.begin_nested()
                connection.execute(sa.delete(table).where(*where(table, row)))
                assert not found(desk, connection).intact, f"{name} without {row}"
                point.rollback()
            copy = dict(rows[-1])
            for key, fresh in (("id", "X-1"), ("item_id", "X-1"), ("reference", "new"), ("position", 99)):
                copy |= {key: fresh} if key in copy else {}
            if name == "review_clauses":
                copy |= {"review_id": rows[0]["review_id"], "clause_version_id": "W-1"}
            copy |= {"round": "complaint", "undone_at": None} if name == "reviews" else {}
            copy |= {"review_id": "V-1", "supersedes_id": None} if name == "decisions" else {}
            copy |= {"sender_id": "S-1", "registered_by": None} if name == "complaints" else {}
            copy |= {"ended_at": copy["asked_at"]} if name == "questions" else {}
            copy |= {"decision_id": "D-1"} if name == "restrictions" else {}
            copy |= {"account_id": "A-1"} if name in ("first_looks", "shown_precedents") else {}
            point = connection.begin_nested()
            connection.execute(sa.insert(table).values(copy))
            assert not found(desk, connection).intact, f"{name} with {copy}"
            point.rollback()
        assert found(desk, connection).intact


@pytest.mark.parametrize("name", ["accounts", "cases", "clauses", "items", "referrals", "senders"])
def test_an_object_that_says_another_number_of_events_is_found(desk: Desk, name: str) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    values = ["trail_version + 1", "trail_version - 1", "-trail_version - 1", "99", "0 - 1"]
    values += ["'text'", "x'00ff'", "1.5", "9223372036854775807"] if desk.database == "sqlite" else []
    with undefended() as connection:
        ordered = f"SELECT id FROM {name} ORDER BY trail_version, id"
        ids = connection.execute(sa.text(ordered)).scalars().all()

        def change(object_id: str, value: str) -> None:
            statement = f"UPDATE {name} SET trail_version = {value} WHERE id = '{object_id}'"
            connection.exec_driver_sql(statement)

        for changes in [
            *([(object_id, value)] for object_id in {ids[0], ids[-1]} for value in values),
            [(ids[0], "trail_version + 1"), (ids[-1], "trail_version - 1")],
            [(ids[0], "trail_version - 1"), (ids[-1], "trail_version + 1")],
        ]:
            point = connection.begin_nested()
            for object_id, value in changes:
                change(object_id, value)
            same = len(ids) == 1 and len(changes) == 2
            finding = found(desk, connection)
            assert finding.intact == same, (name, changes)
            assert finding == found_event_by_event(desk, connection)
            assert same or "events are on the trail" in finding.sentence
            point.rollback()
        assert found(desk, connection) == found_event_by_event(desk, connection)


def test_the_verdict_names_the_row_in_words_and_calls_the_entries_good(desk: Desk) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    with undefended() as connection:
        review, case_id = connection.execute(sa.text("SELECT id, case_id FROM reviews")).first() or ("", "")
        connection.execute(sa.text("UPDATE reviews SET rationale = 'forged' WHERE id = :id"), {"id": review})
        finding = found(desk, connection)
        assert finding.sentence.startswith(
            f"The review {review} of case {case_id}: the rationale stored differs from the one on the trail"
        )
        assert finding.first_bad is None
        assert finding.entries > 30
        assert "ordinary tables were changed" in finding.detail


OF_WRONG_TYPE = ("x'00ff'", "1.5", "NULL", "CAST(x'ff' AS TEXT)", "x'00'")
"""Two of them in turn for each column, all of them where more ``--rounds`` are asked for."""


def test_values_of_a_wrong_type_are_findings_and_no_errors(desk: Desk, pytestconfig: pytest.Config) -> None:
    turns = itertools.cycle(OF_WRONG_TYPE)
    if desk.database != "sqlite":
        return  # PostgreSQL's columns take only their own type
    lived_in_desk()
    settle(desk.settings.data_dir)
    with undefended() as connection:
        for name, columns in COLUMNS.items():
            for column in columns:
                filled = sa.text(f"SELECT count(*) FROM {name} WHERE {column} IS NOT NULL")
                if connection.scalar(filled) == 0:
                    assert column == "removal_order", "that desk has no orders; it has everything else"
                    continue
                for value in OF_WRONG_TYPE if more(pytestconfig) > 1 else (next(turns), next(turns)):
                    point = connection.begin_nested()
                    one = f"(SELECT rowid FROM {name} WHERE {column} IS NOT NULL LIMIT 1)"
                    try:
                        connection.exec_driver_sql(
                            f"UPDATE {name} SET {column} = {value} WHERE rowid = {one}"
                        )
                    except sa.exc.IntegrityError:
                        point.rollback()
                        continue
                    else:
                        assert not found(desk, connection).intact, (name, column, value)
                    point.rollback()


@pytest.mark.parametrize("at_a_time", [1, 3])
def test_the_size_of_the_sets_makes_no_difference(
    desk: Desk, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    monkeypatch.setattr("review.queries.stored_rows.SET", at_a_time)
    monkeypatch.setattr("review.queries.stored_cases.SET", at_a_time)
    monkeypatch.setattr("review.queries.stored_referrals.MOST_BODIES", at_a_time)
    folder = desk.settings.data_dir
    assert trail.verify_trail(folder=folder, actor=OPERATOR).finding.intact
    evidence_path(folder, desk.session.execute(sa.text("SELECT sha256 FROM evidence")).scalar_one()).unlink()
    finding = trail.verify_trail(folder=folder, actor=OPERATOR).finding
    assert "the original stored differs" in finding.sentence


def test_a_clock_that_was_behind_raises_no_alarm_and_hides_no_change(desk: Desk) -> None:
    """Two servers whose clocks differ: the trail never goes back, the rows keep what each clock said."""
    reviewer, sender = make_account(), sender_actor(make_sender())
    referral = receive(sender, "https://video.example/apart", "https://video.example/late")
    claim = claim_next(actor=reviewer)
    assert claim is not None
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    review = ReviewInput(
        outcome="declined", decline_reason="no_breach", rationale="Compared.", statement="We compared it."
    )
    with time_machine.travel(clock.now() - timedelta(hours=1), tick=True):
        recorded = record_review(claim.case_id, review, actor=reviewer, **given)
        withdraw_referral(referral.referral_id, actor=sender)
    assert recorded.undo_until < clock.now()
    settle(desk.settings.data_dir)
    with undefended() as connection:
        assert found(desk, connection).intact, found(desk, connection)
        for moved in ("2099-01-01 00:00:00.000000", "2020-01-01 00:00:00.000000"):
            point = connection.begin_nested()
            connection.execute(sa.text(f"UPDATE reviews SET recorded_at = '{moved}'"))
            assert not found(desk, connection).intact
            point.rollback()


def test_a_time_that_is_moved_by_a_moment_is_found(desk: Desk) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    with undefended() as connection:
        table = sa.Table("answers", sa.MetaData(), autoload_with=connection)
        [row, *_others] = rows_of(connection, "answers")
        moved = {"answered_at": row["answered_at"] - timedelta(microseconds=1)}
        connection.execute(sa.update(table).where(*where(table, row)).values(moved))
        assert not found(desk, connection).intact
