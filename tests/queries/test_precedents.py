"""Earlier decisions that are like a case: found by location, file, picture and words, and by nothing else."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.cases import claim_case
from review.actions.evidence import keep_look
from review.actions.indexing import index_referrals
from review.actions.looks import look_without_evidence
from review.domain.media import Kind, Look
from review.domain.permissions import SERVICE, Role
from review.domain.precedents import Agreement, Why
from review.models import Item, Referral
from review.queries import precedents
from review.queries.looks import ClauseNamed, shown_precedents
from review.queries.precedents import precedents_of
from tests.conftest import Desk
from tests.domain.test_precedents import flipped
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import join_case, make_account, make_case, make_clause
from tests.judging import DECLINE, OTHER_DECLINE, accept, judge, settle_review
from tests.pieces import add_evidence

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PLACE = "https://video.example/watch/here"
SAID = "A masked crowd burns the harbour flag while chanting praise of an unlisted brotherhood"
HASH = hashlib.sha256(b"a picture").hexdigest()


def decided(hand: Any, *, review: Any = DECLINE, **members: Any) -> str:
    """A case that is decided by one review."""
    case_id = make_case(**members)
    settle_review(judge(case_id, make_account(), review), hand, lot=NOT_DRAWN)
    return case_id


def found(desk: Desk, case_id: str) -> list[tuple[str, Why, int | None]]:
    return [(one.case_id, one.why, one.measure) for one in precedents_of(desk.session, case_id)]


def read_in() -> None:
    """Let the loop read everything in that has settled."""
    with db.transaction() as writer:
        for number, row in enumerate(writer.scalars(sa.select(Referral.id).order_by(Referral.id)).all(), 1):
            moved = sa.update(Referral).where(Referral.id == row).values(change_position=number)
            writer.execute(moved)
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        while index_referrals(actor=SERVICE):
            pass


def picture(case_id: str, perceptual_hash: str, content: str) -> None:
    """A piece of evidence of the case that was looked into."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    add_evidence(case_id, content.encode())
    keep_look(digest, Look(kind=Kind.PNG, width=9, height=9, frames=1, perceptual_hash=perceptual_hash))


def test_the_same_location_is_found_only_where_it_was_decided(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        first, notice = decided(hand, url=PLACE), decided(hand, url=PLACE, intake_kind="notice")
        decided(hand)
        case_id = make_case(url=PLACE)
        assert found(desk, case_id) == [(notice, Why.LOCATION, None), (first, Why.LOCATION, None)]


def test_the_same_file_is_found_by_its_digest(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        earlier, other, waiting = decided(hand), decided(hand), make_case()
        case_id = make_case()
        for one in (earlier, waiting, case_id):
            add_evidence(one, b"the same file")
        add_evidence(other, b"another file")
        assert found(desk, case_id) == [(earlier, Why.FILE, None)]


def test_a_picture_that_looks_alike_is_found_by_its_bits(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        near, far, other = decided(hand), decided(hand), decided(hand)
        case_id = make_case()
        picture(case_id, HASH, "own")
        picture(near, flipped(HASH, [0, 40, 80, 120, 160, 200]), "near")
        picture(far, flipped(HASH, list(range(0, 248, 8))), "far")
        picture(other, flipped(HASH, list(range(0, 256, 8))), "other")
        assert found(desk, case_id) == [(near, Why.PICTURE, 6), (far, Why.PICTURE, 31)]


def test_a_file_that_is_the_same_is_no_similar_picture(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        earlier, case_id = decided(hand), make_case()
        picture(earlier, HASH, "same")
        picture(case_id, HASH, "same")
        assert found(desk, case_id) == [(earlier, Why.FILE, None)]


def test_similar_words_are_found_once_the_decided_case_is_read_in(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        earlier = decided(hand, reason=SAID)
        decided(hand, reason="Nothing of the kind is said about anybody who sails across this quiet river")
        make_case(reason=SAID)
        case_id = make_case(reason=SAID.replace("unlisted", "outlawed"))
        assert found(desk, case_id) == []
        read_in()
        ((case, why, share),) = found(desk, case_id)
        assert (case, why) == (earlier, Why.TEXT)
        assert share is not None
        assert 80 <= share < 100


def test_common_words_and_short_texts_tell_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        for _number in range(3):
            decided(hand, reason=SAID)
        decided(hand, reason="Praise here.")
        read_in()
        assert found(desk, make_case(reason="Praise here.")) == []
        again = make_case(reason=SAID)
        assert len(found(desk, again)) == 3
        monkeypatch.setattr(precedents, "COMMON", 2)
        assert found(desk, again) == []


def test_what_is_read_in_gives_no_word_back(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        decided(hand, reason=SAID)
        read_in()
        rows = [str(tuple(row)) for row in desk.session.execute(sa.text("SELECT * FROM case_terms"))]
        assert len(rows) > 5
        assert not any(word in row for row in rows for word in SAID.split() if len(word) > 3)


def test_withdrawn_items_are_not_what_a_case_is_found_by(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        earlier, case_id = decided(hand), make_case()
        add_evidence(earlier, b"the same file")
        add_evidence(case_id, b"the same file")
        with db.transaction() as writer:
            writer.execute(sa.update(Item).where(Item.case_id == case_id).values(status="withdrawn"))
        assert found(desk, case_id) == []


def test_a_second_reviewer_gets_no_duplicate_and_nothing_decided_since(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        same_place, same_file, alike = decided(hand, url=PLACE), decided(hand), decided(hand)
        case_id = make_case(url=PLACE)
        for one in (same_file, case_id):
            add_evidence(one, b"the same file")
        picture(case_id, HASH, "own")
        picture(alike, flipped(HASH, [3]), "alike")
        later = make_case()
        picture(later, flipped(HASH, [3, 4]), "later")
        hand.shift(timedelta(minutes=1))
        everything = [same_place, same_file, alike]
        assert [one for one, _why, _measure in found(desk, case_id)] == everything
        recorded = judge(case_id, make_account())
        settle_review(judge(later, make_account()), hand, lot=NOT_DRAWN)
        settle_review(recorded, hand, lot=DRAWN)
        assert found(desk, case_id) == [(alike, Why.PICTURE, 1)]


def test_a_duplicate_is_kept_from_a_second_reviewer_whatever_else_makes_it_like_the_case(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        same_place, same_file = decided(hand, url=PLACE, reason=SAID), decided(hand, reason=SAID)
        other = decided(hand, reason=SAID)
        read_in()
        case_id = make_case(url=PLACE, reason=SAID)
        for one in (same_file, case_id):
            add_evidence(one, b"the same file")
        for one, bits in ((case_id, []), (same_place, [3])):
            picture(one, flipped(HASH, bits), f"picture {bits}")
        hand.shift(timedelta(minutes=1))
        settle_review(judge(case_id, make_account()), hand, lot=DRAWN)
        assert [one for one, _why, _measure in found(desk, case_id)] == [other]


def test_a_second_reviewer_gets_nothing_of_the_same_referral(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        alike, case_id = decided(hand), make_case()
        picture(case_id, HASH, "own")
        picture(alike, flipped(HASH, [3]), "alike")
        hand.shift(timedelta(minutes=1))
        settle_review(judge(case_id, make_account()), hand, lot=DRAWN)
        assert [one for one, _why, _measure in found(desk, case_id)] == [alike]
        with db.transaction() as writer:
            own = writer.scalars(sa.select(Item.referral_id).where(Item.case_id == case_id)).one()
        item_id = join_case(case_id)
        with db.transaction() as writer:
            row = writer.get_one(Item, item_id)
            row_values = {column.name: getattr(row, column.name) for column in Item.__table__.columns} | {
                "id": "I-ZZZZ-ZZZZ-ZZZZ",
                "case_id": alike,
                "referral_id": own,
                "position": 7,
            }
            writer.execute(sa.insert(Item), row_values)
        assert found(desk, case_id) == []


def test_what_is_shown_says_what_came_out_when_and_how_sure(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        clause, person = make_clause("4.2"), make_account()
        one = decided(hand, url=PLACE, review=accept(clause))
        agreed = make_case(url=PLACE)
        for lot in (DRAWN, DRAWN):
            settle_review(judge(agreed, make_account()), hand, lot=lot)
        differed = make_case(url=PLACE)
        for review, role in (
            (DECLINE, Role.MODERATOR),
            (OTHER_DECLINE, Role.MODERATOR),
            (DECLINE, Role.LEAD),
        ):
            settle_review(judge(differed, make_account(role), review), hand, lot=DRAWN)
        at = {case: row.decided_at for case in (one, agreed, differed) for row in _decisions(desk, case)}
        case_id = make_case(url=PLACE)
        claim_case(case_id, actor=person)
        look_without_evidence(case_id, precedents=precedents_of(desk.session, case_id), actor=person)
        shown = shown_precedents(desk.session, case_id, account_id=person.account_id)
        assert [(row.case_id, row.agreement, row.why) for row in shown] == [
            (differed, Agreement.DIFFERED, Why.LOCATION),
            (agreed, Agreement.AGREED, Why.LOCATION),
            (one, Agreement.ONE, Why.LOCATION),
        ]
        accepted = shown[-1]
        assert (accepted.outcome, accepted.visibility, accepted.ground) == ("accepted", "removed", "terms")
        assert accepted.clauses == (ClauseNamed("4.2", "Clause 4.2", 1),)
        assert (shown[1].outcome, shown[1].decline_reason, shown[1].clauses) == ("declined", "no_breach", ())
        assert [row.judged_at for row in shown] == [at[differed], at[agreed], at[one]]
        assert shown_precedents(desk.session, case_id, account_id=make_account().account_id) == ()


def _seen_later(desk: Desk, hand: Any, place: str, lot: float) -> list[Any]:
    """What somebody is shown at a place where they reviewed a case, drawn for a second review or not."""
    person, clause = make_account(), make_clause(place)
    url = f"https://video.example/watch/{place}"
    reviewed = make_case(url=url, reason=SAID)
    settle_review(judge(reviewed, person, accept(clause)), hand, lot=lot)
    read_in()
    case_id = make_case(url=url, intake_kind="notice", reason=SAID)
    claim_case(case_id, actor=person)
    given = precedents_of(desk.session, case_id, account_id=person.account_id)
    look_without_evidence(case_id, precedents=given, actor=person)
    shown = shown_precedents(desk.session, case_id, account_id=person.account_id)
    assert [one.case_id for one in shown] == [reviewed]
    return [replace(one, case_id="", clauses=()) for one in shown]


def test_ones_own_review_stands_there_whether_the_case_was_drawn(desk: Desk) -> None:
    seen = []
    for place, lot in (("drawn", DRAWN), ("undrawn", NOT_DRAWN)):
        with time_machine.travel(NOW, tick=False) as hand:
            seen.append(_seen_later(desk, hand, place, lot))
            _withdraw_everything()
    assert seen[0] == seen[1]
    assert seen[0][0].agreement is Agreement.ONE


def _withdraw_everything() -> None:
    """Nothing of one story is found in the next."""
    with db.transaction() as writer:
        writer.execute(sa.text("DELETE FROM case_terms"))
        writer.execute(sa.text("DELETE FROM search_marks"))


def _decisions(desk: Desk, case_id: str) -> Any:
    return desk.session.execute(
        sa.text("SELECT decided_at FROM decisions WHERE case_id = :case_id").columns(decided_at=db.Moment),
        {"case_id": case_id},
    )
