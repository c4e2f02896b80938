"""What is kept of a form that is not recorded, and why was a write to one's own case refused?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.drafts import WINDOW, SeenDraft
from review.domain.notes import mentioning
from review.domain.permissions import Actor
from review.domain.states import CaseState
from review.errors import AlreadyRecorded, ClaimLost, DraftChanged, NotFound, ReviewError, StaleVersion
from review.models import Case, Draft, Note
from review.prepared import Prepared
from review.queries import decisions
from review.queries.cases import is_held_by

_FORGET_DRAFT = Prepared(
    lambda: (
        sa.delete(Draft)
        .where(Draft.case_id == sa.bindparam("case_id"), Draft.account_id == sa.bindparam("account_id"))
        .returning(Draft.claim_generation, Draft.fields)
    )
)


def forget_draft(writer: Session, case_id: str, actor: Actor) -> None:
    """Delete the author's draft of a case, if there is one."""
    _FORGET_DRAFT.all(writer, case_id=case_id, account_id=actor.account_id)


def hold_own(writer: Session, case_id: str, claim_generation: int, actor: Actor, now: datetime) -> None:
    """Hold the row of one's own claimed case until the end of the transaction, or raise the `refusal`."""
    own = sa.select(Case.id).where(
        Case.id == case_id, Case.claim_generation == claim_generation, is_held_by(actor.account_id, now)
    )
    if writer.scalar(own.with_for_update()) is None:
        raise refusal(writer, case_id, claim_generation, actor, now)


def unwritten(writer: Session, case_id: str, fields: Mapping[str, Any], actor: Actor) -> Mapping[str, Any]:
    """The fields without a note that its author wrote already.

    A draft that was on its way when the note was written comes after it: kept, its note would stand in the
    form to be written once more. The caller holds the case's row, as whoever writes a note does.
    """
    text = _note_in(fields)
    if not text:
        return fields
    own = sa.select(Note.id).where(
        Note.case_id == case_id, Note.account_id == actor.account_id, Note.text == text
    )
    return fields if writer.scalar(own.limit(1)) is None else _without_note(fields)


def forget_note(writer: Session, case_id: str, text: str, actor: Actor) -> None:
    """Take a note that is written just now out of its author's draft; the caller holds the case's row.

    The draft may have come with it between the step that keeps what else was typed and this one.
    """
    own = (Draft.case_id == case_id, Draft.account_id == actor.account_id)
    fields = writer.scalar(sa.select(Draft.fields).where(*own))
    if fields is not None and _note_in(fields) == text:
        writer.execute(sa.update(Draft).where(*own).values(fields=_without_note(fields)))


def _note_in(fields: Mapping[str, Any]) -> str:
    """The note as it would be written from these fields; blank where there is none."""
    typed, mention = str(fields.get("note") or ""), str(fields.get("mention") or "")
    return mentioning(typed, mention).replace("\r\n", "\n").strip() if typed.strip() else ""


def _without_note(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in ("note", "pinned", "mention")}


def store_draft(
    writer: Session,
    case_id: str,
    fields: Mapping[str, Any],
    *,
    claim_generation: int,
    actor: Actor,
    at: datetime,
    seen: SeenDraft | None = None,
) -> bool:
    """Replace the author's draft; whether it is the first one of this claim.

    The caller holds the case's row, so two windows come one after the other. ``seen``: what the form knows
    of the draft, None to replace it whatever it is; raises `DraftChanged` where another window saved since.
    """
    before = _FORGET_DRAFT.first(writer, case_id=case_id, account_id=actor.account_id)
    if seen is not None and before is not None and seen.is_behind(before.fields):
        raise DraftChanged(
            "This draft was changed in another window, so this text was not saved; it stays in the fields."
        )
    row = {"case_id": case_id, "account_id": actor.account_id, "claim_generation": claim_generation}
    window = {WINDOW: seen.window} if seen is not None and seen.window else {}
    writer.execute(sa.insert(Draft), row | {"fields": dict(fields) | window, "saved_at": at})
    return before is None or before.claim_generation != claim_generation


def refusal(
    writer: Session,
    case_id: str,
    claim_generation: int,
    actor: Actor,
    now: datetime,
    *,
    version: int | None = None,
) -> ReviewError:
    """Which of the conditions of a write to one's own claimed case did not hold.

    Where all of them hold by now, the claim came after the write: it was not held then.
    """
    if decisions.standing_review(writer, case_id, account_id=actor.account_id) is not None:
        return AlreadyRecorded(
            "Your review of this case is recorded already; this one was not stored. See what is stored below."
        )
    case = writer.get(Case, case_id, populate_existing=True)
    if case is None:
        return NotFound()
    if case.state == CaseState.WITHDRAWN:
        return ClaimLost("Everything in this case was withdrawn; nothing is left to decide.")
    held = case.claimed_by == actor.account_id and case.claimed_until is not None and case.claimed_until > now
    if held and case.claim_generation == claim_generation and version not in (None, case.version):
        return StaleVersion(
            "An item joined or left this case since you opened the form; look at the items again, "
            "then record. Your text is kept."
        )
    return ClaimLost(
        "Your claim on this case has ended, so nothing was recorded. Your text is kept; claim the case again "
        "if it is free."
    )
