"""Are questions to senders and their answers in their table what the trail tells?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import CaseTold, Difference, differing
from review.models import Account, Question
from review.queries.trail_rows import among, raw


def stored_questions(reader: Session) -> sa.Select[Any]:
    """The questions of some cases, as they are stored."""
    columns = raw(
        Question.id, Question.case_id, Question.item_id, Question.question, Question.asked_at,
        Question.answer, Question.answered_at, Question.ended_at,
    )  # fmt: skip
    asked_by = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("asked_by")
    return (
        sa.select(*columns, asked_by)
        .outerjoin(Account, Account.id == Question.asked_by)
        .where(among(reader, Question.case_id))
        .order_by(Question.case_id, Question.id)
    )


def question_differences(
    case_id: str, told: CaseTold, rows: Sequence[Mapping[Any, Any]]
) -> Iterator[Difference]:
    """Questions of one case that are gone, changed, or that no event tells of."""
    owner, stored = f"case {case_id}", {row["id"]: row for row in rows}
    for question in told.questions.values():
        if question.id not in stored:
            yield Difference("question", question.id, owner, "gone", position=question.position)
            continue
        for column, found, wanted in differing(stored[question.id], question.columns):
            yield Difference(
                "question", question.id, owner, "changed", column, found, wanted, question.position
            )
    for question_id in stored:
        if question_id not in told.questions:
            yield Difference("question", str(question_id), owner, "surplus")
