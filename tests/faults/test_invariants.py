"""Each invariant finds a database that was broken in its way, and nothing on one that is whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.actions import cases, withdrawals
from review.domain.permissions import Role
from review.domain.signed_note import checkpoint_body, sign
from review.formats import key_files
from review.models import schema
from review.models.evidence_files import evidence_path
from tests.conftest import Desk
from tests.factories import (
    make_account,
    make_key,
    make_sender,
    receive,
    referral_body,
    sender_actor,
)
from tests.faults import invariants
from tests.faults.invariants import Scene
from tests.faults.journal import ACKNOWLEDGED, Attempt
from tests.faults.trail_events import Events
from tests.trails import decide_all, settle

FRAME = {"name": "frame.png", "media_type": "image/png", "content": "QUJDRA=="}
REFERENCE = "KEPT-1"

Breaking = tuple[str, Callable[[Scene], list[str]]]

# what is done to the database, and which invariant has to say so
BREAKINGS: tuple[Breaking, ...] = (
    ("UPDATE leaves SET leaf_hash = (SELECT leaf_hash FROM leaves WHERE position = 0) WHERE position = 1",
     invariants.trail_verifies),
    ("UPDATE referrals SET received_body = (SELECT received_body FROM referrals WHERE reference <> 'KEPT-1'"
     " LIMIT 1), splices = '[]'", invariants.submissions_are_kept),
    ("UPDATE referrals SET id = 'R-GONE' WHERE reference = 'KEPT-1'", invariants.submissions_are_kept),
    ("UPDATE cases SET claim_generation = claim_generation + 1 WHERE claimed_by IS NOT NULL",
     invariants.claims_have_one_holder),
    ("UPDATE cases SET claimed_by = (SELECT max(id) FROM accounts), claimed_until = opened_at"
     " WHERE claimed_by IS NULL AND state = 'open'", invariants.claims_have_one_holder),
    ("DROP INDEX uq_cases_live; UPDATE cases SET match_digest = 'x' WHERE state = 'open'",
     invariants.claims_have_one_holder),
    ("INSERT INTO decisions (id, case_id, review_id, outcome, decided_at)"
     " SELECT 'D-TWICE', case_id, 'V-OTHER', outcome, decided_at FROM decisions LIMIT 1;"
     "INSERT INTO reviews SELECT 'V-OTHER', case_id, 'second', account_id, outcome, ground, decline_reason,"
     " law, rationale, statement, visibility, account_measure, territory, context, over_broad, case_version,"
     " claim_generation, recorded_at, undo_until, undone_at, dispatched_at, letter FROM reviews LIMIT 1",
     invariants.decided_once),
    ("DELETE FROM answers WHERE item_id = (SELECT max(item_id) FROM answers)",
     invariants.decisions_are_answered),
    ("UPDATE items SET status = 'decided' WHERE id = (SELECT max(id) FROM items WHERE status = 'in_review')",
     invariants.decisions_are_answered),
    ("UPDATE items SET status = 'withdrawn'"
     " WHERE id = (SELECT max(id) FROM items WHERE status = 'in_review')",
     invariants.changes_match_events),
    ("UPDATE items SET status = 'in_review' WHERE status = 'withdrawn'", invariants.changes_match_events),
    ("DELETE FROM answers; UPDATE items SET status = 'in_review' WHERE status = 'decided'",
     invariants.changes_match_events),
    ("UPDATE reviews SET undone_at = recorded_at", invariants.changes_match_events),
    ("UPDATE cases SET state = 'open' WHERE state = 'decided'", invariants.changes_match_events),
    ("UPDATE cases SET pending_review_id = 'V-NONE' WHERE state = 'open'", invariants.changes_match_events),
    ("UPDATE cases SET items_live = items_live + 1 WHERE state = 'open'", invariants.changes_match_events),
    ("DELETE FROM openings WHERE event_type = 'case.decided'", invariants.changes_match_events),
    ("DELETE FROM openings WHERE event_type = 'referral.received'", invariants.changes_match_events),
    ("DELETE FROM leaves WHERE position = 2", invariants.positions_have_no_gap),
    ("UPDATE leaves SET position = position + 1000", invariants.positions_have_no_gap),
    ("INSERT INTO pending_events SELECT eid, leaf_hash FROM leaves WHERE position = 3",
     invariants.positions_have_no_gap),
    ("DELETE FROM tree_heads", invariants.positions_have_no_gap),
    ("UPDATE leaves SET leaf_hash = salt FROM openings WHERE position = 0 AND openings.eid = leaves.eid",
     invariants.checkpoints_agree),
    ("DELETE FROM leaves WHERE position > 0", invariants.checkpoints_agree),
    ("DELETE FROM referrals WHERE reference = 'KEPT-1'", invariants.keys_made_one_referral),
    ("DELETE FROM openings WHERE event_type = 'case.claim_renewed'", invariants.acknowledged_work_is_kept),
    ("DELETE FROM openings WHERE event_type = 'case.claimed'", invariants.acknowledged_work_is_kept),
    ("UPDATE reviews SET rationale = ''", invariants.acknowledged_work_is_kept),
    ("UPDATE items SET status = 'in_review' WHERE status = 'withdrawn'",
     invariants.acknowledged_work_is_kept),
)  # fmt: skip


def told_of(desk: Desk) -> list[Attempt]:
    """A desk with a bit of everything, and the journal of the clients who did it."""
    sender = make_sender()
    key, actor = make_key(sender), sender_actor(sender)
    body = referral_body(
        REFERENCE, items=[{"url": "https://video.example/kept", "content_type": "video", "evidence": [FRAME]}]
    )
    kept = receive(
        actor, reference=REFERENCE, key="one",
        items=[{"url": "https://video.example/kept", "content_type": "video", "evidence": [FRAME]}],
    )  # fmt: skip
    told = [submitted(kept.referral_id, body, key=key)]
    receive(actor, "https://video.example/two")
    reviewer = make_account(Role.MODERATOR)
    decide_all()
    withdrawn = receive(actor, "https://video.example/three")
    withdrawals.withdraw_referral(withdrawn.referral_id, actor=actor)
    told.append(done("withdraw", referral=withdrawn.referral_id))
    for name in ("four", "five"):
        receive(actor, f"https://video.example/{name}")
    claim = cases.claim_next(actor=reviewer)
    assert claim is not None
    cases.renew_claim(claim.case_id, claim_generation=claim.claim_generation, actor=reviewer)
    held = {"path": f"/cases/{claim.case_id}", "moderator": reviewer.id}
    told += [done("hold", claim_generation=str(claim.claim_generation), **held), done("renew", **held)]
    rationale, case_id, name = desk.session.execute(
        sa.text(
            "SELECT rationale, case_id, trail_id FROM reviews JOIN accounts ON accounts.id = account_id"
            " LIMIT 1"
        )
    ).one()
    told.append(done("review", path=f"/cases/{case_id}/review", moderator=name, rationale=rationale))
    settle(desk.settings.data_dir)
    return told


def done(what: str, **details: object) -> Attempt:
    return Attempt(0, what, details, ACKNOWLEDGED)


def submitted(referral_id: str, body: bytes, *, key: str, idempotency_key: str = "one") -> Attempt:
    details = {"body": body.decode(), "key": key, "reference": REFERENCE, "idempotency_key": idempotency_key}
    return Attempt(0, "submit", details, ACKNOWLEDGED, {"id": referral_id})


def scene_of(reader: Session, desk: Desk, told: list[Attempt]) -> Scene:
    folder = desk.settings.data_dir
    return Scene(reader, folder, told, key_files.read_note(folder), Events(reader))


@contextmanager
def broken(desk: Desk, statements: str) -> Iterator[Session]:
    """The database after these statements, all guards off, until the end of the block."""
    desk.session.close()
    engine = db.extension.engine
    with engine.connect() as connection:
        if desk.database == "sqlite":
            connection.exec_driver_sql("COMMIT")  # the pragma is ignored inside a transaction
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for trigger in schema.expected_triggers("sqlite"):
                connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        else:
            for table in connection.scalars(
                sa.text("SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'")
            ).all():
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for table in schema.GUARDED:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for table in ("referrals", "reviews", "items", "cases"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements.split(";"):
            connection.exec_driver_sql(statement)
        with Session(connection) as reader:
            yield reader
        connection.rollback()


def test_a_whole_desk_violates_nothing(desk: Desk) -> None:
    told = told_of(desk)
    with_amcheck(desk)
    assert invariants.violations(scene_of(desk.session, desk, told)) == []


def with_amcheck(desk: Desk) -> None:
    if desk.database == "postgresql":
        with db.extension.engine.begin() as connection:
            connection.execute(sa.text("CREATE EXTENSION amcheck"))


def test_each_invariant_fails_on_its_own_damage(desk: Desk) -> None:
    told = told_of(desk)
    for statements, invariant in BREAKINGS:
        with broken(desk, statements) as reader:
            assert invariant(scene_of(reader, desk, told)), (statements, invariant.__name__)
        assert invariant(scene_of(desk.session, desk, told)) == [], invariant.__name__


def test_torn_or_missing_evidence_is_seen(desk: Desk) -> None:
    told = told_of(desk)
    digest = desk.session.scalar(sa.text("SELECT sha256 FROM evidence"))
    path = evidence_path(desk.settings.data_dir, str(digest))
    for damage in (lambda: path.write_bytes(b"ABC"), path.unlink):
        damage()
        assert invariants.submissions_are_kept(scene_of(desk.session, desk, told))


def test_two_answers_to_one_key_are_seen(desk: Desk) -> None:
    told = told_of(desk)
    first = told[0]
    told.append(replace(first, told={"id": "R-OTHER"}))
    found = invariants.keys_made_one_referral(scene_of(desk.session, desk, told))
    assert len(found) == 2  # under the key, and under the reference


def test_a_second_tree_is_seen(desk: Desk, tmp_path: Path) -> None:
    """A fork: a checkpoint that was shown, well signed, and of a tree that is not this one."""
    told = told_of(desk)
    key = key_files.read_key(desk.settings.data_dir)
    body = checkpoint_body(key.name, 2, b"\x00" * 32)
    note = sign(body, name=key.name, private_key=key.private_key)
    told.append(done("checkpoint", note=note))
    assert invariants.checkpoints_agree(scene_of(desk.session, desk, told))


def test_a_damaged_index_is_seen(desk: Desk) -> None:
    told = told_of(desk)
    with_amcheck(desk)
    desk.session.close()
    engine = db.extension.engine
    if desk.database == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA writable_schema = ON")
            connection.exec_driver_sql(
                "UPDATE sqlite_schema SET sql = replace(sql, 'due_at, opened_at', 'opened_at, due_at')"
                " WHERE name = 'ix_cases_queue'"
            )
            connection.commit()
    else:
        with engine.begin() as connection:
            # the index says that it is ordered the other way round than it is
            connection.exec_driver_sql(
                "UPDATE pg_index SET indoption = '3'"
                " WHERE indexrelid = 'ix_referrals_change_position'::regclass"
            )
    engine.dispose()
    assert invariants.database_is_whole(scene_of(desk.session, desk, told))
