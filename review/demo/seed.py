"""Fills an empty desk with the demonstration, through the same actions that people and programs use."""

import json
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from review import clock, db
from review.actions import (
    cases,
    clause_drafts,
    clauses,
    complaints,
    decisions,
    dispatching,
    escalations,
    questions,
    referrals,
    restrictions,
    withdrawals,
)
from review.config import Settings
from review.demo import content, organisations, own_desk, plan, post, retention, snippets, staff
from review.demo.plan import Planned
from review.demo.staff import DemoAccount
from review.domain.clause_drafts import Wording
from review.domain.clause_text import read_clauses
from review.domain.decisions import ReviewInput
from review.domain.locations import Hosts
from review.domain.permissions import OPERATOR, SERVICE, Actor, Scope
from review.domain.referrals import read_referral
from review.models import Decision, Item, Restriction
from review.queries import clauses as clause_queries

MINUTE = timedelta(minutes=1)
STILL_WAITING = timedelta(hours=26)
NOW_AND_THEN = 120
DRAWN, NOT_DRAWN = -1.0, 1.0
"""Lots for the draw of second reviews: below every share, and beyond each, so that the story is told."""


@dataclass(frozen=True)
class _Desk:
    """Whoever acts in the story; ``reviewers``: the two of the sign-in page first."""

    sender_ids: list[str]
    reviewers: list[Actor]
    lead: Actor
    legal: Actor
    settings: Settings


def seed(settings: Settings) -> list[DemoAccount]:
    """Fill the desk; returns the accounts in the order in which the sign-in page offers them."""
    today = clock.now().date()
    with clock.set_back(timedelta(days=plan.DAYS)):
        _publish(content.TERMS)
        sender_ids = [organisations.enter_organisation(sender, today=today) for sender in content.SENDERS]
        people = staff.enter_staff(settings, sender_id=sender_ids[0])
        administrator = staff.actor_of(staff.ADMINISTRATOR)
        for sender, sender_id in zip(content.SENDERS, sender_ids, strict=True):
            organisations.add_contacts(sender, sender_id, administrator=administrator)
        snippets.write_texts(clause_queries.list_clauses(db.session()), administrator=administrator)
    organisations.issue_keys(sender_ids[0], administrator=administrator)
    with clock.set_back(timedelta(days=plan.REVISED_DAYS)):
        _publish(content.REWORDED)
    desk = _Desk(
        sender_ids,
        staff.reviewers(),
        lead=staff.actor_of(staff.LEAD),
        legal=staff.actor_of(staff.LEGAL),
        settings=settings,
    )
    for referral in plan.planned():
        _tell(referral, desk)
    own_desk.keep(desk.reviewers, desk.lead)
    retention.keep(desk.legal, administrator)
    staff.change_staff()
    _draft_clause(administrator)
    post.receive_waiting()
    return people


def _publish(terms: str) -> None:
    read = read_clauses(terms, name="community-terms")
    clauses.import_clauses(read.document, read.clauses, valid_from=clock.now().date(), actor=OPERATOR)


def _draft_clause(administrator: Actor) -> None:
    """Let the administrator draft a wording that somebody else, here legal, may publish."""
    reader, today = db.session(), clock.now().date()
    in_force = clause_queries.clauses_in_force(reader, on=today)
    held = next(clause for clause in in_force if clause.number == content.DRAFTED_CLAUSE)
    listed = clause_queries.list_clauses(reader)
    clause_id = next(clause.clause_id for clause in listed if clause.version_id == held.version_id)
    wording = Wording(
        held.title,
        held.text + content.DRAFT_ADDITION,
        valid_from=today + timedelta(days=14),
        reason=content.DRAFT_REASON,
    )
    with clock.set_back(timedelta(hours=20)):
        clause_drafts.save_clause_draft(clause_id, wording, version="", actor=administrator)


def _tell(referral: Planned, desk: _Desk) -> None:
    """Let one referral come, and then what became of it, each at its time."""
    sender_id = desk.sender_ids[referral.sender]
    sender = Actor(kind="sender", id=sender_id, sender_id=sender_id, scopes=frozenset({Scope.REFER}))
    moderator = desk.reviewers[referral.number % len(desk.reviewers)]
    with clock.set_back(referral.age):
        referral_id = _refer(referral, sender, desk)
    if referral.outcome == "withdrawn":
        with clock.set_back(referral.ended_ago):
            withdrawals.withdraw_referral(referral_id, actor=sender)
    elif referral.outcome is not None:
        for case_id in _cases_of(referral_id):
            _decide(case_id, referral, moderator, desk)
            _put_in_place(case_id, referral, desk)
    if referral.number in plan.COMPLAINED:
        _complain(referral_id, referral, desk, sender)
    if referral.number in plan.AGAIN:
        _judge_again(referral_id, referral, desk)
    if referral.number in (plan.HELD, plan.DRAFTED):
        _hold(referral_id, desk.reviewers, drafted=referral.number == plan.DRAFTED)
    if referral.number in plan.ASKED:
        _ask_legal(referral_id, plan.ASKED[referral.number], desk)
    if referral.number in plan.ASKED_OF_SENDERS:
        _ask_sender(referral_id, plan.ASKED_OF_SENDERS[referral.number], desk, sender)


def _complain(referral_id: str, referral: Planned, desk: _Desk, sender: Actor) -> None:
    """Let the sender complain, or legal for the user, and a lead judge it where one has done so."""
    told = plan.COMPLAINED[referral.number]
    first = sa.select(Item.id).where(Item.referral_id == referral_id).order_by(Item.position).limit(1)
    item_id, case_id = db.session().scalars(first).one(), _cases_of(referral_id)[0]
    with clock.set_back(told.ago):
        if told.by_user:
            complaints.register_complaint(case_id, told.reasons, content.USER_CONTACT, actor=desk.legal)
        else:
            complaints.complain(item_id, told.reasons, actor=sender)
    if told.reviewed is not None:
        with clock.set_back(told.ago - 90 * MINUTE):
            _judge(case_id, referral, told.reviewed, desk.lead)


def _ask_legal(referral_id: str, asked: plan.Asked, desk: _Desk) -> None:
    """Let a moderator put the case before legal, and legal give advice where it has done so."""
    case_id = _cases_of(referral_id)[0]
    moderator = desk.reviewers[asked.reviewer]
    with clock.set_back(asked.ago + 6 * MINUTE):
        claim = cases.claim_case(case_id, actor=moderator)
    with clock.set_back(asked.ago):
        escalations.escalate_case(
            case_id,
            asked.note,
            claim_generation=claim.claim_generation,
            version=claim.version,
            actor=moderator,
        )
    if asked.advised_ago is not None:
        with clock.set_back(asked.advised_ago):
            escalations.advise_case(case_id, content.ADVICE, actor=desk.legal)


def _ask_sender(referral_id: str, asked: plan.Asked, desk: _Desk, sender: Actor) -> None:
    """Let a moderator ask the sender, and the sender answer where it has done so."""
    case_id = _cases_of(referral_id)[0]
    moderator = desk.reviewers[asked.reviewer]
    with clock.set_back(asked.ago + 6 * MINUTE):
        claim = cases.claim_case(case_id, actor=moderator)
    with clock.set_back(asked.ago):
        questions.ask_sender(
            case_id,
            asked.note,
            claim_generation=claim.claim_generation,
            version=claim.version,
            actor=moderator,
        )
    if asked.advised_ago is not None:
        with clock.set_back(asked.advised_ago):
            questions.give_answer(referral_id, content.ANSWER, actor=sender)


def _refer(referral: Planned, sender: Actor, desk: _Desk) -> str:
    """Hand it in as its sender does, most of them by the API; the referral's id."""
    body, settings = plan.body_of(referral), desk.settings
    if referral.number == plan.EMAILED:
        host = content.SENDERS[referral.sender].host
        return post.refer_by_email(body, host=host, sender_id=sender.id, lead=desk.lead, settings=settings)
    intake = read_referral(body, hosts=Hosts.parse(settings.hosts))
    given = json.dumps(body).encode()
    return referrals.receive_referral(intake, body=given, actor=sender, settings=settings).referral_id


def _cases_of(referral_id: str) -> list[str]:
    """The cases of a referral's items, in their order."""
    found = db.session().scalars(
        sa.select(Item.case_id).where(Item.referral_id == referral_id).order_by(Item.position)
    )
    return [case_id for case_id in found if case_id is not None]


def _decide(case_id: str, referral: Planned, moderator: Actor, desk: _Desk) -> None:
    """Let one case be decided: by one review, by two that agree, or by a lead after two that differ."""
    outcome, place = referral.outcome or "", desk.reviewers.index(moderator)
    if referral.second is None:
        with clock.set_back(referral.ended_ago):
            _judge(case_id, referral, outcome, moderator)
        return
    second = desk.reviewers[(place + 1) % len(desk.reviewers)]
    steps = [(outcome, moderator, 0.5), (referral.second, second, 0.2)]
    if referral.second != outcome:
        steps.append((outcome, desk.lead, 0.0))
    steps[-1] = (steps[-1][0], steps[-1][1], 0.0)
    for found, person, earlier in steps:
        with clock.set_back(referral.ended_ago + earlier * referral.after):
            _judge(case_id, referral, found, person, lot=DRAWN)


def _put_in_place(case_id: str, referral: Planned, desk: _Desk) -> None:
    """Let the lead put what was decided in place by hand; what is newer waits, and now and then one fails."""
    if referral.ended_ago < STILL_WAITING:
        return
    asked = sa.select(Restriction.id).join(Decision, Decision.id == Restriction.decision_id)
    wanted = asked.where(Decision.case_id == case_id, Restriction.implemented_at.is_(None))
    with clock.set_back(referral.ended_ago - 25 * MINUTE):
        for restriction_id in db.session().scalars(wanted).all():
            if referral.number % NOW_AND_THEN == 0:
                restrictions.report_failed(restriction_id, content.NOT_IN_PLACE, actor=desk.lead)
            else:
                restrictions.report_implemented(restriction_id, clock.now(), actor=desk.lead)


def _judge_again(referral_id: str, referral: Planned, desk: _Desk) -> None:
    """Let colleagues of the two to try it as judge, so that both of these may take what waits again."""
    for case_id in _cases_of(referral_id):
        for place, outcome in enumerate(plan.AGAIN[referral.number]):
            with clock.set_back((5 - 2 * place) * 60 * MINUTE):
                _judge(case_id, referral, outcome, desk.reviewers[2 + place], lot=DRAWN)


def _judge(case_id: str, referral: Planned, outcome: str, person: Actor, *, lot: float = NOT_DRAWN) -> None:
    """Let somebody review one case; what follows from that follows at once."""
    with clock.earlier(_look(referral)):
        claim = cases.claim_case(case_id, actor=person)
    recorded = decisions.record_review(
        claim.case_id,
        _review_of(referral, outcome),
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=person,
    )
    dispatching.dispatch_review(recorded.review_id, actor=SERVICE, lot=lot)


def _look(referral: Planned) -> timedelta:
    """How long the case was looked at: some minutes, now and then hardly at all."""
    seconds = 5 if referral.number % 29 == 0 else 40 + referral.number * 37 % 280
    return min(timedelta(seconds=seconds), referral.after / 2)


def _review_of(referral: Planned, outcome: str) -> ReviewInput:
    rationales = content.RATIONALES[outcome]
    rationale, statement = rationales[referral.number % len(rationales)], content.STATEMENTS[outcome]
    if referral.number % 8:  # the others say it in the words of a snippet alone
        rationale = f"{rationale} [own words on post {referral.number}]"
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


def _hold(referral_id: str, reviewers: list[Actor], *, drafted: bool) -> None:
    """Let the second moderator hold a case, or the first one have begun and given it back."""
    case_id = _cases_of(referral_id)[0]
    with clock.set_back(4 * MINUTE):
        claim = cases.claim_case(case_id, actor=reviewers[0 if drafted else 1])
        if drafted:
            decisions.save_draft(
                case_id,
                {"rationale": ["[placeholder] Looks like a joke among friends; still to compare with"]},
                claim_generation=claim.claim_generation,
                actor=reviewers[0],
            )
            cases.release_claim(case_id, claim_generation=claim.claim_generation, actor=reviewers[0])
