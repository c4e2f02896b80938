"""Asking the sender of an item about the case one holds, the answer, and going on without one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import Claim, lock_account, take_next
from review.actions.returning import bring_back, end_question, send_away, touch_sender
from review.actions.telling import tell_items
from review.clock import rfc3339
from review.domain.ids import new_id
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import SERVICE, Actor, Permission, check_permission, check_service
from review.domain.questions import WAITS, check_answer, check_question
from review.domain.states import MOVES, CaseState
from review.errors import (
    AlreadyClosed,
    ClaimLost,
    DatabaseBusy,
    FieldError,
    InvalidInput,
    InvalidReview,
    NotFound,
    ReviewError,
    StaleVersion,
    StorageFull,
)
from review.models import Case, Draft, Question
from review.queries.questions import Asked, AskedBefore, asked_of, item_to_ask
from review.queries.registered import registered_names
from review.queries.staff import staff_named

BATCH = 100

log = structlog.get_logger()


def ask_sender(
    case_id: str,
    question: str,
    *,
    item_id: str | None = None,
    draft: Mapping[str, Any] | None = None,
    claim_generation: int,
    version: int,
    actor: Actor,
    then_next: bool = False,
    narrowed: Narrowed = EVERYTHING,
) -> Claim | None:
    """Ask the sender of one item (the first, unless named) of the case one holds; it ends the claim.

    It is no review, so nothing is undone. ``draft`` is what the asker keeps of the form for later, None for
    nothing. With ``then_next`` the next case of the queue is claimed in the same step, which is the answer.
    Raises `InvalidReview`, `ClaimLost` or `StaleVersion`; nothing is stored then.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    move = MOVES["ask_sender"]
    with db.transaction() as writer:
        now = clock.now()
        if then_next:
            lock_account(writer, actor)
        seen = {"generation": claim_generation, "version": version}
        if not send_away(writer, case_id, move, **seen, actor=actor, now=now):
            raise _refusal(writer, case_id, claim_generation, version, actor=actor, now=now)
        asked = _checked(writer, case_id, question, item_id)
        _store(writer, case_id, asked.item_id, question, actor=actor, now=now, seen=seen)
        _keep_draft(writer, case_id, draft, actor=actor, now=now)
        following = take_next(writer, actor=actor, now=now, narrowed=narrowed) if then_next else None
        tell_items(writer, "item.question", [asked.item_id], at=now)
        return following


def _checked(writer: Session, case_id: str, question: str, item_id: str | None) -> Asked:
    asked = item_to_ask(writer, case_id, item_id)
    if asked is None:
        detail = "Choose one of the items of this case."
        errors = [FieldError("question_item", "not_in_list", detail)]
        raise InvalidReview("The sender was not asked yet; correct what is marked.", errors=errors)
    check_question(
        question,
        other_names=asked.other_names,
        other_references=asked.other_references,
        registered=registered_names(writer),
        colleague=staff_named(writer, question),
    )
    return asked


def _store(
    writer: Session,
    case_id: str,
    item_id: str,
    question: str,
    *,
    actor: Actor,
    now: datetime,
    seen: Mapping[str, int],
) -> None:
    """The question, what its sender sees of it, and the event of the case, in the order of dispatch."""
    question_id = new_id("Q")
    row = {"id": question_id, "case_id": case_id, "item_id": item_id, "asked_by": actor.account_id}
    writer.execute(sa.insert(Question), row | {"question": question, "asked_at": now})
    asked = {"question": question}
    ledger.record(writer, "item.question_asked", item_id, actor=SERVICE, at=now, fields=asked)
    touch_sender(writer, item_id, at=now)
    ledger.record(
        writer,
        MOVES["ask_sender"].event,
        case_id,
        actor=actor,
        at=now,
        fields={"question": question_id, "item": item_id, "text": question},
        meta=seen,
    )


def _keep_draft(
    writer: Session, case_id: str, draft: Mapping[str, Any] | None, *, actor: Actor, now: datetime
) -> None:
    """Replace the asker's own draft by what is worth keeping for when the case comes back."""
    own = (Draft.case_id == case_id, Draft.account_id == actor.account_id)
    writer.execute(sa.delete(Draft).where(*own).execution_options(synchronize_session=False))
    if draft is not None:
        row = {"case_id": case_id, "account_id": actor.account_id, "fields": dict(draft), "saved_at": now}
        writer.execute(sa.insert(Draft), row)


def _refusal(
    writer: Session, case_id: str, claim_generation: int, version: int, *, actor: Actor, now: datetime
) -> ReviewError:
    """Which of the conditions did not hold."""
    case = writer.get(Case, case_id, populate_existing=True)
    if case is None:
        return NotFound()
    if case.state == CaseState.WITHDRAWN:
        return ClaimLost("Everything in this case was withdrawn; nothing is left to ask.")
    held = case.claimed_by == actor.account_id and case.claimed_until is not None and case.claimed_until > now
    if held and case.claim_generation == claim_generation and case.version != version:
        return StaleVersion(
            "An item joined or left this case since you opened the form; look at the items again, "
            "then ask the sender. Your text is kept."
        )
    return ClaimLost(
        "Your claim on this case has ended, so the sender was not asked. Your text is kept; claim the case "
        "again if it is free."
    )


def give_answer(
    referral_id: str, answer: str, *, item_id: str | None = None, asked_at: str | None = None, actor: Actor
) -> None:
    """Answer what we ask about one's own referral, which brings the case back to the queue.

    ``item_id`` names one of several items that are asked about, ``asked_at`` the very question as it was
    shown. The same answer to the same question again changes nothing. Raises `NotFound` for what is not the
    actor's, `InvalidInput`, or `AlreadyClosed`.
    """
    check_permission(actor, Permission.ANSWER)
    check_answer(answer)
    move = MOVES["take_answer"]
    with db.transaction() as writer:
        now = clock.now()

        def asked() -> AskedBefore | None:
            found = asked_of(writer, referral_id, sender_id=actor.sender_id, item_id=item_id)
            if found is None:
                raise NotFound()
            return _to_answer([one for one in found if asked_at in (None, rfc3339(one.asked_at))], answer)

        question = asked()
        if question is None:
            return
        given: dict[str, Any] = {"answer": answer, "answered_at": now, "ended_at": now}
        if (
            not bring_back(writer, question.case_id, move)
            or end_question(writer, question.id, **given) is None
        ):
            if asked() is None:  # the same answer came twice at once
                return
            raise nothing_asked()
        fields = {"answer": answer}
        ledger.record(writer, "item.answer_given", question.item_id, actor=actor, at=now, fields=fields)
        touch_sender(writer, question.item_id, at=now)
        fields = {"question": question.id, "answer": answer}
        ledger.record(writer, move.event, question.case_id, actor=actor, at=now, fields=fields)


def _to_answer(found: Sequence[AskedBefore], answer: str) -> AskedBefore | None:
    """The question that this answers; None where this very answer was given to the newest one before."""
    waiting = [one for one in found if one.ended_at is None]
    if len(waiting) > 1:
        detail = "We ask about several items of this referral; name the one that you answer for."
        errors = [FieldError("/item", "missing", detail)]
        raise InvalidInput("The answer is not stored; correct what is marked.", errors=errors)
    if waiting:
        return waiting[0]
    if found and found[0].answer == answer:
        return None
    raise nothing_asked()


def nothing_asked() -> AlreadyClosed:
    """The refusal of an answer that nothing asks for."""
    return AlreadyClosed(
        "We do not ask anything about this now: it was answered, a week went by, or the item was withdrawn. "
        "Nothing was stored."
    )


def end_questions(*, actor: Actor) -> int:
    """Bring up to 100 cases back whose sender gave no answer in 7 days, each with its event; how many.

    The longest waiting first; one that cannot be brought back stops no other.
    """
    check_service(actor)
    before = clock.now() - WAITS
    due = db.session().execute(
        sa.select(Question.id, Question.case_id)
        .where(
            Question.ended_at.is_(None),
            Question.asked_at <= before,
            sa.exists().where(Case.id == Question.case_id, Case.state.in_(MOVES["end_question"].sources)),
        )
        .order_by(Question.asked_at, Question.id)
        .limit(BATCH)
    )
    return sum(_ended_by_itself(row.id, row.case_id, actor=actor) for row in due.all())


def _ended_by_itself(question_id: str, case_id: str, *, actor: Actor) -> bool:
    move = MOVES["end_question"]
    try:
        with db.transaction() as writer:
            now = clock.now()
            item_id = None
            if bring_back(writer, case_id, move):
                item_id = end_question(writer, question_id, ended_at=now)
            if item_id is None:
                raise nothing_asked()
            touch_sender(writer, item_id, at=now)
            fields = {"question": question_id}
            ledger.record(writer, move.event, case_id, actor=actor, at=now, fields=fields)
    except AlreadyClosed:
        return False
    except (DatabaseBusy, StorageFull):
        raise
    except ReviewError as error:
        log.error("question_not_ended", case=case_id, code=error.code)
        return False
    return True
