"""What shape has every answer of the API? The models behind the published description, member by member.

Answers are written by the code that knows them (`representation.py` and the like), not by these models;
tests hold real answers against them. Clients must ignore members they do not know.
"""

from typing import Annotated, Final

from pydantic import BaseModel, WithJsonSchema
from pydantic import Field as Limits

from review.domain import schema_patterns as patterns
from review.domain.complaints import ComplaintResult
from review.domain.decisions import (
    ACCOUNT_MEASURES,
    DECLINE_REASONS,
    GROUNDS,
    OUTCOMES,
    VISIBILITIES,
)
from review.domain.referral_schema import IntakeKind
from review.domain.states import ItemStatus


def _listed(names: tuple[str, ...], *, nullable: bool = False) -> WithJsonSchema:
    if nullable:
        return WithJsonSchema({"type": ["string", "null"], "enum": [*names, None]})
    return WithJsonSchema({"type": "string", "enum": list(names)})


def _identifier(prefix: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": patterns.identifier(prefix)})


Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
NullableMoment = Annotated[str | None, WithJsonSchema({"type": ["string", "null"], "format": "date-time"})]
Address = Annotated[str, WithJsonSchema({"type": "string", "format": "uri-reference"})]
Count = Annotated[int, Limits(ge=0)]
Status = Annotated[str, _listed(tuple(ItemStatus))]
Reasons: Final = tuple(dict.fromkeys(reason for reasons in DECLINE_REASONS.values() for reason in reasons))


class Answer(BaseModel):
    """A part of an answer."""


class BrokenRule(Answer):
    """One broken rule of a body or a parameter."""

    pointer: str = Limits(description="Where (RFC 6901); blank for the whole or a parameter.")
    code: Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[a-z0-9_]+$"})] = Limits(
        description="Which rule; stable."
    )
    detail: str = Limits(description="One sentence with the remedy.")


class Problem(Answer):
    """A problem document (RFC 9457)."""

    type: Address = Limits(description="/errors/ and the stable code; the address has a page about it.")
    title: str = Limits(description="What this kind of problem is.")
    status: int = Limits(description="The HTTP status again.")
    detail: str = Limits(description="What is wrong here and what to do; names nothing you sent.")
    errors: list[BrokenRule] = Limits(default_factory=list, description="All broken rules at once.")
    id: Annotated[str | None, WithJsonSchema({"type": "string"})] = Limits(
        None, description="The object concerned, such as the referral sent first."
    )
    batch: Annotated[str | None, _identifier("B")] = Limits(None, description="The batch that was cut off.")
    last_line: Annotated[str | None, WithJsonSchema({"type": "string", "pattern": "^[0-9]+$"})] = Limits(
        None, description="The number of the last line stored of it."
    )
    previous_secret_until: Annotated[
        str | None, WithJsonSchema({"type": "string", "format": "date-time"})
    ] = Limits(None, description="Until when the secret before signs as well.")


class RefusedItemAnswer(Answer):
    """An item that was refused while the referral stands; kept, counted in nothing."""

    index: Count = Limits(description="Its place in items as sent, from 0.")
    url: str = Limits(description="The address as sent.")
    errors: list[BrokenRule]


class ClauseAnswer(Answer):
    """A clause of our terms as it was worded when the decision was made."""

    number: str
    version: Annotated[int, Limits(ge=1)]
    title: str
    text: str


class RestrictionAnswer(Answer):
    """The measure taken after an accept."""

    visibility: Annotated[str | None, _listed(VISIBILITIES, nullable=True)] = Limits(
        description="What happens to the content; null for none."
    )
    account: Annotated[str, _listed(ACCOUNT_MEASURES)] = Limits(description="What happens to the account.")
    territory: str = Limits(description="world, EU, or country codes with commas.")
    starts_at: Moment
    ends_at: NullableMoment = Limits(description="null: no end.")


class QuestionAnswer(Answer):
    """A question that waits for your answer: POST it to the referral's address with /answer."""

    text: str = Limits(description="What we ask, in the moderator's words.")
    asked_at: Moment


class SupersededAnswer(Answer):
    """The decision that another one reversed after a complaint."""

    outcome: Annotated[str, _listed(OUTCOMES)]
    decided_at: Moment


class ComplaintAnswer(Answer):
    """Your newest complaint of the decision on an item."""

    complained_at: Moment
    state: Annotated[str, _listed(("open", *ComplaintResult))] = Limits(
        description="upheld: the decision stands; reversed: another one superseded it."
    )
    ended_at: NullableMoment = Limits(description="null while it is open.")
    statement: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})] = Limits(
        description="What we say of it; null while it is open."
    )


class ItemAnswer(Answer):
    """One item as its sender sees it. The members after question are there once it is decided."""

    id: Annotated[str, _identifier("I")]
    url: str = Limits(description="The address as sent.")
    canonical_url: str = Limits(description="The address as a browser reads it, defanging undone.")
    status: Status = Limits(description="waiting_sender: we asked you a question.")
    outcome: Annotated[str | None, _listed(OUTCOMES, nullable=True)] = Limits(
        description="null until it is decided."
    )
    question: QuestionAnswer | None = Limits(description="What we ask you; null unless waiting_sender.")
    ground: Annotated[str | None, _listed(GROUNDS)] = Limits(
        None, description="When accepted: against our terms, or against the law."
    )
    decline_reason: Annotated[str | None, _listed(Reasons)] = Limits(None, description="When declined: why.")
    clauses: list[ClauseAnswer] = Limits(default_factory=list, description="The clauses it rests on.")
    statement: Annotated[str | None, WithJsonSchema({"type": "string"})] = Limits(
        None, description="The moderator's words to you."
    )
    restriction: RestrictionAnswer | None = Limits(None, description="The measure; null when declined.")
    decided_at: Annotated[str | None, WithJsonSchema({"type": "string", "format": "date-time"})] = None
    implemented_at: Annotated[
        str | None, WithJsonSchema({"type": ["string", "null"], "format": "date-time"})
    ] = Limits(None, description="When the platform carried it out; null until then.")
    complaint_until: Annotated[str | None, WithJsonSchema({"type": "string", "format": "date-time"})] = (
        Limits(None, description="The last moment to complain (six months, Art. 20(1) DSA).")
    )
    supersedes: SupersededAnswer | None = Limits(
        None, description="Only after a reversal: what was decided before."
    )
    complaint: ComplaintAnswer | None = Limits(None, description="Only when you complained.")


class ReferralLinks(Answer):
    """Where to go from a referral."""

    self: Address
    receipt: Address = Limits(description="The proof that its arrival is on the trail.")


class ReferralAnswer(Answer):
    """One referral as its sender sees it."""

    id: Annotated[str, _identifier("R")]
    reference: str = Limits(description="Your own name for it.")
    intake_kind: IntakeKind
    status: Status = Limits(description="The least finished of its items'; withdrawn when all of them are.")
    received_at: Moment
    updated_at: Moment = Limits(description="Moves only with what you may see.")
    due_at: NullableMoment = Limits(description="Only removal orders have one.")
    items: list[ItemAnswer]
    refused_items: list[RefusedItemAnswer]
    links: ReferralLinks


class ReferralPage(Answer):
    """One page of one's own referrals, oldest change first."""

    referrals: list[ReferralAnswer]
    next: str | None = Limits(description="The cursor of the next page; null at the end.")


class LineAnswer(Answer):
    """What became of one line of a batch: the referral that it is, or why it was refused."""

    line: Annotated[int, Limits(ge=1)] = Limits(description="Its number in the upload, from 1.")
    id: Annotated[str | None, _identifier("R")] = Limits(None, description="The referral; absent if refused.")
    result: Annotated[str | None, _listed(("received", "repeated"))] = Limits(
        None, description="repeated: sent before with the same content."
    )
    status: Annotated[str | None, _listed(tuple(ItemStatus))] = Limits(
        None, description="The referral's status now."
    )
    outcome: Annotated[str | None, _listed(OUTCOMES, nullable=True)] = Limits(
        None, description="Where all its decided items have the same one."
    )
    reference: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})] = Limits(
        None, description="Of a refused line: your own name for it, where it could be read."
    )
    errors: list[BrokenRule] = Limits(default_factory=list, description="Of a refused line: why.")


class BatchLinks(Answer):
    """Where to go from a batch."""

    self: Address
    results: Address = Limits(description="What became of each line.")
    receipt: Address = Limits(description="The proof that the trail holds the delivery.")


class BatchAnswer(Answer):
    """One batch. The first counts are of lines, the last three of items, those of repeated ones included."""

    id: Annotated[str, _identifier("B")]
    started_at: Moment
    completed_at: NullableMoment = Limits(description="null while it runs, or when it was cut off.")
    seconds: Annotated[float | None, WithJsonSchema({"type": ["number", "null"], "minimum": 0})] = Limits(
        description="How long it took."
    )
    lines: Count
    received: Count = Limits(description="Lines stored as new referrals.")
    repeated: Count = Limits(description="Lines sent before with the same content.")
    refused: Count = Limits(description="Lines that break a rule.")
    decided: Count
    accepted: Count
    declined: Count
    links: BatchLinks


class ReceivedBatchAnswer(BatchAnswer):
    """The batch just sent, with what was refused of it."""

    refusals: Annotated[list[LineAnswer], Limits(max_length=100)] = Limits(
        description="The first 100; the results have all."
    )


class BatchPage(Answer):
    """One page of one's own batches, newest first, without the counts of items."""

    batches: list[BatchAnswer]
    next: str | None = Limits(description="The cursor of the next page; null at the end.")
