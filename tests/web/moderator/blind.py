"""Stories of first reviews, and somebody who looks at what they leave: chance taken out, all else kept.

Each story has a case and people of its own at the same moments. What is random by nature (ids, tokens and the
numbers of a round) is replaced by marks of the same length.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask.sessions import SecureCookieSessionInterface

from review import db
from review.actions import cases, decisions, escalations, withdrawals
from review.actions.cases import claim_case
from review.actions.dispatching import dispatch_review
from review.domain.decisions import CONTEXTS, DECLINE_REASONS, VISIBILITIES, ReviewInput, form_fields
from review.domain.permissions import SERVICE, Actor, Role
from review.models import Account, Item
from tests.conftest import Desk
from tests.draws import DRAWN
from tests.factories import make_account, make_case, sender_actor
from tests.judging import DECLINE, OTHER_DECLINE, accept, judge
from tests.web.moderator.test_pages import Moderator

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_people = itertools.count()
COLLEAGUE = "Reviewer of the day"
_COLLEAGUES = re.compile(r'<option value="Reviewer [^"]*">[^<]*</option>')
PLACE = "https://video.example/watch/{:04d}"
ORDER_PLACE = "https://video.example/order/{:04d}"


@dataclass(frozen=True)
class Story:
    """What the first reviewer did before recording, and what was recorded when."""

    review: ReviewInput = DECLINE
    before: Callable[["Told"], None] | None = None
    minutes: int = 5
    kind: str = "referral"


@dataclass(frozen=True)
class Told:
    """The case of one story, its first reviewer, and the clock."""

    case_id: str
    first: Actor
    hand: Any


def stories(clause: str) -> dict[str, Story]:
    """Every first outcome, and everything that a person may do on the way."""
    accepted = accept(clause)
    found = {
        f"terms, {one}": Story(replace(accepted, visibility=one)) for one in VISIBILITIES if one != "none"
    }
    for account in ("suspended", "terminated"):
        found[f"account {account}"] = Story(replace(accepted, account=account, visibility=None))
    for context in CONTEXTS:
        found[f"declined, {context}"] = Story(replace(DECLINE, context=context))
    for reason in DECLINE_REASONS["referral"]:
        found[f"declined, {reason}"] = Story(replace(DECLINE, decline_reason=reason))
    law: dict[str, Any] = {
        "ground": "law",
        "clauses": (),
        "law": "Article 1 of the Code",
        "territory": "BE,DE",
    }
    found["law"] = Story(replace(accepted, **law))
    found["broad"] = Story(
        replace(accepted, over_broad=True, rationale="Long, rather different words. " * 400)
    )
    found["quick"], found["slow"] = Story(minutes=0), Story(accepted, minutes=50)
    found["drafts"] = Story(accepted, before=_drafts)
    found["many claims"] = Story(before=_claims)
    found["undone"] = Story(accepted, before=_undone)
    found["expired"] = Story(before=_expired)
    found["advice"] = Story(accepted, before=_advised)
    return found


def orders(clause: str) -> dict[str, Story]:
    order = "removal_order"
    return {"accepted": Story(accept(clause), kind=order)} | {
        reason: Story(replace(DECLINE, decline_reason=reason), kind=order)
        for reason in DECLINE_REASONS[order]
    }


def _drafts(told: Told) -> None:
    claim = claim_case(told.case_id, actor=told.first)
    for number in range(3):
        typed = form_fields(replace(DECLINE, rationale="Typed so far. " * number))
        decisions.save_draft(told.case_id, typed, claim_generation=claim.claim_generation, actor=told.first)


def _claims(told: Told) -> None:
    for person in (told.first, make_account()) * 6:  # more than nine, which takes two digits
        claim = claim_case(told.case_id, actor=person)
        told.hand.shift(timedelta(seconds=20))
        cases.release_claim(told.case_id, claim_generation=claim.claim_generation, actor=person)


def _undone(told: Told) -> None:
    judge(told.case_id, told.first, OTHER_DECLINE)
    generation = decisions.undo_review(told.case_id, actor=told.first).generation
    cases.release_claim(told.case_id, claim_generation=generation, actor=told.first)


def _expired(told: Told) -> None:
    claim_case(told.case_id, actor=make_account())
    told.hand.shift(timedelta(minutes=16))
    cases.expire_claims(actor=SERVICE)


def _advised(told: Told) -> None:
    claim = claim_case(told.case_id, actor=told.first)
    escalations.escalate_case(
        told.case_id, "Is this satire?", claim_generation=claim.claim_generation, version=claim.version,
        actor=told.first,
    )  # fmt: skip
    escalations.advise_case(told.case_id, "It is not.", actor=make_account(Role.LEGAL))


@dataclass(frozen=True)
class Stage:
    """A desk whose clock stands, and how many stories were told on it."""

    desk: Desk
    hand: Any
    clause: str
    sender_id: str


def tell(stage: Stage, number: int, story: Story) -> Told:
    """The story up to the moment at which the service has dispatched the first review."""
    stage.hand.move_to(NOW)
    place = (ORDER_PLACE if story.kind == "removal_order" else PLACE).format(8361 + number)
    rank = 1 if story.kind == "removal_order" else 2
    case_id = make_case(url=place, sender_id=stage.sender_id, intake_kind=story.kind, rank=rank)
    told = Told(case_id, make_account(), stage.hand)
    if story.before is not None:
        story.before(told)
    stage.hand.move_to(NOW + timedelta(minutes=30 + story.minutes))
    recorded = judge(case_id, told.first, story.review)
    stage.hand.move_to(NOW + timedelta(hours=2))
    assert dispatch_review(recorded.review_id, actor=SERVICE, lot=DRAWN) is None
    stage.hand.move_to(NOW + timedelta(hours=3))
    return told


def end_story(stage: Stage, case_id: str) -> None:
    """Take the case out of everybody's sight, so that the next story begins on the same desk."""
    items = stage.desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).all()
    for item_id in items:
        withdrawals.withdraw_item(item_id, actor=sender_actor(stage.sender_id))


def without_names(whole: str) -> str:
    """An answer without the names to mention: they are those of all colleagues, whom every story adds to.

    Nothing but such names may stand there; the length that the headers tell is that of the rest.
    """
    found = re.search(r'<select name="mention".*?</select>', whole)
    if found is None:
        return whole
    names = set(re.findall(r"<option(?: selected)?>([^<]*)</option>", found[0]))
    statement = sa.select(Account.pseudonym).where(Account.role.in_((Role.MODERATOR, Role.LEAD)))
    assert names < set(db.session().scalars(statement))
    plain = re.sub(r"<option(?: selected)?>[^<]*</option>", "", found[0])
    gone = len(found[0].encode()) - len(plain.encode())
    rest = whole.replace(found[0], plain)
    return re.sub(r"(?<=Content-Length: )\d+", lambda length: str(int(length[0]) - gone), rest)


class Watcher:
    """Somebody at a browser, all of whose answers are kept with what is random taken out."""

    def __init__(
        self, stage: Stage, told: Told, role: Role = Role.MODERATOR, *, person: Moderator | None = None
    ) -> None:
        self.stage, self.told = stage, told
        self.person = person or Moderator(stage.desk, role)
        self.seen: dict[str, str] = {}
        self.other_kind = ""
        self.name = f"Reviewer {next(_people):04d}"
        with db.transaction() as writer:
            own = Account.id == self.person.actor.account_id
            writer.execute(sa.update(Account).where(own).values(pseudonym=self.name))

    def look(self, name: str, address: str, **options: Any) -> str:
        """Send one request and keep the answer; the plain text of it."""
        answer = self.person.client.open(address, **options)
        # who else reviews here says nothing of a case, and every story has people of its own
        text = _COLLEAGUES.sub("", answer.text)
        length = len(answer.data) - len(answer.text) + len(text)
        headers = str(answer.headers).replace(f"Length: {len(answer.data)}", f"Length: {length}")
        whole = f"{answer.status}\n{headers}\n{text}"
        self.seen[f"{len(self.seen)} {name}"] = self.without_chance(without_names(whole))
        return answer.text

    def without_chance(self, text: str) -> str:
        """The answer with ids, tokens and the numbers of this round replaced by marks of the same length."""
        desk, case_id = self.stage.desk, self.told.case_id
        text = text.replace(case_id, "C-####-####-####")
        if self.other_kind:
            text = text.replace(self.other_kind, "C-%%%%-%%%%-%%%%")
        place = desk.session.scalars(sa.select(Item.canonical_url).where(Item.case_id == case_id)).one()
        # in addresses alone: a page may have as many bytes as the number of the place
        text = re.sub(rf"(?<=/|F){place[-4:]}\b", "####", text).replace(self.name, "Reviewer ####")
        for name in ("version", "claim_generation"):
            text = re.sub(rf'(name="{name}"[^>]*value=")([^"]*)"', _masked, text)
        text = re.sub(r'(name="csrf_token"[^>]*value=")([^"]*)"', _masked, text)
        text = re.sub(r"(C-####-####-####\.)(\d+)", _masked, text)
        text = re.sub(r'(translate="no">)([0-9a-f]{16})(?=<)', _masked, text)  # the number of the request
        text = re.sub(r"(?<=Set-Cookie: )\w+=([^;\n]*)", self._kept_in_session, text)
        # items, evidence and what was shown have random ids that say nothing of a review
        return re.sub(r"[IEW]-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", "#-####-####-####", text)

    def _kept_in_session(self, found: re.Match[str]) -> str:
        """What a session's cookie holds beside the tokens of sign-in and form; it is signed, and packed."""
        app = self.stage.desk.app
        serializer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert serializer is not None
        kept = serializer.loads(found[1]) if found[1] else {}
        random = ("_user_id", "csrf_token")
        plain = str({name: "#" if name in random else value for name, value in kept.items()})
        return f"session={plain.replace(self.told.case_id, 'C-####-####-####')}"


def _masked(found: re.Match[str]) -> str:
    return found[1] + "#" * len(found[2]) + ('"' if found[0].endswith('"') else "")
