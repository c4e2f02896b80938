"""Builders of trails for tests: many events, sequenced in batches, signed where wanted."""

from pathlib import Path

from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions import trail
from review.domain.permissions import OPERATOR
from tests.factories import make_account


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
    """One of three kinds of event on an account: with fields, without, and one outside its chain."""
    actor, at = OPERATOR, clock.now()
    if number % 3 == 0:
        fields = {"email": f"p{number}@desk.example", "name": f"Né {number}"}
        meta = {"role": "legal"}
        return ledger.record(
            writer, "account.created", account_id, actor=actor, at=at, fields=fields, meta=meta
        )
    if number % 3 == 1:
        return ledger.record(writer, "account.reset_issued", account_id, actor=actor, at=at)
    finding = {"finding": "fine"}
    return ledger.record(
        writer, "trail.verified", "trail", actor=actor, at=at, fields=finding, meta={"intact": True}
    )
