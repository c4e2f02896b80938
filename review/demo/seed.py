"""Fills an empty desk with the demonstration, through the same actions that people and programs use."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from review import clock, db
from review.actions import accounts, cases, clauses, decisions, dispatching, referrals, senders
from review.config import Settings
from review.demo import content
from review.domain.clause_text import read_clauses
from review.domain.decisions import ReviewInput
from review.domain.locations import Hosts
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role, Scope
from review.domain.referrals import read_referral
from review.queries import accounts as account_queries
from review.queries import clauses as clause_queries
from review.queries import decisions as decision_queries

CASES = 36
DECIDED = 9


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
    terms = read_clauses(content.TERMS, name="community-terms")
    since = clock.now().date() - timedelta(days=90)
    clauses.import_clauses(terms.document, terms.clauses, valid_from=since, actor=OPERATOR)
    sender_ids = [
        senders.create_sender(
            sender.name, kind=sender.kind, country=sender.country, flagger=None, actor=OPERATOR
        )
        for sender in content.SENDERS
    ]
    people = [_person(label, word, role, None) for label, word, role in _PEOPLE]
    people.insert(4, _person("Sender (Harbour Watch)", "sender", Role.SENDER, sender_ids[0]))
    for number in range(CASES):
        _refer(number, sender_ids, settings)
    _judge([people[0].email, people[1].email])
    return people


def _person(label: str, word: str, role: Role, sender_id: str | None) -> DemoAccount:
    person = DemoAccount(label, f"{word}@desk.example", secrets.token_urlsafe(18))
    accounts.create_account(
        person.email, role=role, name=label, sender_id=sender_id, password=person.password, actor=OPERATOR
    )
    return person


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
    if number in (10, 25):
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


def _refer(number: int, sender_ids: list[str], settings: Settings) -> None:
    body = _body(number)
    intake = read_referral(body, hosts=Hosts.parse(settings.hosts))
    sender_id = sender_ids[number % len(sender_ids)]
    actor = Actor(kind="sender", id=sender_id, sender_id=sender_id, scopes=frozenset({Scope.REFER}))
    referrals.receive_referral(intake, body=json.dumps(body).encode(), actor=actor, settings=settings)


def _judge(emails: list[str]) -> None:
    """Let the two moderators decide the first cases in turn, accepting every third."""
    clause = clause_queries.clauses_in_force(db.session(), on=clock.now().date())[2]
    actors = [account_queries.actor_of(db.session(), email) for email in emails]
    for number in range(DECIDED):
        actor = actors[number % 2]
        claim = cases.claim_next(actor=actor) if actor is not None else None
        if actor is None or claim is None:
            return
        outcome = "accepted" if number % 3 == 0 else "declined"
        review = ReviewInput(
            outcome=outcome,
            ground="terms" if outcome == "accepted" else None,
            decline_reason=None if outcome == "accepted" else "no_breach",
            clauses=(clause.version_id,) if outcome == "accepted" else (),
            visibility="removed" if outcome == "accepted" else None,
            rationale=content.RATIONALES[outcome],
            statement=content.STATEMENTS[outcome],
        )
        decisions.record_review(
            claim.case_id,
            review,
            claim_generation=claim.claim_generation,
            version=claim.version,
            actor=actor,
        )
    for review_id in decision_queries.reviews_due(db.session(), now=clock.now(), limit=DECIDED):
        dispatching.dispatch_review(review_id, actor=SERVICE)
