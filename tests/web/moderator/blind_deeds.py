"""What a first reviewer may do with a case that has evidence before recording: stories for round two.

Two of these deeds leave a fact of the case behind, which a second reviewer is to see; see `FACTS`.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from flask import current_app

from review import clock, db
from review.actions import evidence, leaving, looks, questions
from review.actions.cases import claim_case, release_claim
from review.actions.claiming import Claim
from review.actions.evidence import Captured
from review.domain.media import Stage as Shown
from review.domain.permissions import Actor, Scope
from review.models import Item, Referral
from review.models.evidence_files import keep_evidence
from review.previews import prepared
from review.queries.precedents import first_precedents
from review.workers import looking
from tests.factories import make_account, sender_actor
from tests.hostile_files import picture
from tests.judging import DECLINE, OTHER_DECLINE, accept
from tests.pieces import add_evidence, first_item
from tests.web.moderator.blind import Story, Told

QUESTION = "At which minute is it?"
Deed = Callable[[Told, Claim, str], None]
"""What the first reviewer, who holds the case, does with it and with the evidence that came along."""


def _revealed(told: Told, claim: Claim, evidence_id: str) -> None:
    folder = current_app.config["REVIEW_SETTINGS"].data_dir
    for stage in (Shown.SMALL, Shown.GREY, Shown.COLOUR):
        ready = prepared(sha256(picture()).hexdigest(), None, stage=stage, data_dir=folder)
        assert ready is not None
        found = first_precedents(db.session(), told.case_id, account_id=told.first.account_id)
        evidence.reveal_evidence(
            told.case_id, evidence_id, stage=stage, size=ready.size, precedents=found, actor=told.first
        )
    evidence.hide_evidence(told.case_id, None, actor=told.first)


def _unseen(told: Told, claim: Claim, _evidence_id: str) -> None:
    found = first_precedents(db.session(), told.case_id, account_id=told.first.account_id)
    looks.look_without_evidence(told.case_id, precedents=found, actor=told.first)


def _left(told: Told, claim: Claim, _evidence_id: str) -> None:
    evidence.open_location(told.case_id, first_item(told.case_id), actor=told.first)


def _set_aside(told: Told, claim: Claim, _evidence_id: str) -> None:
    until = clock.now() + timedelta(hours=1)
    leaving.set_aside_case(told.case_id, until, claim_generation=claim.claim_generation, actor=told.first)


def _passed(told: Told, claim: Claim, _evidence_id: str) -> None:
    """A colleague passes the case on, whom the story forgets; then its first reviewer has it."""
    release_claim(told.case_id, claim_generation=claim.claim_generation, actor=told.first)
    colleague = make_account()
    again = claim_case(told.case_id, actor=colleague)
    leaving.pass_case(
        told.case_id, "personal_impact", claim_generation=again.claim_generation, actor=colleague
    )


def _captured(told: Told, claim: Claim, _evidence_id: str) -> None:
    content = picture(size=(64, 48))
    digest = sha256(content).hexdigest()
    keep_evidence(current_app.config["REVIEW_SETTINGS"].data_dir, digest, content)
    looking.run_once(current_app._get_current_object())  # type: ignore[attr-defined]
    captured = Captured("copy.png", "image/png", digest, len(content))
    evidence.capture_evidence(told.case_id, first_item(told.case_id), captured, actor=told.first)


def _asked(told: Told, claim: Claim, _evidence_id: str) -> None:
    numbers: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    questions.ask_sender(told.case_id, QUESTION, actor=told.first, **numbers)
    row = (
        db.session()
        .execute(sa.select(Referral.id, Referral.sender_id).join(Item).where(Item.case_id == told.case_id))
        .one()
    )
    db.session().rollback()
    questions.give_answer(row.id, "At minute 3.", actor=sender_actor(row.sender_id, *Scope))


def _nothing(told: Told, claim: Claim, _evidence_id: str) -> None:
    """The case is given back as it was."""


def _before(deed: Deed, told: Told) -> None:
    """A piece of evidence came along, and the loop looked into it while the case was held; then the deed."""
    evidence_id = add_evidence(told.case_id)
    claim = claim_case(told.case_id, actor=told.first)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    while looking.run_once(app):
        pass
    deed(told, claim, evidence_id)
    while looking.run_once(app):
        pass
    _let_go(told.case_id, told.first)


def _let_go(case_id: str, person: Actor) -> None:
    """Give the case back where the deed did not."""
    case = (
        db.session()
        .execute(sa.text("SELECT claimed_by, claim_generation FROM cases WHERE id = :id"), {"id": case_id})
        .one()
    )
    db.session().rollback()
    if case.claimed_by == person.account_id:
        release_claim(case_id, claim_generation=case.claim_generation, actor=person)


UNSEEN: Mapping[str, Deed] = {
    "left alone": _nothing,
    "revealed and hidden": _revealed,
    "looked without the evidence": _unseen,
    "left for the live address": _left,
    "set aside": _set_aside,
    "passed on by a colleague": _passed,
}
"""Deeds of which nothing is left to see."""
FACTS: Mapping[str, Deed] = {"captured": _captured, "asked and answered": _asked}
"""Deeds that leave what round two needs to judge the same thing.

A capture is evidence of the case: who judges second may find the live address gone. The answer of a sender is
what the sender says of its item, as the referral is, and a reader cannot understand it without the question.
Whoever captured or asked is not named, and no outcome, text or note of the first review comes along.
"""


def deeds(clause: str, done: Mapping[str, Deed], *, each: int = 1) -> dict[str, Story]:
    """Each deed, and then so many outcomes of ``each``; the next deed goes on with the next outcome."""
    accepted = accept(clause)
    ends = {"declined": DECLINE, "accepted": accepted, "not found": OTHER_DECLINE}
    ends["suspended"] = replace(accepted, account="suspended", visibility=None)
    following = itertools.cycle(ends.items())
    return {
        f"{name}, {end}": Story(review, before=partial(_before, deed))
        for name, deed in done.items()
        for end, review in itertools.islice(following, each)
    }
