"""What the people of the demonstration keep of their own: notes, a mention, and a case set aside."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from review import clock, db
from review.actions import cases, decisions, leaving, notes
from review.demo import plan
from review.domain.permissions import Actor
from review.models import Account, Case, Item, Referral

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SET_ASIDE = 22
"""The referral whose case the first moderator has set aside."""
WAKES_IN = 14 * HOUR
MIRROR = (
    "[placeholder] This place had a mirror in autumn under another address; compare the titles before you "
    "decide."
)
HELD_NOTE = (
    "[placeholder] Titles compared: the same four words, in another order. Still to read: the comments."
)
MENTION = "[placeholder] @{name}: you had a case like this last week. Please have a look when you are back."
TYPED = "[placeholder] Waits until the site is up again in the morning"


def keep(reviewers: Sequence[Actor], lead: Actor) -> None:
    """Let the lead leave notes, a holder write one, and the first moderator set a case aside."""
    with clock.set_back(3 * HOUR):
        notes.write_note(_case_of(plan.HELD), MIRROR, pinned=True, actor=lead)
    held = _case_of(plan.HELD)
    generation = db.session().scalar(sa.select(Case.claim_generation).where(Case.id == held))
    with clock.set_back(2 * MINUTE):
        notes.write_note(held, HELD_NOTE, claim_generation=generation, actor=reviewers[1])
    name = db.session().scalar(sa.select(Account.pseudonym).where(Account.id == reviewers[0].account_id))
    with clock.set_back(30 * MINUTE):
        notes.write_note(_case_of(plan.DRAFTED), MENTION.format(name=name), actor=lead)
    _set_aside(_case_of(SET_ASIDE), reviewers[0])


def _set_aside(case_id: str, moderator: Actor) -> None:
    wakes_at = clock.now() + WAKES_IN
    with clock.set_back(2 * HOUR):
        claim = cases.claim_case(case_id, actor=moderator)
        generation = claim.claim_generation
        decisions.save_draft(case_id, {"rationale": [TYPED]}, claim_generation=generation, actor=moderator)
        leaving.set_aside_case(case_id, wakes_at, claim_generation=generation, actor=moderator)


def _case_of(number: int) -> str:
    """The case of the first item of a referral of the story."""
    found = db.session().scalar(
        sa.select(Item.case_id)
        .join(Referral, Referral.id == Item.referral_id)
        .where(Referral.reference == f"DEMO-{number:03d}")
        .order_by(Item.position)
        .limit(1)
    )
    assert found is not None
    return found
