"""Many rows at once: all of them with their types, conflicts told apart, errors in the usual shape."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from review import db
from review.db import TransactionMisuse
from review.models import Batch, BatchLine, Case
from review.models.cases import IS_LIVE
from review.models.rows import CHUNK, FEW, insert_new, insert_rows
from tests.conftest import Desk
from tests.factories import make_sender

NOW = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)


def _batch(sender_id: str, batch_id: str = "B-0000-0000-0001") -> dict[str, Any]:
    return {
        "id": batch_id,
        "sender_id": sender_id,
        "key_id": None,
        "transmitted_via": "api",
        "header": b"\x00;\xff\\",
        "started_at": NOW,
        "completed_at": None,
        "last_line": 0,
        "lines": 0,
        "received": 0,
        "repeated": 0,
        "refused": 0,
    }


def _lines(count: int) -> list[dict[str, Any]]:
    return [
        {
            "batch_id": "B-0000-0000-0001",
            "line": number,
            "result": "refused",
            "referral_id": None,
            "reference": "tab\tnewline\\n back\\slash é",
            "errors": [{"pointer": "/reason", "detail": "a\tb\\c"}],
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, CHUNK + 1])
def test_rows_come_back_as_they_were_given(desk: Desk, count: int) -> None:
    sender = make_sender()
    with db.transaction() as writer:
        insert_rows(writer, Batch, [_batch(sender)])
        insert_rows(writer, BatchLine, _lines(count))
    lines = desk.session.scalars(sa.select(BatchLine).order_by(BatchLine.line)).all()
    assert [line.line for line in lines] == list(range(count))
    assert {line.reference for line in lines} == {"tab\tnewline\\n back\\slash é"}
    assert all(line.errors == [{"pointer": "/reason", "detail": "a\tb\\c"}] for line in lines)
    batch = desk.session.scalars(sa.select(Batch)).one()
    assert (batch.header, batch.started_at, batch.trail_version) == (b"\x00;\xff\\", NOW, 0)


def _case(digest: str, number: int) -> dict[str, Any]:
    return {
        "id": f"C-{number:04d}",
        "match_digest": digest,
        "intake_kind": "referral",
        "state": "open",
        "rank": 2,
        "severity": "low",
        "content_type": None,
        "language": None,
        "items_live": 1,
        "opened_at": NOW,
        "due_at": NOW,
        "version": 1,
        "claim_generation": 0,
    }


@pytest.mark.parametrize("count", [1, CHUNK + 1])
def test_only_rows_whose_unique_columns_are_free_are_inserted(desk: Desk, count: int) -> None:
    first = [_case(f"{number:04d}", number) for number in range(count)]
    again = [_case(f"{number:04d}", number + 5000) for number in range(count)]
    with db.transaction() as writer:
        unique = ("match_digest", "intake_kind")
        assert insert_new(writer, Case, first, unique=unique, where=IS_LIVE) == {row["id"] for row in first}
        assert insert_new(writer, Case, again, unique=unique, where=IS_LIVE) == set()
        assert insert_new(writer, Case, [], unique=unique, where=IS_LIVE) == set()
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Case)) == count


@pytest.mark.parametrize("count", [1, FEW + 1])
def test_a_broken_constraint_has_the_usual_error_and_stores_nothing(desk: Desk, count: int) -> None:
    with pytest.raises(IntegrityError) as caught, db.transaction() as writer:
        insert_rows(writer, BatchLine, _lines(count) + _lines(1))
    assert "back" not in str(caught.value).partition("DETAIL")[0]
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(BatchLine)) == 0


def test_rows_need_an_open_transaction(desk: Desk) -> None:
    with pytest.raises(TransactionMisuse):
        insert_rows(db.session(), BatchLine, _lines(1))
    with pytest.raises(TransactionMisuse):
        insert_new(db.session(), Case, [_case("x", 1)], unique=("match_digest", "intake_kind"), where=IS_LIVE)
