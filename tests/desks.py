"""A desk that has seen everything that can happen to a referral, through the actions alone."""

from base64 import b64encode
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.cases import claim_case, claim_next
from review.actions.claiming import Claim
from review.actions.clauses import import_clauses
from review.actions.companions import Ticked
from review.actions.complaints import complain, register_complaint
from review.actions.decisions import Recorded, record_review, undo_review
from review.actions.dispatching import dispatch_review
from review.actions.endpoints import remove_endpoint, switch_off
from review.actions.escalations import advise_case, end_escalations, escalate_case
from review.actions.leaving import pass_case, set_aside_case
from review.actions.looks import look_without_evidence
from review.actions.notes import write_note
from review.actions.questions import ask_sender, end_questions, give_answer
from review.actions.restrictions import report_failed, report_implemented
from review.actions.senders import create_sender
from review.actions.snippets import withdraw_snippet, write_snippet
from review.actions.withdrawals import withdraw_item, withdraw_referral
from review.domain.clause_text import read_clauses
from review.domain.decisions import ReviewInput
from review.domain.escalations import WAITS
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role
from review.domain.questions import WAITS as SENDER_WAITS
from review.domain.senders import FlaggerEvidence
from review.domain.webhooks import Failure
from review.models import Item, Question
from review.queries.precedents import first_precedents
from review.webhooks import Outcome
from tests.draws import DRAWN
from tests.endpoints import lease, make_endpoint, managing, record
from tests.factories import make_account, receive, sender_actor

TERMS = "## 4. Threats\n\nNo threats.\n\n## 5. Fraud\n\nNo fraud.\n"
WINDOW = timedelta(seconds=61)
DECLINE: dict[str, Any] = {"outcome": "declined", "decline_reason": "no_breach"}
ACCEPT: dict[str, Any] = {"outcome": "accepted", "visibility": "removed"}


def lived_in_desk() -> None:
    """Referrals with folding, repeats, refused items and evidence; every end a case can come to."""
    with time_machine.travel(clock.now(), tick=True) as hand:
        terms = read_clauses(TERMS, name="Terms")
        imported_at = date(2026, 1, 1)
        import_clauses(terms.document, terms.clauses, valid_from=imported_at, actor=OPERATOR)
        award = FlaggerEvidence("Coordinator", date(2020, 1, 1), date(2020, 12, 31))
        senders = [
            sender_actor(
                create_sender(f"Unit {name}", kind="iru", country="BE", flagger=award, actor=OPERATOR)
            )
            for name in ("North", "South")
        ]
        moderators = [make_account(), make_account()]
        _endpoints(managing(senders[0].sender_id or ""))
        _ready_made()
        _receive_all(senders, hand)
        for number, ground in enumerate(("terms", "", "law")):  # three decided, one of them after an undo
            _judge(moderators[number % 2], hand, ground=ground, undo=number == 1)
        _withdrawn_while_pending(senders[0], moderators[0], hand)
        _joined_late(senders, moderators[1], hand)
        _escalated(moderators[0], hand, advised=True)
        _escalated(moderators[0], hand, advised=False)
        _rounds(senders[0], moderators, make_account(Role.LEAD), hand)
        _complained(senders, moderators[0], hand)
        for end in ("answered", "withdrawn", "by itself", ""):
            _asked(senders, moderators[0], hand, end=end)
        pending, _claim = _record(moderators[0], ground="terms")
        assert pending is not None
        _recorded_together(senders[0], moderators[1])
        withdraw_referral(receive(senders[1], *(_url(90 + number) for number in range(3))).referral_id,
                          actor=senders[1])  # fmt: skip
        claim_next(actor=moderators[1])
        _noted(moderators)
        _told()


def _endpoints(actor: Actor) -> None:
    """One that is on, one switched off, one removed."""
    make_endpoint(actor, "https://hook.example/")
    switch_off(make_endpoint(actor, "https://hook.example/off").endpoint_id, actor=actor)
    remove_endpoint(make_endpoint(actor, "https://hook.example/gone").endpoint_id, actor=actor)


def _told() -> None:
    """Of the first sender's messages one arrives, one is refused; one restriction is in place, one failed."""
    outcomes = [Outcome(200, None, 12), Outcome(503, Failure.STATUS, 8, "Come back later.")]
    leased = lease(room=4)
    for one, outcome in zip(leased, outcomes, strict=False):
        record(one, outcome)
    standing = sa.text("SELECT id FROM restrictions WHERE ends_at IS NULL ORDER BY id LIMIT 2")
    first, second = db.session().scalars(standing)
    lead = make_account(Role.LEAD)
    report_implemented(first, clock.now(), actor=lead)
    report_failed(second, "Not our page.", actor=lead)


def _ready_made() -> None:
    """Texts for the first clause by the order of ids: one changed, one withdrawn."""
    person = make_account(Role.ADMIN)
    clause_id = db.session().scalar(sa.text("SELECT clause_id FROM clause_versions ORDER BY id LIMIT 1"))
    given: dict[str, Any] = {"clause_id": clause_id, "actor": person}
    rationale = given | {"language": "en", "kind": "rationale"}
    write_snippet(**rationale, text="The content speaks against the clause.", version=0)
    write_snippet(**rationale, text="Compared with our terms", version=1)
    statement = given | {"language": "ar", "kind": "statement"}
    write_snippet(**statement, text="يخالف المحتوى هذا البند.", version=0)
    withdraw_snippet(**statement, version=1)


def _recorded_together(sender: Actor, moderator: Actor) -> None:
    """Two cases of one referral, recorded in one step and both taken back, then recorded for good."""
    receive(sender, _url(70), _url(71), reference="TOGETHER")
    ids = list(db.session().scalars(sa.select(Item.case_id).where(Item.match_key.in_([_url(70), _url(71)]))))
    for number in range(2):
        claim = claim_case(ids[0], actor=moderator)
        review = ReviewInput(**DECLINE, rationale="A report on both.", statement="It keeps our terms.")
        recorded = record_review(
            ids[0],
            review,
            claim_generation=claim.claim_generation,
            version=claim.version,
            actor=moderator,
            also=[Ticked(ids[1], 1 if number == 0 else 3)],
        )
        assert recorded.also == (ids[1],)
        if number == 0:
            undo_review(ids[0], actor=moderator)


def _url(number: int) -> str:
    return f"https://video.example/watch/{number}"


def _receive_all(senders: list[Actor], hand: Any) -> None:
    picture = {"name": "a.png", "media_type": "image/png", "content": b64encode(b"picture" * 9).decode()}
    for number in range(8):
        receive(senders[number % 2], _url(number), _url(number + 1), reference=f"DESK-{number}")
    receive(senders[0], _url(0), _url(1), reference="DESK-0")  # sent again: the same answer
    receive(senders[0], items=[{"url": _url(20), "evidence": [picture]}])
    about = {"issuing_authority": "Court of Ghent", "category": "STATEMENT_CATEGORY_VIOLENCE"}
    receive(senders[1], _url(3), "https://elsewhere.example/x", **about)
    hand.shift(timedelta(seconds=1))  # the notice comes last in the queue
    receive(
        senders[1], _url(4), intake_kind="notice", good_faith=True,
        contact={"name": "Duty desk", "email": "desk@unit.example"}, legal_basis="§ 1",
    )  # fmt: skip


def _record(moderator: Actor, *, ground: str, case_id: str = "") -> tuple[Recorded | None, Claim | None]:
    claim = claim_case(case_id, actor=moderator) if case_id else claim_next(actor=moderator)
    if claim is None:
        return None, None
    found = first_precedents(db.session(), claim.case_id, account_id=moderator.account_id)
    look_without_evidence(claim.case_id, precedents=found, actor=moderator)
    clause = db.session().scalar(sa.text("SELECT id FROM clause_versions ORDER BY id LIMIT 1"))
    grounds: dict[str, Any] = {"terms": {"clauses": (clause,)}, "law": {"law": "Article 1"}}
    review = ReviewInput(
        **(ACCEPT | {"ground": ground} | grounds[ground] if ground else DECLINE),
        rationale=f"Compared with our terms, case {claim.case_id}; a sentence of its own.",
        statement=f"We have compared the content with our terms, {claim.case_id[-4:]}.",
    )
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    return record_review(claim.case_id, review, actor=moderator, **given), claim


def _judge(moderator: Actor, hand: Any, *, ground: str, undo: bool) -> None:
    recorded, claim = _record(moderator, ground=ground)
    assert recorded is not None
    assert claim is not None
    if undo:
        undo_review(claim.case_id, actor=moderator)
        hand.shift(timedelta(hours=1))  # the claim that came back has ended
        return _judge(moderator, hand, ground=ground, undo=False)
    hand.shift(WINDOW)
    dispatch_review(recorded.review_id, actor=SERVICE)
    return None


def _withdrawn_while_pending(sender: Actor, moderator: Actor, hand: Any) -> None:
    """One review of a case that is withdrawn, and one that is dropped because something joined."""
    recorded, claim = _record(moderator, ground="")
    assert recorded is not None
    assert claim is not None
    live = sa.select(Item.id, Item.match_key).where(Item.case_id == claim.case_id, Item.status == "in_review")
    covered = db.session().execute(live).all()
    receive(sender, covered[0].match_key, reference="JOINED-LATE")
    for item_id, sender_id in _owners(claim.case_id):
        if item_id in {row.id for row in covered}:
            withdraw_item(item_id, actor=sender_actor(sender_id))
    hand.shift(WINDOW)
    assert dispatch_review(recorded.review_id, actor=SERVICE) is None


def _joined_late(senders: list[Actor], moderator: Actor, hand: Any) -> None:
    """An item that joins after the review moves to a case of its own when the decision goes out."""
    recorded, claim = _record(moderator, ground="")
    assert recorded is not None
    assert claim is not None
    key = db.session().scalar(sa.select(Item.match_key).where(Item.case_id == claim.case_id).limit(1)) or ""
    for number, sender in enumerate(senders):
        receive(sender, key, reference=f"LATE-{number}")
    hand.shift(WINDOW)
    assert dispatch_review(recorded.review_id, actor=SERVICE) is not None


def _rounds(sender: Actor, moderators: list[Actor], lead: Actor, hand: Any) -> None:
    """Second reviews that agree and differ, a third that resolves, and two cases that begin again."""
    for number, (grounds, withdrawn) in enumerate(
        [
            (("terms", "terms"), False),
            (("terms", ""), False),  # stays in dispute
            (("", "law", ""), False),
            (("", ""), True),
            (("terms", "", "law"), True),
        ]
    ):
        received = receive(sender, _url(40 + number))
        case_id = _case_of(received.referral_id)
        for place, (ground, person) in enumerate(zip(grounds, (*moderators, lead), strict=False)):
            recorded, _claim = _record(person, ground=ground, case_id=case_id)
            assert recorded is not None
            if withdrawn and place == len(grounds) - 1:
                receive(sender, _url(40 + number))
                withdraw_referral(received.referral_id, actor=sender)
            hand.shift(WINDOW)
            dispatch_review(recorded.review_id, actor=SERVICE, lot=DRAWN)


def _complained(senders: list[Actor], moderator: Actor, hand: Any) -> None:
    """Decisions that are upheld and reversed after complaints, one carried on, and one that waits."""
    legal, leads = make_account(Role.LEGAL), [make_account(Role.LEAD) for _lead in range(2)]
    for number, grounds in enumerate((("", ""), ("", "terms"), ("terms", "")), start=60):
        items = [
            _item_of(receive(sender, _url(number), reference=f"COMPLAINED-{number}-{place}").referral_id)
            for place, sender in enumerate(senders)
        ]
        case_id = str(db.session().scalar(sa.select(Item.case_id).where(Item.id == items[0])))
        for ground, person in zip(grounds, (moderator, leads[0]), strict=True):
            recorded, _claim = _record(person, ground=ground, case_id=case_id)
            assert recorded is not None
            if person is moderator:
                hand.shift(WINDOW)
                dispatch_review(recorded.review_id, actor=SERVICE)
                complain(items[0], "It is a threat.", actor=senders[0])
                register_complaint(case_id, "It is a song.", "u@mail.example", actor=legal)
            else:
                complain(items[1], "It is fraud.", actor=senders[1])  # comes after the review: carried on
                hand.shift(WINDOW)
                dispatch_review(recorded.review_id, actor=SERVICE)
        if number < 62:
            recorded, _claim = _record(leads[1], ground=grounds[1], case_id=case_id)
            assert recorded is not None
            hand.shift(WINDOW)
            dispatch_review(recorded.review_id, actor=SERVICE)


def _item_of(referral_id: str) -> str:
    return str(db.session().scalar(sa.select(Item.id).where(Item.referral_id == referral_id)))


def _case_of(referral_id: str) -> str:
    return str(db.session().scalar(sa.select(Item.case_id).where(Item.referral_id == referral_id)))


def _escalated(moderator: Actor, hand: Any, *, advised: bool) -> None:
    """A question to legal: answered, or come back by itself."""
    claim = claim_next(actor=moderator)
    assert claim is not None
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    escalate_case(claim.case_id, "Is this satire?", actor=moderator, **given)
    if advised:
        advise_case(claim.case_id, "Satire of this kind is lawful.", actor=make_account(Role.LEGAL))
    else:
        hand.shift(WAITS)
        assert end_escalations(actor=SERVICE) == 1


def _noted(moderators: list[Actor]) -> None:
    """Notes of a holder and of legal, and a case set aside and one passed on by the other moderator."""
    holder, other = moderators[1], moderators[0]
    held = (
        db.session()
        .execute(
            sa.text("SELECT id, claim_generation FROM cases WHERE claimed_by = :account"),
            {"account": holder.account_id},
        )
        .first()
    )
    assert held is not None
    write_note(held.id, "The mirror of an older one.", claim_generation=held.claim_generation, actor=holder)
    write_note(held.id, "Pinned by legal.", pinned=True, actor=make_account(Role.LEGAL))
    claim = claim_next(actor=other)
    assert claim is not None
    write_note(claim.case_id, "Not my language.", claim_generation=claim.claim_generation, actor=other)
    until = clock.now() + timedelta(hours=1)
    set_aside_case(claim.case_id, until, claim_generation=claim.claim_generation, actor=other)
    again = claim_case(claim.case_id, actor=other)
    pass_case(claim.case_id, "language", claim_generation=again.claim_generation, actor=other)


def _asked(senders: list[Actor], moderator: Actor, hand: Any, *, end: str) -> None:
    """A question to a sender: answered, left when its item is withdrawn, come back by itself, or waiting."""
    url = f"https://video.example/asked/{end[:2]}"
    for number, sender in enumerate(senders):
        receive(sender, url, reference=f"ASKED-{number}-{end[:2]}")
    case_id = str(db.session().scalar(sa.select(Item.case_id).where(Item.canonical_url == url).limit(1)))
    claim = claim_case(case_id, actor=moderator)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    ask_sender(case_id, "At which minute is it?", actor=moderator, **given)
    item_id = str(db.session().scalar(sa.select(Question.item_id).where(Question.case_id == case_id)))
    asked = sender_actor(dict(_owners(case_id))[item_id])
    if end == "answered":
        referral_id = str(db.session().scalar(sa.select(Item.referral_id).where(Item.id == item_id)))
        give_answer(referral_id, "At minute 3.", actor=asked)
    elif end == "withdrawn":
        withdraw_item(item_id, actor=asked)
    elif end:
        hand.shift(SENDER_WAITS)
        assert end_questions(actor=SERVICE) == 1


def _owners(case_id: str) -> list[tuple[str, str]]:
    rows = db.session().execute(
        sa.text(
            "SELECT items.id, referrals.sender_id FROM items"
            " JOIN referrals ON referrals.id = items.referral_id WHERE case_id = :case_id"
        ),
        {"case_id": case_id},
    )
    return [(row[0], row[1]) for row in rows]
