"""What does the page of a case hold of its senders, and of earlier decisions? Nothing before the look."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from review import db
from review.queries import looks
from review.queries.cases import CaseSummary
from review.queries.looks import PrecedentShown, SenderFacts
from review.web import guard


@dataclass(frozen=True)
class LookShown:
    """``senders`` by referral, and earlier decisions. ``opened``: this kind of case folds no sender away."""

    looked: bool
    opened: bool
    senders: Mapping[str, SenderFacts]
    precedents: tuple[PrecedentShown, ...]


def look_shown(case: CaseSummary, *, looked_at: bool) -> LookShown:
    """What the holder of this case sees; before the look nothing of it is even asked of the database."""
    reader, account_id = db.session(), guard.actor().account_id
    looked = looks.look_at(reader, case.id, account_id=account_id) if looked_at else None
    opened = case.intake_kind not in current_app.config["REVIEW_SETTINGS"].fold_sender
    return LookShown(
        looked=looked is not None,
        opened=opened,
        senders=looks.sender_facts(reader, case.id) if opened or looked is not None else {},
        precedents=looks.shown_precedents(reader, case.id, account_id=account_id)
        if looked is not None and looked.precedents
        else (),
    )
