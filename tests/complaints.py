"""A decided case of two senders, of which somebody complains, for tests."""

import json
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from review.actions.cases import claim_case
from review.actions.complaints import complain, register_complaint
from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.models import Answer, Case, Complaint, Decision, Item, Opening, Restriction
from review.queries.referrals import own_referral
from tests.conftest import Desk
from tests.factories import make_account, make_clause, make_sender, receive, sender_actor
from tests.judging import DECLINE, accept, judge

REASONS = "The clip shows an attack in full, at minute 3."
CONTACT = "The uploader, u@mail.example"
URL = "https://video.example/complained"


class Complained:
    """A case that is decided at once; windows to undo are over as soon as they begin."""

    def __init__(self, desk: Desk, *, accepted: bool = False, url: str = URL) -> None:
        self.desk = desk
        known = desk.app.config["REVIEW_SETTINGS"]
        desk.app.config["REVIEW_SETTINGS"] = replace(known, undo_seconds=0)
        self.senders = [make_sender(), make_sender()]
        self.actors = [sender_actor(sender_id) for sender_id in self.senders]
        self.referrals = [receive(actor, url).referral_id for actor in self.actors]
        self.items = [self._item(referral_id) for referral_id in self.referrals]
        self.case_id = str(desk.session.scalar(sa.select(Item.case_id).where(Item.id == self.items[0])))
        self.moderator, self.lead = make_account(), make_account(Role.LEAD)
        self.legal = make_account(Role.LEGAL)
        self.clause = make_clause()
        self.first = accept(self.clause) if accepted else DECLINE
        self.other = DECLINE if accepted else accept(self.clause)
        self.dispatch(judge(self.case_id, self.moderator, self.first).review_id)

    def _item(self, referral_id: str) -> str:
        return self.desk.session.scalars(sa.select(Item.id).where(Item.referral_id == referral_id)).one()

    @staticmethod
    def dispatch(review_id: str) -> str | None:
        """Send a review on its way; the decision if it comes to one."""
        return dispatch_review(review_id, actor=SERVICE, lot=2.0)

    def complain(self, place: int = 0, reasons: str = REASONS) -> None:
        """Let one of the two senders complain."""
        complain(self.items[place], reasons, actor=self.actors[place])

    def register(self, reasons: str = REASONS, contact: str = CONTACT) -> str:
        """Let legal register what the uploader says."""
        return register_complaint(self.case_id, reasons, contact, actor=self.legal)

    def record(self, review: ReviewInput, *, lead: Actor | None = None) -> str:
        """Let a lead claim and judge it; the id of the review, which waits for its dispatch."""
        actor = lead or self.lead
        claim = claim_case(self.case_id, actor=actor)
        given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
        return record_review(self.case_id, review, actor=actor, **given).review_id

    def uphold(self, *, lead: Actor | None = None) -> None:
        """The lead comes to the same."""
        assert self.dispatch(self.record(replace(self.first, rationale=WHY), lead=lead)) is None

    def reverse(self, *, lead: Actor | None = None) -> str:
        """The lead comes to the other outcome; the new decision."""
        decision_id = self.dispatch(self.record(self.other, lead=lead))
        assert decision_id is not None
        return decision_id

    @property
    def state(self) -> str:
        """Where the case stands."""
        return self.desk.session.get_one(Case, self.case_id).state

    def seen_by(self, place: int) -> dict[str, Any]:
        """The referral as one of the two senders sees it."""
        own = own_referral(self.desk.session, self.referrals[place], sender_id=self.senders[place])
        assert own is not None
        return own.as_dict()

    def item_seen_by(self, place: int) -> dict[str, Any]:
        """Its item."""
        item: dict[str, Any] = self.seen_by(place)["items"][0]
        return item

    def events(self, object_id: str | None = None) -> list[str]:
        """The types of the events on the case, or on another object, in their order."""
        wanted = sa.select(Opening.event_type).where(Opening.object_id == (object_id or self.case_id))
        found = wanted.where(Opening.object_version.is_not(None)).order_by(Opening.object_version)
        return list(self.desk.session.scalars(found))

    def last_meta(self, event_type: str) -> dict[str, Any]:
        """The enumerations of the newest event of that type."""
        wanted = sa.select(Opening.envelope).where(Opening.event_type == event_type)
        ordered = wanted.order_by(Opening.recorded_at.desc(), Opening.object_version.desc()).limit(1)
        meta: dict[str, Any] = json.loads(self.desk.session.scalars(ordered).one()).get("meta", {})
        return meta

    def complaints(self) -> list[Complaint]:
        """All complaints about the case, in the order in which they came."""
        wanted = sa.select(Complaint).where(Complaint.case_id == self.case_id)
        return list(self.desk.session.scalars(wanted.order_by(Complaint.complained_at, Complaint.id)))

    def decisions(self) -> list[Decision]:
        """All decisions of the case, the oldest first."""
        wanted = sa.select(Decision).where(Decision.case_id == self.case_id)
        return list(self.desk.session.scalars(wanted.order_by(Decision.decided_at)))

    def restrictions(self) -> list[Restriction]:
        """All restrictions of the case, the oldest first."""
        wanted = sa.select(Restriction).join(Decision, Decision.id == Restriction.decision_id)
        found = wanted.where(Decision.case_id == self.case_id).order_by(Restriction.starts_at)
        return list(self.desk.session.scalars(found))

    def answers(self, place: int) -> list[bytes]:
        """The frozen answers to one of the two items, the oldest first."""
        wanted = sa.select(Answer.body).where(Answer.item_id == self.items[place])
        return list(self.desk.session.scalars(wanted.order_by(Answer.answered_at)))


WHY = "Watched once more from the beginning to its end."
