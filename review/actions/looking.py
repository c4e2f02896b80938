"""The first look at a case as part of an action: what is shown from then on is written down with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review import db, ledger
from review.domain.looks import Way
from review.domain.permissions import Actor
from review.domain.precedents import Candidate, is_hash, parts_of
from review.domain.states import MOVES
from review.models import FirstLook, PicturePart, ShownPrecedent
from review.models.rows import insert_rows
from review.prepared import Prepared


def _note() -> Any:
    """Insert a look unless the person has had one; rows of one case are written one after the other."""
    columns = list(FirstLook.__table__.columns)
    given = sa.select(*[sa.bindparam(column.name, type_=column.type) for column in columns]).where(
        ~sa.select(FirstLook.way)
        .where(
            FirstLook.case_id == sa.bindparam("case_id"), FirstLook.account_id == sa.bindparam("account_id")
        )
        .exists()
    )
    insert = sa.insert(FirstLook).from_select([column.name for column in columns], given)
    return insert.returning(FirstLook.case_id)


_NOTE = Prepared(_note)


def note_first_look(
    writer: Session,
    case_id: str,
    *,
    way: Way,
    claim_generation: int,
    precedents: Sequence[Candidate] | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Write down that this person looks at the case for the first time; whether it was the first.

    ``precedents`` come from `queries.precedents.first_precedents`, asked before the transaction; None means
    that the person has looked before. The caller has locked the case and knows that the person holds it.
    """
    if precedents is None:
        return False
    new = _NOTE.first(
        writer,
        case_id=case_id,
        account_id=actor.account_id,
        way=way.value,
        claim_generation=claim_generation,
        precedents=len(precedents),
        looked_at=now,
    )
    if new is None:
        return False  # the other half of a double click was first
    insert_rows(
        writer,
        ShownPrecedent,
        [
            {
                "case_id": case_id, "account_id": actor.account_id, "place": place,
                "precedent_id": one.case_id, "why": one.why.value, "measure": one.measure,
            }
            for place, one in enumerate(precedents, 1)
        ],
    )  # fmt: skip
    ledger.record(
        writer,
        MOVES["look"].event,
        case_id,
        actor=actor,
        at=now,
        fields={"precedents": [[one.case_id, one.why.value, one.measure] for one in precedents] or None},
        meta={"way": way.value, "generation": claim_generation},
    )
    return True


def keep_picture(writer: Session, perceptual_hash: str | None) -> None:
    """Let pictures that look alike be found by this hash; nothing for a file without one."""
    if perceptual_hash is None or not is_hash(perceptual_hash):
        return
    rows = [{"part": part, "perceptual_hash": perceptual_hash} for part in parts_of(perceptual_hash)]
    dialect: Any = sqlite if db.is_sqlite(writer) else postgresql
    writer.execute(dialect.insert(PicturePart.__table__).on_conflict_do_nothing(), rows)
