"""Erasures: asked for and let go by two people, through all tables, and the trail still adds up."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db
from review.actions.erasures import execute_erasures, refuse_erasure, request_erasures
from review.actions.holds import release_hold
from review.actions.trail import verify_trail
from review.domain.erasures import Ground, NotErasable, read_mark
from review.domain.holds import RecordHeld, RecordKind
from review.domain.permissions import OPERATOR, Actor, Role
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted
from review.models import (
    Account,
    Answer,
    Case,
    Draft,
    Erasure,
    Evidence,
    Item,
    Note,
    Opening,
    Referral,
    Review,
    SearchEntry,
)
from review.queries.erasures import erased_digests
from review.queries.stored_rows import differences
from tests.actions.races import at_once
from tests.bundles import bundle_of, judged, policy_of
from tests.complaints import Complained
from tests.conftest import Desk
from tests.erasures import CHECKED, TEXTS, WHY, Decided, ask, decided_record, erase, hold
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.trails import settle


def intact(desk: Desk) -> bool:
    """Whether trail and rows add up; says what does not."""
    settle(desk.settings.data_dir)
    finding = verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding
    assert finding.intact, finding.sentence
    return True


def events(desk: Desk, event_type: str) -> list[Opening]:
    return list(desk.session.scalars(sa.select(Opening).where(Opening.event_type == event_type)))


def test_an_erased_rationale_is_gone_and_the_trail_still_adds_up(desk: Desk) -> None:
    record = decided_record()
    settle(desk.settings.data_dir)
    erasure_id = erase(record, "rationale")
    rationale, statement = desk.session.execute(sa.select(Review.rationale, Review.statement)).one()
    assert read_mark(rationale)
    assert statement == TEXTS["statement"]
    (told,) = events(desk, "case.review_recorded")
    assert "rationale" not in told.fields
    assert "statement" in told.fields
    (event,) = events(desk, "erasure.executed")
    assert event.object_id == erasure_id
    assert event.object_version == 2
    assert intact(desk)


@pytest.mark.parametrize("kind", [RecordKind.CASE, RecordKind.REFERRAL])
def test_everything_of_a_record_can_go(desk: Desk, tmp_path: Path, kind: RecordKind) -> None:
    record = decided_record()
    settle(desk.settings.data_dir)
    before = bundle_of(case_ids=[record.case_id])
    parts = {
        RecordKind.CASE: ("rationale", "statement", "notes", "questions", "advice", "captures"),
        RecordKind.REFERRAL: ("reference", "contact", "reason", "url", "evidence"),
    }[kind]
    erase(record, *parts, kind=kind)
    assert intact(desk)
    assert list(differences(desk.session, evidence=None)) == []
    session = desk.session
    if kind is RecordKind.CASE:
        assert read_mark(session.scalars(sa.select(Note.text)).one())
        assert b"STATEMENT-CANARY" not in session.scalars(sa.select(Answer.body)).one()
        assert session.scalar(sa.select(Draft.case_id)) is None
    else:
        referral = session.scalars(sa.select(Referral)).one()
        assert read_mark(referral.reference)
        assert (referral.received_body, referral.contact_name, referral.contact_email) == (b"", None, None)
        assert session.scalars(sa.select(Item.canonical_url)).one().startswith("https://erased.invalid/")
        assert session.scalar(sa.select(SearchEntry.term)) is None
    after = bundle_of(case_ids=[record.case_id])
    for bundle in (before, after):
        code, said = judged(tmp_path, policy_of(desk), bundle)
        assert code == 0, said
    assert "committed, opening erased" in said
    assert not re.search(r"of erasure\.executed .*: committed", said), "the erasure itself tells all"


def test_complaints_can_go_with_what_was_answered(desk: Desk) -> None:
    case = Complained(desk)
    case.complain()
    case.register()
    case.uphold()
    settle(desk.settings.data_dir)
    record = Decided(case.case_id, case.referrals[0], case.items[0], case.senders[0])
    erase(record, "complaints", "statement")
    stored = case.complaints()
    assert len(stored) == 2
    for one in stored:
        assert read_mark(one.reasons)
        assert one.contact is None
        assert read_mark(one.statement or "")
    for event_type in ("case.complaint_received", "item.complaint_sent", "item.complaint_answered"):
        assert not {"reasons", "contact", "statement"} & set(events(desk, event_type)[0].fields), event_type
    assert case.item_seen_by(0)["status"] == "decided"
    assert intact(desk)
    assert list(differences(desk.session, evidence=None)) == []


def test_a_referral_and_its_case_can_both_be_emptied(desk: Desk) -> None:
    record = decided_record()
    erase(record, "rationale", "statement", "notes")
    erase(record, "reference", "contact", "reason", "url", "evidence", kind=RecordKind.REFERRAL)
    erase(record, "contacts", kind=RecordKind.SENDER)
    assert intact(desk)


def test_parts_asked_for_twice_are_erased_once(desk: Desk) -> None:
    record = decided_record()
    erase(record, "rationale")
    erase(record, "rationale", "notes")
    assert intact(desk)


def test_what_is_asked_waits_and_is_on_the_trail(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    row = desk.session.get_one(Erasure, erasure_id)
    assert (row.state, row.requested_by, row.parts) == ("waiting", record.asker.id, ["rationale"])
    assert desk.session.scalars(sa.select(Review.rationale)).one() == TEXTS["rationale"]
    (event,) = events(desk, "erasure.requested")
    assert (event.object_id, set(event.fields)) == (erasure_id, {"record", "parts", "reason"})
    assert intact(desk)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.ADMIN, Role.SENDER])
def test_only_legal_asks(desk: Desk, role: Role) -> None:
    record = decided_record()
    record.asker = make_account(role, sender_id=make_sender() if role is Role.SENDER else None)
    with pytest.raises(NotPermitted):
        ask(record, "rationale")
    assert events(desk, "erasure.requested") == []


def test_an_open_case_cannot_be_asked_about(desk: Desk) -> None:
    received = receive(sender_actor(make_sender()))
    case_id = desk.session.scalars(sa.select(Case.id)).one()
    legal = make_account(Role.LEGAL)
    for kind, about in ((RecordKind.CASE, case_id), (RecordKind.REFERRAL, received.referral_id)):
        part = "rationale" if kind is RecordKind.CASE else "url"
        with pytest.raises(NotErasable):
            request_erasures(kind, [about], [part], ground=Ground.ORDER, reason=WHY, actor=legal)
    with pytest.raises(NotFound):
        request_erasures(
            RecordKind.CASE, ["C-0000-0000-0000"], ["notes"], ground=Ground.ORDER, reason=WHY, actor=legal
        )


@pytest.mark.parametrize(
    ("parts", "ground", "reason", "pointers"),
    [
        ([], "order", WHY, {"parts"}),
        (["url"], "order", WHY, {"parts"}),
        (["notes"], "because", " ", {"ground", "reason"}),
    ],
)
def test_a_request_says_what_and_why(
    desk: Desk, parts: list[str], ground: str, reason: str, pointers: set[str]
) -> None:
    record = decided_record()
    with pytest.raises(InvalidInput) as caught:
        request_erasures(
            RecordKind.CASE, [record.case_id], parts, ground=ground, reason=reason, actor=record.asker
        )
    assert {error.pointer for error in caught.value.errors} == pointers


def test_of_two_who_ask_at_once_one_is_told_that_it_waits(desk: Desk) -> None:
    record = decided_record()
    found = at_once(desk.app, [lambda: ask(record, "notes"), lambda: ask(record, "rationale")])
    assert [type(one) for one in found if not isinstance(one, str)] == [AlreadyExists]
    assert len(events(desk, "erasure.requested")) == 1


def test_nobody_lets_the_own_request_go(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    for settle_it in settling(erasure_id, record.asker):
        with pytest.raises(NotPermitted):
            settle_it()
    assert desk.session.scalars(sa.select(Review.rationale)).one() == TEXTS["rationale"]


def settling(erasure_id: str, actor: Actor) -> list[Callable[[], None]]:
    return [
        lambda: execute_erasures([erasure_id], CHECKED, actor=actor),
        lambda: refuse_erasure(erasure_id, WHY, actor=actor),
    ]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.SENDER])
def test_others_settle_nothing(desk: Desk, role: Role) -> None:
    erasure_id = ask(decided_record(), "rationale")
    other = make_account(role, sender_id=make_sender() if role is Role.SENDER else None)
    for settle_it in settling(erasure_id, other):
        with pytest.raises(NotPermitted):
            settle_it()


def test_an_administrator_may_be_the_second_person(desk: Desk) -> None:
    record = decided_record()
    record.second = make_account(Role.ADMIN)
    erase(record, "rationale")
    assert read_mark(desk.session.scalars(sa.select(Review.rationale)).one())


def test_a_request_of_somebody_who_lost_the_role_is_not_carried_out(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    with desk.app.app_context(), db.transaction() as writer:
        writer.execute(
            sa.update(Account).where(Account.id == record.asker.account_id).values(role="moderator")
        )
    with pytest.raises(NotPermitted, match="not legal staff"):
        execute_erasures([erasure_id], CHECKED, actor=record.second)
    refuse_erasure(erasure_id, WHY, actor=record.second)


def test_a_refused_request_erases_nothing_and_is_on_the_trail(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    refuse_erasure(erasure_id, "The letter was not the person's own.", actor=record.second)
    row = desk.session.get_one(Erasure, erasure_id)
    assert (row.state, row.ended_by) == ("refused", record.second.id)
    assert desk.session.scalars(sa.select(Review.rationale)).one() == TEXTS["rationale"]
    assert len(events(desk, "erasure.refused")) == 1
    for settle_it in settling(erasure_id, record.second):
        with pytest.raises(AlreadyClosed):
            settle_it()
    ask(record, "rationale")  # it can be asked for anew
    assert intact(desk)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2_001, "a\x07b"])
def test_a_reason_says_something(desk: Desk, reason: str) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    with pytest.raises(InvalidInput):
        refuse_erasure(erasure_id, reason, actor=record.second)
    with pytest.raises(InvalidInput):
        execute_erasures([erasure_id], reason, actor=record.second)


def test_of_two_who_settle_at_once_one_wins(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")
    others = [make_account(Role.LEGAL), make_account(Role.ADMIN)]
    calls = [settling(erasure_id, others[0])[0], settling(erasure_id, others[1])[1]]
    found = at_once(desk.app, calls)
    assert [type(one) for one in found if one is not None] == [AlreadyClosed]
    assert len(events(desk, "erasure.executed")) + len(events(desk, "erasure.refused")) == 1


@pytest.mark.parametrize("kind", list(RecordKind))
def test_while_a_hold_stands_nothing_goes(desk: Desk, kind: RecordKind) -> None:
    record = decided_record()
    asked = [ask(record, "rationale"), ask(record, "url", kind=RecordKind.REFERRAL)]
    hold_id = hold(record, kind)
    for erasure_id in asked:
        with pytest.raises(RecordHeld):
            execute_erasures([erasure_id], CHECKED, actor=record.second)
    other = decided_record(sender_id=record.sender_id, number=1)
    if kind is RecordKind.SENDER:
        with pytest.raises(RecordHeld):
            ask(other, "notes")
    else:
        ask(other, "notes")
    assert events(desk, "erasure.executed") == []
    release_hold(hold_id, "The proceedings are over.", actor=record.second)
    execute_erasures(asked, CHECKED, actor=record.second)
    assert len(events(desk, "erasure.executed")) == 2


def test_a_hold_and_an_erasure_at_once_leave_one_of_them(desk: Desk) -> None:
    record = decided_record()
    erasure_id = ask(record, "rationale")

    def place() -> None:
        hold(record)

    found = at_once(desk.app, [settling(erasure_id, record.second)[0], place])
    held = any(isinstance(one, RecordHeld) for one in found)
    rationale = desk.session.scalars(sa.select(Review.rationale)).one()
    assert held == (rationale == TEXTS["rationale"])


def test_many_are_erased_in_one_step_or_none(desk: Desk) -> None:
    records = [decided_record(number=number) for number in (1, 2)]
    legal, second = records[0].asker, records[0].second
    ids = [record.case_id for record in records]
    asked = request_erasures(
        RecordKind.CASE, ids, ["rationale"], ground=Ground.ORDER, reason=WHY, actor=legal
    )
    hold(records[1])
    with pytest.raises(RecordHeld):
        execute_erasures(asked, CHECKED, actor=second)
    assert set(desk.session.scalars(sa.select(Review.rationale))) == {TEXTS["rationale"]}


def test_a_file_that_another_record_needs_is_not_named(desk: Desk) -> None:
    first, second = decided_record(number=1), decided_record(number=2)
    erase(first, "evidence", kind=RecordKind.REFERRAL)
    assert erased_digests(desk.session) == []
    erase(second, "evidence", kind=RecordKind.REFERRAL)
    digests = set(desk.session.scalars(sa.select(Evidence.sha256)))
    assert erased_digests(desk.session) == list(digests)
