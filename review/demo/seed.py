"""Fills an empty desk with the demonstration, through the same actions that people and programs use."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from review import clock, db
from review.actions import accounts, cases, clauses, decisions, dispatching, factors, referrals, senders
from review.actions.enrolling import OfferedTotp
from review.config import Settings
from review.demo import content
from review.domain import totp
from review.domain.clause_text import read_clauses
from review.domain.decisions import ReviewInput
from review.domain.locations import Hosts
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role, Scope
from review.domain.referrals import read_referral
from review.models import Item
from review.queries import accounts as account_queries
from review.queries import clauses as clause_queries

REFERRALS = 36
DECIDED = (0, 1, 6, 11, 14, 19, 20, 28, 35)
"""Referrals whose first location is decided already; none of those that the queue should show."""
THREATS = {10: timedelta(minutes=12), 25: timedelta(minutes=20)}
"""Threats to life, due an hour after they came."""
WAITING = {8: timedelta(hours=71, minutes=18), 2: timedelta(hours=72, minutes=25)}
"""What came so long ago that it is due in 42 minutes, or overdue since 25."""
SET_UP_DAYS = 90


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demonstration; the password is random at each start."""

    label: str
    email: str
    password: str


_PEOPLE = (
    ("Moderator", "moderator", Role.MODERATOR),
    ("Second moderator", "second", Role.MODERATOR),
    ("Lead", "lead", Role.LEAD),
    ("Legal", "legal", Role.LEGAL),
    ("Administrator", "admin", Role.ADMIN),
)


def seed(settings: Settings) -> list[DemoAccount]:
    """Fill the desk; returns the accounts in the order in which the sign-in page offers them."""
    with clock.set_back(timedelta(days=SET_UP_DAYS)):
        terms = read_clauses(content.TERMS, name="community-terms")
        since = clock.now().date()
        clauses.import_clauses(terms.document, terms.clauses, valid_from=since, actor=OPERATOR)
        sender_ids = [
            senders.create_sender(
                sender.name, kind=sender.kind, country=sender.country, flagger=None, actor=OPERATOR
            )
            for sender in content.SENDERS
        ]
        people = [_person(label, word, role, None) for label, word, role in _PEOPLE]
        people.insert(4, _person("Sender (Harbour Watch)", "sender", Role.SENDER, sender_ids[0]))
        for person in people:
            _enrol_app(person, settings)
    moderators = [_actor(person.email) for person in people[:2]]
    for number in sorted(range(REFERRALS), key=age_of, reverse=True):
        with clock.set_back(age_of(number)):
            referral_id = _refer(number, sender_ids, settings)
        if number in DECIDED:
            place = DECIDED.index(number)
            with clock.set_back(age_of(number) - timedelta(minutes=17)):
                _judge(referral_id, moderators[place % 2], accept=place % 3 == 0)
    return people


def age_of(number: int) -> timedelta:
    """How long ago referral ``number`` came: the special ones as they need it, the others day by day."""
    special = THREATS | WAITING
    return special.get(number, timedelta(hours=66) - number * timedelta(minutes=107))


def _actor(email: str) -> Actor:
    found = account_queries.actor_of(db.session(), email)
    assert found is not None
    return found


def _person(label: str, word: str, role: Role, sender_id: str | None) -> DemoAccount:
    person = DemoAccount(label, f"{word}@desk.example", secrets.token_urlsafe(18))
    accounts.create_account(
        person.email, role=role, name=label, sender_id=sender_id, password=person.password, actor=OPERATOR
    )
    return person


def _enrol_app(person: DemoAccount, settings: Settings) -> None:
    """Give the person an authenticator app, whose code the demonstration's page then shows."""
    secret = totp.new_secret()
    code = totp.code_at(secret, totp.step_of(clock.now()))
    factors.add_factor(OfferedTotp(secret, code), secret_key=settings.secret_key, actor=_actor(person.email))


def _body(number: int) -> dict[str, Any]:
    """Referral ``number`` of the demonstration as its sender would post it."""
    text = content.TEXTS[number % len(content.TEXTS)]
    item: dict[str, Any] = {
        "url": f"https://video.example/watch/{number:04d}",
        "content_type": text.content_type,
        "language": text.language,
    }
    body: dict[str, Any] = {
        "reference": f"DEMO-{number:03d}",
        "reason": text.reason,
        "language": text.language,
        "category": text.category,
        "requested_action": "remove",
        "items": [item],
    }
    if number % 6 == 3:
        item["url"] = content.DUPLICATE_URL
    if number == 7:
        item["url"] = content.TRICK_URL
        body["reason"] = content.TRICK_REASON
    if number in THREATS:
        body["urgency"] = "threat_to_life"
    if number % 11 == 5:
        body |= {
            "intake_kind": "notice",
            "good_faith": True,
            "contact": {"name": "Duty desk", "email": "desk@unit.example"},
        }
    if number % 9 == 4:
        body["items"].append(
            {"url": f"hxxps://news[.]social[.]example/post/{number}", "content_type": "text"}
        )
    return body


def _refer(number: int, sender_ids: list[str], settings: Settings) -> str:
    body = _body(number)
    intake = read_referral(body, hosts=Hosts.parse(settings.hosts))
    sender_id = sender_ids[number % len(sender_ids)]
    actor = Actor(kind="sender", id=sender_id, sender_id=sender_id, scopes=frozenset({Scope.REFER}))
    given = json.dumps(body).encode()
    return referrals.receive_referral(intake, body=given, actor=actor, settings=settings).referral_id


def _judge(referral_id: str, moderator: Actor, *, accept: bool) -> None:
    """Let a moderator decide the case of a referral's first location; the answer goes out at once."""
    reader = db.session()
    case_id = reader.scalars(
        sa.select(Item.case_id).where(Item.referral_id == referral_id).order_by(Item.position)
    ).first()
    claim = cases.claim_case(case_id or "", actor=moderator)
    clause = clause_queries.clauses_in_force(reader, on=clock.now().date())[2]
    outcome = "accepted" if accept else "declined"
    review = ReviewInput(
        outcome=outcome,
        ground="terms" if accept else None,
        decline_reason=None if accept else "no_breach",
        clauses=(clause.version_id,) if accept else (),
        visibility="removed" if accept else None,
        rationale=content.RATIONALES[outcome],
        statement=content.STATEMENTS[outcome],
    )
    recorded = decisions.record_review(
        claim.case_id,
        review,
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=moderator,
    )
    dispatching.dispatch_review(recorded.review_id, actor=SERVICE)
