"""Notes: appended by whoever holds the case, leads and legal, with mentions, each on the trail."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.cases import claim_case, release_claim
from review.actions.decisions import save_draft
from review.actions.notes import write_note
from review.actions.withdrawals import withdraw_item
from review.domain.notes import Reader
from review.domain.permissions import Actor, Role
from review.errors import AlreadyClosed, ClaimLost, InvalidInput, NotFound, NotPermitted
from review.models import Account, Case, Draft, Item, Note, NoteMention, Opening
from review.queries.notes import mentions_of, notes_on, notes_told
from review.queries.record_timeline import text_in
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, sender_actor
from tests.threads import together

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TEXT = "The second video is a mirror of the first."


def name_of(desk: Desk, person: Actor) -> str:
    return desk.session.get_one(Account, person.account_id).pseudonym


def read(desk: Desk, case_id: str, person: Actor, *, state: str = "open", **reader: Any) -> list[str]:
    given = {"holds": False, "leads": False, "reviewed": False} | reader
    notes = notes_on(
        desk.session, case_id, state=state, account_id=person.account_id, as_reader=Reader(**given)
    )
    return [note.text for note in notes]


def told(desk: Desk, case_id: str) -> list[str]:
    ordered = sa.select(Opening.event_type).where(Opening.object_id == case_id)
    return list(desk.session.scalars(ordered.order_by(Opening.object_version)))


def held(case_id: str, person: Actor) -> dict[str, Any]:
    return {"claim_generation": claim_case(case_id, actor=person).claim_generation, "actor": person}


def test_a_note_of_the_holder_is_kept_and_on_the_trail_with_its_text_as_a_value(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    note_id = write_note(case_id, f" {TEXT}\r\n", pinned=True, **held(case_id, person))
    note = desk.session.get_one(Note, note_id)
    assert (note.text, note.claim_generation, note.pinned) == (TEXT, 1, True)
    event = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "case.note_written")).one()
    assert (text_in(event.fields, "note"), text_in(event.fields, "text")) == (note_id, TEXT)
    assert TEXT.encode() not in event.envelope
    assert told(desk, case_id) == ["case.claimed", "case.note_written"]
    (in_record,) = notes_told(desk.session, case_id)
    assert (in_record.author, in_record.text, in_record.pinned) == (name_of(desk, person), TEXT, True)


def test_leads_and_legal_write_on_cases_that_they_do_not_hold(desk: Desk) -> None:
    case_id = make_case()
    for role in (Role.LEAD, Role.LEGAL):
        write_note(case_id, TEXT, actor=make_account(role))
    claim_case(case_id, actor=make_account())
    write_note(case_id, TEXT, claim_generation=0, actor=make_account(Role.LEAD))
    generations = desk.session.scalars(sa.select(Note.claim_generation).order_by(Note.written_at)).all()
    assert generations == [0, 0, 1]


def test_nobody_else_writes_notes(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    claim_case(case_id, actor=person)
    with pytest.raises(NotPermitted):
        write_note(case_id, TEXT, actor=make_account(Role.ADMIN))
    with pytest.raises(ClaimLost):
        write_note(case_id, TEXT, claim_generation=1, actor=make_account())
    with pytest.raises(ClaimLost):
        write_note(case_id, TEXT, claim_generation=2, actor=person)
    assert desk.session.scalars(sa.select(Note)).all() == []


def test_no_note_on_a_case_that_is_withdrawn_or_is_none(desk: Desk) -> None:
    sender_id = make_sender()
    case_id, lead = make_case(sender_id=sender_id), make_account(Role.LEAD)
    item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    withdraw_item(item_id, actor=sender_actor(sender_id))
    with pytest.raises(AlreadyClosed):
        write_note(case_id, TEXT, actor=lead)
    with pytest.raises(NotFound):
        write_note("C-0000-0000-0000", TEXT, actor=lead)


def test_a_claim_that_ended_writes_no_note(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(), make_account()
        given = held(case_id, person)
        hand.shift(timedelta(minutes=15))
        with pytest.raises(ClaimLost):
            write_note(case_id, TEXT, **given)
    assert told(desk, case_id) == ["case.claimed"]


def test_notes_of_many_at_once_are_all_kept_each_with_its_event(desk: Desk) -> None:
    case_id = make_case()
    people = [make_account(Role.LEAD) for _number in range(6)]
    calls = [partial(write_note, case_id, f"{TEXT} {place}", actor=lead) for place, lead in enumerate(people)]
    results = together(desk.app, calls)
    assert all(isinstance(result, str) for result in results), results
    assert len(set(desk.session.scalars(sa.select(Note.text)))) == 6
    assert told(desk, case_id) == ["case.note_written"] * 6


def test_a_release_at_the_same_moment_leaves_a_note_of_its_claim_or_none(desk: Desk) -> None:
    case_id, person = make_case(), make_account()
    given = held(case_id, person)
    calls: list[Callable[[], object]] = [
        partial(write_note, case_id, TEXT, **given),
        partial(release_claim, case_id, **given),
    ]
    results = together(desk.app, calls)
    assert [type(result) for result in results if isinstance(result, Exception)] in ([], [ClaimLost])
    written = desk.session.scalars(sa.select(Note.claim_generation)).all()
    assert written in ([], [1])
    assert told(desk, case_id).count("case.note_written") == len(written)


def test_mentioned_people_learn_of_the_case_and_of_nothing_else(desk: Desk) -> None:
    case_id, lead, legal = make_case(), make_account(Role.LEAD), make_account(Role.LEGAL)
    first, second = make_account(), make_account()
    names = [name_of(desk, one) for one in (first, second, legal)]
    text = f"@{names[0]}: compare with @{names[1].upper()}, and @{names[2]}; @{name_of(desk, lead)} does"
    write_note(case_id, text, actor=lead)
    for person in (first, second, legal):
        (mention,), more = mentions_of(desk.session, account_id=person.account_id or "", now=clock.now())
        assert (mention.case_id, mention.state, more) == (case_id, "open", False)
        assert read(desk, case_id, person) == []
    assert mentions_of(desk.session, account_id=lead.account_id or "", now=clock.now()) == ((), False)
    event = desk.session.scalars(sa.select(Opening).where(Opening.event_type == "case.note_written")).one()
    assert "mentions" in event.fields
    assert names[0].encode() not in event.envelope


def test_senders_administrators_and_closed_people_are_not_mentioned(desk: Desk) -> None:
    case_id, lead, gone = make_case(), make_account(Role.LEAD), make_account()
    others = [make_account(Role.ADMIN), make_account(Role.SENDER, sender_id=make_sender()), gone]
    with db.transaction() as writer:
        writer.execute(sa.update(Account).where(Account.id == gone.account_id).values(closed_at=clock.now()))
    for person in others:
        with pytest.raises(InvalidInput, match="Nobody who reads notes"):
            write_note(case_id, f"@{name_of(desk, person)} look", actor=lead)
    assert desk.session.scalars(sa.select(NoteMention)).all() == []
    assert desk.session.scalars(sa.select(Note)).all() == []


def test_a_mention_is_listed_for_fourteen_days(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, person = make_case(), make_account()
        write_note(case_id, f"@{name_of(desk, person)}", actor=make_account(Role.LEAD))
    account_id = person.account_id or ""
    assert mentions_of(desk.session, account_id=account_id, now=NOW + timedelta(days=13))[0]
    assert mentions_of(desk.session, account_id=account_id, now=NOW + timedelta(days=14)) == ((), False)


def test_who_judges_after_others_reads_only_what_was_written_before_the_first_claim(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, lead, author = make_case(), make_account(Role.LEAD), make_account()
        write_note(case_id, "early", actor=lead)
        hand.shift(timedelta(seconds=1))
        given = held(case_id, author)
        write_note(case_id, "late", **given)
        hand.shift(timedelta(seconds=1))
        write_note(case_id, "pinned", pinned=True, claim_generation=1, actor=author)
        second = make_account()
        assert read(desk, case_id, second, holds=True) == ["pinned", "late", "early"]
        assert read(desk, case_id, second, state="second_review", holds=True) == ["early"]
        assert read(desk, case_id, second, state="resolving", holds=True) == ["early"]
        assert read(desk, case_id, second, state="second_review") == []
        assert read(desk, case_id, lead, state="second_review", leads=True) == ["early"]
        assert read(desk, case_id, author, state="second_review", reviewed=True) == [
            "pinned", "late", "early",
        ]  # fmt: skip
        first: dict[str, Any] = {"reviewed": True, "read_until": NOW + timedelta(seconds=1)}
        for state in ("open", "second_review", "resolving"):
            assert read(desk, case_id, second, state=state, **first) == ["late", "early"], "as its holder did"
        assert read(desk, case_id, second, state="decided", reviewed=True) == ["pinned", "late", "early"]


def test_who_wrote_an_early_note_is_not_told_to_who_judges_after_others(desk: Desk) -> None:
    case_id, second = make_case(), make_account()
    write_note(case_id, TEXT, actor=make_account(Role.LEAD))
    reader = Reader(holds=True, leads=False, reviewed=False)
    for state, known in (("second_review", False), ("resolving", False), ("open", True)):
        (note,) = notes_on(desk.session, case_id, state=state, account_id=second.account_id, as_reader=reader)
        assert (note.author is not None) is known


def test_a_case_needs_no_claim_to_have_had_none(desk: Desk) -> None:
    """A claim that was given back still was the first."""
    case_id, person = make_case(), make_account()
    given = held(case_id, person)
    release_claim(case_id, **given)
    write_note(case_id, TEXT, actor=make_account(Role.LEAD))
    assert desk.session.scalars(sa.select(Note.claim_generation)).all() == [1]
    assert desk.session.get_one(Case, case_id).claimed_by is None


def test_a_draft_that_comes_after_its_note_brings_the_note_back_to_nobody(desk: Desk) -> None:
    """Saved while somebody typed, on its way when the note was written."""
    case_id, holder = make_case(), make_account()
    claim = claim_case(case_id, actor=holder)
    save = partial(save_draft, case_id, claim_generation=claim.claim_generation, actor=holder, unasked=True)
    typed = {"rationale": "so far", "note": "Seen in autumn.\r\n", "mention": ""}
    save(typed)
    assert _draft(desk) == typed
    write_note(case_id, "Seen in autumn.", claim_generation=claim.claim_generation, actor=holder)
    assert _draft(desk) == {"rationale": "so far"}, "nor one that came right before"
    save(typed)
    assert _draft(desk) == {"rationale": "so far"}
    save(typed | {"note": "Seen in winter."})
    assert _draft(desk)["note"] == "Seen in winter."


def _draft(desk: Desk) -> dict[str, Any]:
    return dict(desk.session.scalars(sa.select(Draft.fields)).one())
