"""Complaints: who may complain until when, who judges, and what the result leaves behind."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.cases import claim_case
from review.actions.complaints import complain, register_complaint
from review.actions.decisions import record_review, undo_review
from review.domain.complaints import ComplaintOpen, ComplaintTooLate, NoDecision
from review.domain.permissions import OPERATOR, SERVICE, Role, Scope
from review.errors import (
    CaseNotClaimable,
    InvalidInput,
    InvalidReview,
    NotDispatchable,
    NotFound,
    NotPermitted,
    ScopeTooSmall,
    StaleVersion,
)
from review.models import Case, Item, Review
from review.queries.stored_rows import differences
from tests.bundles import bundle_of, judged, policy_of
from tests.complaints import CONTACT, REASONS, WHY, Complained
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sender, sender_actor
from tests.judging import DECLINE, accept
from tests.threads import together
from tests.trails import settle

NOW = datetime(2026, 8, 31, 10, 0, tzinfo=UTC)


@pytest.fixture
def story(desk: Desk) -> Complained:
    """A declined case of two senders."""
    return Complained(desk)


def untold(desk: Desk) -> list[str]:
    """In what the rows are not as the trail tells."""
    return [one.sentence for one in differences(desk.session, evidence=None)]


# a sender complains


def test_a_sender_complains_and_it_is_on_the_trail(story: Complained) -> None:
    version = story.desk.session.get_one(Case, story.case_id).version
    story.complain()
    (complaint,) = story.complaints()
    assert story.state == "complaint"
    assert (complaint.decision_id, complaint.sender_id) == (story.decisions()[0].id, story.senders[0])
    assert (complaint.reasons, complaint.contact, complaint.ended_at) == (REASONS, None, None)
    assert complaint.joined_version == version + 1
    assert story.events()[-1] == "case.complaint_received"
    assert story.last_meta("case.complaint_received") == {"party": "sender", "version": version + 1}
    assert story.events(story.items[0]) == ["item.answered", "item.complaint_sent"]
    assert untold(story.desk) == []


def test_the_same_words_again_change_nothing_and_others_are_refused(story: Complained) -> None:
    story.complain()
    told = story.events()
    story.complain()
    assert story.events() == told
    with pytest.raises(ComplaintOpen):
        story.complain(reasons="Something else.")
    assert len(story.complaints()) == 1
    assert story.events() == told


def test_nobody_complains_of_what_is_anothers(story: Complained) -> None:
    with pytest.raises(NotFound):
        complain(story.items[0], REASONS, actor=story.actors[1])
    with pytest.raises(NotFound):
        complain("I-0000-0000-0000", REASONS, actor=story.actors[0])
    for actor in (story.moderator, story.lead, story.legal, OPERATOR, SERVICE):
        with pytest.raises(NotPermitted):
            complain(story.items[0], REASONS, actor=actor)
    with pytest.raises(ScopeTooSmall):
        complain(story.items[0], REASONS, actor=sender_actor(story.senders[0], Scope.READ))
    assert story.state == "decided"


@pytest.mark.parametrize("reasons", ["", " \n", "w" * 10_001, "words\x07"])
def test_a_complaint_says_why(story: Complained, reasons: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        story.complain(reasons=reasons)
    assert [one.pointer for one in raised.value.errors] == ["/reasons"]
    assert story.complaints() == []


def test_what_is_not_decided_cannot_be_complained_of(desk: Desk) -> None:
    sender_id = make_sender()
    make_case(sender_id=sender_id)
    item_id = desk.session.scalars(sa.select(Item.id)).one()
    with pytest.raises(NoDecision):
        complain(item_id, REASONS, actor=sender_actor(sender_id))


def test_six_months_are_open_and_not_a_moment_more(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        story = Complained(desk)
        hand.move_to(datetime(2027, 2, 28, 10, 0, 0, 1, tzinfo=UTC))
        with pytest.raises(ComplaintTooLate, match="2027-02-28T10:00:00"):
            story.complain()
        with pytest.raises(ComplaintTooLate):
            story.register()
        assert story.state == "decided"
        hand.move_to(datetime(2027, 2, 28, 10, 0, tzinfo=UTC))
        story.complain()
        assert story.state == "complaint"


def test_of_many_at_once_each_party_complains_once(story: Complained) -> None:
    calls: list[Callable[[], object]] = [
        partial(story.complain, place, f"In words {number}.") for number in range(4) for place in (0, 1)
    ]
    calls += [partial(story.register, f"In words {number}.") for number in range(2)]
    results = together(story.desk.app, calls)
    refused = [one for one in results if isinstance(one, Exception)]
    assert len(refused) == 7
    assert {type(one) for one in refused} == {ComplaintOpen}
    found = story.complaints()
    assert {one.sender_id for one in found} == {*story.senders, None}
    assert len(found) == 3
    assert story.events().count("case.complaint_received") == 3
    assert untold(story.desk) == []


# legal registers one of the content provider


def test_legal_registers_a_complaint_with_its_contact(story: Complained) -> None:
    complaint_id = story.register()
    (complaint,) = story.complaints()
    assert (complaint.id, complaint.sender_id, complaint.item_id) == (complaint_id, None, None)
    assert (complaint.registered_by, complaint.contact) == (story.legal.account_id, CONTACT)
    assert story.last_meta("case.complaint_received")["party"] == "content_provider"
    assert story.register() == complaint_id, "the same again changes nothing"
    with pytest.raises(ComplaintOpen):
        story.register("Something else.")
    with pytest.raises(ComplaintOpen):
        story.register(contact="another@mail.example")
    for place in (0, 1):
        assert "complaint" not in story.item_seen_by(place)
        assert story.events(story.items[place]) == ["item.answered"]
    assert untold(story.desk) == []


def test_nobody_but_legal_registers(story: Complained) -> None:
    for actor in (story.moderator, story.lead, make_account(Role.ADMIN), OPERATOR):
        with pytest.raises(NotPermitted):
            register_complaint(story.case_id, REASONS, CONTACT, actor=actor)
    with pytest.raises(ScopeTooSmall):
        register_complaint(story.case_id, REASONS, CONTACT, actor=story.actors[0])
    with pytest.raises(NotFound):
        register_complaint("C-0000-0000-0000", REASONS, CONTACT, actor=story.legal)


def test_it_names_reasons_and_contact(story: Complained) -> None:
    with pytest.raises(InvalidInput) as raised:
        story.register(" ", "")
    assert [one.pointer for one in raised.value.errors] == ["/reasons", "/contact"]


def test_an_open_case_has_nothing_to_register_against(story: Complained) -> None:
    with pytest.raises(NoDecision):
        register_complaint(make_case(), REASONS, CONTACT, actor=story.legal)


# who judges


def test_only_a_lead_without_a_part_in_the_case_may_claim_it(story: Complained) -> None:
    story.register()
    story.complain()
    once_legal = replace(story.legal, role=Role.LEAD)
    once_moderator = replace(story.moderator, role=Role.LEAD)
    for actor in (make_account(), once_moderator, once_legal):
        with pytest.raises(CaseNotClaimable):
            claim_case(story.case_id, actor=actor)
    with pytest.raises(NotPermitted):
        claim_case(story.case_id, actor=story.legal)
    assert claim_case(story.case_id, actor=story.lead).case_id == story.case_id
    with pytest.raises(CaseNotClaimable):
        claim_case(story.case_id, actor=make_account(Role.LEAD))


def test_a_later_complaint_is_refused_once_by_the_form_and_read_then(story: Complained) -> None:
    story.complain()
    claim = claim_case(story.case_id, actor=story.lead)
    story.register()
    with pytest.raises(StaleVersion):
        _record(story, claim, story.other)
    story.reverse()
    assert [one.result for one in story.complaints()] == ["reversed", "reversed"]


def _record(story: Complained, claim: Any, review: Any) -> str:
    given = {"claim_generation": claim.claim_generation, "version": claim.version}
    return record_review(story.case_id, review, actor=story.lead, **given).review_id


def test_the_answer_to_a_complaint_has_reasons_whatever_its_outcome(story: Complained) -> None:
    story.complain()
    formal = replace(DECLINE, decline_reason="not_found", statement="")
    with pytest.raises(InvalidReview) as raised:
        story.record(formal)
    assert [one.pointer for one in raised.value.errors] == ["statement"]


# it stands


def test_an_upheld_decision_stands_and_the_complainant_alone_is_told(story: Complained) -> None:
    story.complain()
    before = story.seen_by(1)
    story.uphold()
    assert story.state == "decided"
    assert len(story.decisions()) == 1
    assert [len(story.answers(place)) for place in (0, 1)] == [1, 1]
    (complaint,) = story.complaints()
    assert (complaint.result, complaint.statement) == ("upheld", DECLINE.statement)
    told = story.item_seen_by(0)["complaint"]
    assert (told["state"], told["statement"]) == ("upheld", DECLINE.statement)
    assert told.keys() == {"complained_at", "state", "ended_at", "statement"}
    assert story.seen_by(1) == before
    assert story.events()[-1] == "case.upheld"
    assert story.events(story.items[0])[-1] == "item.complaint_answered"
    assert story.events(story.items[1]) == ["item.answered"]
    assert untold(story.desk) == []


# it is reversed


def test_a_reversal_supersedes_and_answers_everybody_anew(story: Complained) -> None:
    story.complain()
    decision_id = story.reverse()
    first, second = story.decisions()
    assert (second.id, second.supersedes_id, second.outcome) == (decision_id, first.id, "accepted")
    assert (first.outcome, first.supersedes_id) == ("declined", None)
    assert story.state == "decided"
    for place in (0, 1):
        item = story.item_seen_by(place)
        assert (item["status"], item["outcome"]) == ("decided", "accepted")
        assert item["supersedes"]["outcome"] == "declined"
        assert item["restriction"]["visibility"] == "removed"
        assert len(story.answers(place)) == 2
        assert story.events(story.items[place]).count("item.answered") == 2
    assert story.item_seen_by(0)["complaint"]["state"] == "reversed"
    assert "complaint" not in story.item_seen_by(1)
    assert story.events()[-1] == "case.reversed"
    meta = {"outcome": "accepted", "previous_outcome": "declined"}
    assert story.last_meta("case.reversed") == meta
    assert story.last_meta("item.answered") == meta
    assert untold(story.desk) == []


def test_a_lifted_restriction_ends_on_the_trail(desk: Desk) -> None:
    story = Complained(desk, accepted=True)
    story.register()
    story.reverse()
    (restriction,) = story.restrictions()
    assert restriction.ends_at is not None
    assert story.events(restriction.id) == ["restriction.lifted"]
    assert story.item_seen_by(0)["restriction"] is None
    assert untold(desk) == []


def test_another_measure_replaces_the_first(desk: Desk) -> None:
    story = Complained(desk, accepted=True)
    story.register()
    assert story.dispatch(story.record(accept(story.clause, visibility="labelled"))) is not None
    first, second = story.restrictions()
    assert (first.visibility, second.visibility) == ("removed", "labelled")
    assert first.ends_at is not None
    assert second.ends_at is None
    assert untold(desk) == []


def test_the_new_decision_can_be_complained_of_before_another_lead(story: Complained) -> None:
    story.complain()
    story.reverse()
    story.register("It was satire.")
    with pytest.raises(CaseNotClaimable):
        story.record(story.first)
    other = make_account(Role.LEAD)
    assert story.dispatch(story.record(story.first, lead=other)) is not None
    assert [one.outcome for one in story.decisions()] == ["declined", "accepted", "declined"]
    assert [one.result for one in story.complaints()] == ["reversed", "reversed"]
    assert story.item_seen_by(0)["supersedes"]["outcome"] == "accepted"
    assert untold(story.desk) == []


@pytest.mark.parametrize("reversed_", [False, True])
def test_what_is_complained_of_after_the_review_is_judged_once_more(
    story: Complained, *, reversed_: bool
) -> None:
    story.complain(0)
    review_id = story.record(story.other if reversed_ else story.first)
    story.complain(1)
    assert (story.dispatch(review_id) is not None) is reversed_
    assert story.state == "complaint"
    assert [one.ended_at is None for one in story.complaints()] == [False, True]
    assert story.events()[-2:] == ["case.reversed" if reversed_ else "case.upheld", "case.complaint_carried"]
    assert story.item_seen_by(1)["complaint"]["state"] == "open"
    assert untold(story.desk) == []
    standing = story.other if reversed_ else story.first
    other = make_account(Role.LEAD)
    assert story.dispatch(story.record(replace(standing, rationale=WHY), lead=other)) is None
    assert story.item_seen_by(1)["complaint"]["state"] == "upheld"
    assert untold(story.desk) == []


def test_a_review_can_be_undone_and_is_dispatched_once(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        story = Complained(desk)
        desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, undo_seconds=60)
        story.complain()
        review_id = story.record(story.other)
        with pytest.raises(NotDispatchable):
            story.dispatch(review_id)
        undo_review(story.case_id, actor=story.lead)
        assert story.state == "complaint"
        hand.shift(timedelta(seconds=61))
        with pytest.raises(NotDispatchable):
            story.dispatch(review_id)
        again = story.record(story.other)
        hand.shift(timedelta(seconds=61))
        results = together(desk.app, [partial(story.dispatch, again)] * 4)
        assert len([one for one in results if isinstance(one, NotDispatchable)]) == 3
        assert len(story.decisions()) == 2
        reviews = desk.session.query(Review).filter_by(case_id=story.case_id, round="complaint").all()
        assert len(reviews) == 2
        assert untold(desk) == []


def test_a_bundle_of_reversed_and_upheld_decisions_is_proven_offline(
    story: Complained, tmp_path: Path
) -> None:
    story.complain()
    story.reverse()
    story.register("It was satire.")
    second = make_account(Role.LEAD)
    same = replace(story.other, rationale=f"{WHY} It still praises them.")
    assert story.dispatch(story.record(same, lead=second)) is None
    settle(story.desk.settings.data_dir)
    bundle = bundle_of(case_ids=[story.case_id])
    code, said = judged(tmp_path, policy_of(story.desk), bundle)
    assert (code, "2 decisions" in said) == (0, True), said
    told = [json.loads(line) for line in bundle.splitlines()]
    kinds = {json.loads(one["envelope"])["type"] for one in told if "envelope" in one}
    assert {"case.reversed", "case.upheld", "item.complaint_sent", "item.complaint_answered"} <= kinds
