"""Fills an empty desk with the demonstration, through the same actions that people and programs use."""

import json
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from review import clock, db
from review.actions import (
    accounts,
    cases,
    clauses,
    decisions,
    dispatching,
    factors,
    referrals,
    senders,
    withdrawals,
)
from review.actions.enrolling import OfferedTotp
from review.config import Settings
from review.demo import content, plan
from review.demo.plan import Planned
from review.domain import totp
from review.domain.clause_text import read_clauses
from review.domain.decisions import ReviewInput
from review.domain.locations import Hosts
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role, Scope
from review.domain.referrals import read_referral
from review.domain.senders import FlaggerEvidence
from review.models import Item
from review.queries import accounts as account_queries
from review.queries import clauses as clause_queries


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
    today = clock.now().date()
    with clock.set_back(timedelta(days=plan.DAYS)):
        _publish(content.TERMS)
        sender_ids = [_enter(sender, today) for sender in content.SENDERS]
        people = [_person(label, word, role, None) for label, word, role in _PEOPLE]
        people.insert(4, _person("Sender (Harbour Watch)", "sender", Role.SENDER, sender_ids[0]))
        for person in people:
            _enrol_app(person, settings)
    with clock.set_back(timedelta(days=plan.REVISED_DAYS)):
        _publish(content.REWORDED)
    moderators = [_actor(person.email) for person in people[:2]]
    for referral in plan.planned():
        _tell(referral, sender_ids[referral.sender], moderators, settings)
    return people


def _enter(sender: content.DemoSender, today: date) -> str:
    """One organisation: its status as a trusted flagger is dated, so one has lapsed and one is to come."""
    flagger = sender.awarded and FlaggerEvidence(
        coordinator=f"Example coordinator ({sender.country})",
        valid_from=today + timedelta(days=sender.awarded[0]),
        valid_until=today + timedelta(days=sender.awarded[1]),
        reference=f"Award {sender.country}-1 (made up)",
    )
    return senders.create_sender(
        sender.name, kind=sender.kind, country=sender.country, flagger=flagger or None, actor=OPERATOR
    )


def _publish(terms: str) -> None:
    read = read_clauses(terms, name="community-terms")
    clauses.import_clauses(read.document, read.clauses, valid_from=clock.now().date(), actor=OPERATOR)


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


def _tell(referral: Planned, sender_id: str, moderators: list[Actor], settings: Settings) -> None:
    """Let one referral come, and then what became of it, each at its time."""
    sender = Actor(kind="sender", id=sender_id, sender_id=sender_id, scopes=frozenset({Scope.REFER}))
    moderator = moderators[referral.number % len(moderators)]
    with clock.set_back(referral.age):
        referral_id = _refer(referral, sender, settings)
    with clock.set_back(referral.ended_ago):
        if referral.outcome == "withdrawn":
            withdrawals.withdraw_referral(referral_id, actor=sender)
        elif referral.outcome is not None:
            for case_id in _cases_of(referral_id):
                _judge(case_id, referral, moderator)
    if referral.number in (plan.HELD, plan.DRAFTED):
        _hold(referral_id, moderators, drafted=referral.number == plan.DRAFTED)


def _enrol_app(person: DemoAccount, settings: Settings) -> None:
    """Give the person an authenticator app, whose code the demonstration's page then shows."""
    secret = totp.new_secret()
    code = totp.code_at(secret, totp.step_of(clock.now()))
    factors.add_factor(OfferedTotp(secret, code), secret_key=settings.secret_key, actor=_actor(person.email))


def _refer(referral: Planned, sender: Actor, settings: Settings) -> str:
    body = plan.body_of(referral)
    intake = read_referral(body, hosts=Hosts.parse(settings.hosts))
    given = json.dumps(body).encode()
    return referrals.receive_referral(intake, body=given, actor=sender, settings=settings).referral_id


def _cases_of(referral_id: str) -> list[str]:
    """The cases of a referral's items, in their order."""
    found = db.session().scalars(
        sa.select(Item.case_id).where(Item.referral_id == referral_id).order_by(Item.position)
    )
    return [case_id for case_id in found if case_id is not None]


def _judge(case_id: str, referral: Planned, moderator: Actor) -> None:
    """Let a moderator decide one case; the answer goes out at once."""
    claim = cases.claim_case(case_id, actor=moderator)
    recorded = decisions.record_review(
        claim.case_id,
        _review_of(referral),
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=moderator,
    )
    dispatching.dispatch_review(recorded.review_id, actor=SERVICE)


def _review_of(referral: Planned) -> ReviewInput:
    outcome = referral.outcome or ""
    rationales = content.RATIONALES[outcome]
    rationale, statement = rationales[referral.number % len(rationales)], content.STATEMENTS[outcome]
    if outcome != "accepted":
        return ReviewInput(
            outcome="declined", decline_reason=outcome, rationale=rationale, statement=statement
        )
    number = content.CLAUSES[referral.text.category]
    in_force = clause_queries.clauses_in_force(db.session(), on=clock.now().date())
    clause = next(clause for clause in in_force if clause.number == number)
    return ReviewInput(
        outcome="accepted",
        ground="terms",
        clauses=(clause.version_id,),
        visibility="removed",
        rationale=rationale,
        statement=statement,
    )


def _hold(referral_id: str, moderators: list[Actor], *, drafted: bool) -> None:
    """Let the second moderator hold a case, or the first one have begun and given it back."""
    case_id = _cases_of(referral_id)[0]
    with clock.set_back(timedelta(minutes=4)):
        claim = cases.claim_case(case_id, actor=moderators[0 if drafted else 1])
        if drafted:
            decisions.save_draft(
                case_id,
                {"rationale": ["[placeholder] Looks like a joke among friends; still to compare with"]},
                claim_generation=claim.claim_generation,
                actor=moderators[0],
            )
            cases.release_claim(case_id, claim_generation=claim.claim_generation, actor=moderators[0])
