"""Of the oldest decided cases: one under a legal hold, one that waits to be erased, one erased in part."""

from datetime import timedelta

import sqlalchemy as sa

from review import clock, db
from review.actions.erasures import execute_erasures, request_erasures
from review.actions.holds import place_hold
from review.domain.erasures import Ground
from review.domain.holds import RecordKind
from review.domain.permissions import Actor
from review.domain.states import CaseState
from review.models import Case, Decision

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REVIEW_IN = 60 * DAY
HOLD = "[placeholder] Proceedings before a made-up court; its letter is in the file of that case."
WAITING = "[placeholder] The person whom a note names asked for it; the letter came yesterday."
ASKED = "[placeholder] The rationale names a person who has nothing to do with the content."
CHECKED = "[placeholder] Read with the letter beside it; no proceedings need it."


def keep(legal: Actor, administrator: Actor) -> None:
    """Place the hold, ask twice, and let the administrator carry one of the two out."""
    held, asked, erased = db.session().scalars(_oldest()).all()
    until = (clock.now() + REVIEW_IN).date()
    with clock.set_back(9 * DAY):
        place_hold(RecordKind.CASE, held, HOLD, until, actor=legal)
    with clock.set_back(3 * DAY):
        done = _request(erased, "rationale", ASKED, legal)
    with clock.set_back(2 * DAY):
        execute_erasures([done], CHECKED, actor=administrator)
    with clock.set_back(5 * HOUR):
        _request(asked, "notes", WAITING, legal)


def _request(case_id: str, part: str, reason: str, legal: Actor) -> str:
    why = {"ground": Ground.PERSON, "reason": reason}
    return request_erasures(RecordKind.CASE, [case_id], [part], actor=legal, **why)[0]


def _oldest() -> sa.Select[str]:
    decided = sa.select(Case.id).join(Decision, Decision.case_id == Case.id)
    return (
        decided.where(Case.state == CaseState.DECIDED.value).order_by(Decision.decided_at, Case.id).limit(3)
    )
