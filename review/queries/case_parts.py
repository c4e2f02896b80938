"""What is there on a case beside the referrals? Asked once, so that a page asks only for what it can show."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.models import Draft, Escalation, FirstLook, Item, Note, Question
from review.prepared import Prepared
from review.queries.case_content import other_live_case


class CaseParts(NamedTuple):
    """Whether there is any: the person's draft and first look; advice, answers and notes; other cases.

    ``others``: live at the same location as another kind; ``beside``: of the same referral.
    """

    draft: bool
    look: bool
    advice: bool
    asked: bool
    notes: bool
    others: bool
    beside: bool


def _parts() -> sa.Select[*tuple[Any, ...]]:
    case_id: sa.BindParameter[Any] = sa.bindparam("case_id")
    account_id: sa.BindParameter[Any] = sa.bindparam("account_id")
    own, theirs = aliased(Item), aliased(Item)
    there = {
        "draft": sa.select(Draft.case_id).where(Draft.case_id == case_id, Draft.account_id == account_id),
        "look": sa.select(FirstLook.case_id).where(
            FirstLook.case_id == case_id, FirstLook.account_id == account_id
        ),
        "advice": sa.select(Escalation.id).where(Escalation.case_id == case_id),
        "asked": sa.select(Question.id).where(Question.case_id == case_id),
        "notes": sa.select(Note.id).where(Note.case_id == case_id),
        "others": other_live_case(case_id),
        "beside": sa.select(theirs.id)
        .join(own, own.referral_id == theirs.referral_id)
        .where(own.case_id == case_id, theirs.case_id != case_id),
    }
    return sa.select(*[found.exists().label(name) for name, found in there.items()])


_PARTS = Prepared(_parts)


def parts_of_case(reader: Session, case_id: str, *, account_id: str | None) -> CaseParts:
    """What there is on a case for this person, each found by one step into an index."""
    row = _PARTS.first(reader, case_id=case_id, account_id=account_id)
    assert row is not None
    return CaseParts(*(bool(found) for found in row))
