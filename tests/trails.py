"""Builders of trails for tests: many events, whole cases, sequenced in batches, signed where wanted."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions import cases, decisions, dispatching, questions, trail
from review.actions.witnesses import Said, record_cosignatures
from review.domain.decisions import ReviewInput
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.models import Account
from review.queries.checkpoints import newest_checkpoint
from tests.factories import make_account, make_clause, referral_body


def record_events(*counts: int, sign: Path | None = None) -> list[str]:
    """Events on accounts and a sender, one batch of the sequencer for each count; returns the accounts' ids.

    With ``sign`` (a folder with a signing key) each batch is signed. After the last batch nothing waits.
    """
    people = [make_account() for _ in range(3)]
    ids = [person.account_id or "" for person in people]
    for count in counts:
        with db.transaction() as writer:
            for number in range(count):
                record_one(writer, ids[number % len(ids)], number=number)
        with db.transaction() as writer:
            ledger.sequence_pending(writer)
        if sign is not None:
            trail.sign_checkpoint(folder=sign)
    return ids


def record_one(writer: Session, account_id: str, *, number: int) -> str:
    """One of three kinds of event on an account: with fields, with meta, and one outside its chain."""
    actor, at = OPERATOR, clock.now()
    row = writer.execute(sa.select(Account.pseudonym, Account.role).where(Account.id == account_id)).one()
    if number % 3 == 0:
        fields = {"pseudonym": row.pseudonym, "previous_pseudonym": f"Né {number}"}
        return ledger.record(writer, "account.renamed", account_id, actor=actor, at=at, fields=fields)
    if number % 3 == 1:
        meta = {"role": row.role, "previous_role": "legal"}
        return ledger.record(writer, "account.role_changed", account_id, actor=actor, at=at, meta=meta)
    finding = {"finding": "fine"}
    return ledger.record(
        writer, "trail.verified", "trail", actor=actor, at=at, fields=finding, meta={"intact": True}
    )


def settle(folder: Path) -> None:
    """Sequence everything that waits and sign it; a key is made when there is none."""
    trail.create_signing_key(folder, origin="")
    while trail.sequence_events() is not None:
        pass
    trail.sign_checkpoint(folder=folder)


def cosign_newest(reader: Session) -> str:
    """Keep a line as the cosignature of the newest checkpoint; returns it."""
    newest = newest_checkpoint(reader)
    assert newest is not None
    said = Said("witness.example/a+00000000", line="— witness.example/a AAAAAAAA\n", cosigned_at=clock.now())
    record_cosignatures(newest.size, [said], actor=SERVICE)
    return said.line


def refer(client: FlaskClient, key: str, *urls: str, reference: str | None = None) -> dict[str, Any]:
    """Post a referral through the API; returns what it answered."""
    answer = client.post(
        "/api/v1/referrals",
        data=referral_body(reference, *urls),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def ask_next() -> str:
    """Claim the first free case and ask the sender of its first item; the case's id."""
    asker = make_account(Role.MODERATOR)
    claim = cases.claim_next(actor=asker)
    assert claim is not None
    questions.ask_sender(
        claim.case_id,
        "At which minute is it?",
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=asker,
    )
    return claim.case_id


def decide_all(*, outcome: str = "declined") -> list[str]:
    """Claim every free case, record a review of each, and dispatch it; returns the cases' ids."""
    reviewer = make_account(Role.MODERATOR)
    review = ReviewInput(
        outcome=outcome,
        decline_reason="no_breach" if outcome == "declined" else None,
        ground="terms" if outcome == "accepted" else None,
        clauses=(make_clause(),) if outcome == "accepted" else (),
        visibility="removed" if outcome == "accepted" else None,
        rationale="Compared with our clause on listed organisations; nothing praises one.",
        statement="We have compared the item with our terms.",
    )
    done = []
    while (claim := cases.claim_next(actor=reviewer)) is not None:
        recorded = decisions.record_review(
            claim.case_id,
            review,
            claim_generation=claim.claim_generation,
            version=claim.version,
            actor=reviewer,
        )
        with time_machine.travel(recorded.undo_until + timedelta(seconds=1), tick=False):
            dispatching.dispatch_review(recorded.review_id, actor=SERVICE)
        done.append(claim.case_id)
    return done
