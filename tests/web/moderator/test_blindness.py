"""A second reviewer gets the same bytes whatever the first did; the first learns nothing of the second."""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import escalations, questions, rounds
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.actions.notes import write_note
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.domain.states import LIVE, Round
from review.models import Account, Case, Item, SignIn
from review.queries import reversals
from review.queries.cases import CaseSummary
from review.queries.decisions import standing_reviews
from review.web.moderator import cases as case_pages
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import make_account, make_case, make_clause, make_key, make_sender, sender_actor
from tests.judging import DECLINE, OTHER_DECLINE, accept, judge, settle_review
from tests.queries.test_precedents import picture
from tests.web.moderator.blind import (
    COLLEAGUE,
    NOW,
    PLACE,
    Stage,
    Story,
    Told,
    Watcher,
    end_story,
    orders,
    tell,
)
from tests.web.moderator.blind import (
    stories as all_stories,
)
from tests.web.moderator.blind_deeds import FACTS, UNSEEN, deeds
from tests.web.moderator.test_pages import Moderator

EARLIER = "https://video.example/earlier/"
_earlier = itertools.count(1)


@pytest.fixture
def stage(desk: Desk) -> Iterator[Stage]:
    with time_machine.travel(NOW, tick=False) as hand:
        yield Stage(desk, hand, make_clause("4.2"), make_sender("Unit of many stories"))


def _everything(watcher: Watcher) -> dict[str, str]:
    """All that somebody may look at and try who could be the second reviewer, and then is."""
    case_id = watcher.told.case_id
    case, look = f"/cases/{case_id}", watcher.look
    item = watcher.stage.desk.session.scalars(sa.select(Item).where(Item.case_id == case_id)).one()

    def token() -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', watcher.person.get("/queue"))
        assert found is not None
        return found[1]

    def post(name: str, address: str, **fields: Any) -> None:
        look(name, address, method="POST", data={"csrf_token": token()} | fields)

    look("queue", "/queue")
    look("apart", case)
    look("found by id", f"/search?q={case_id}")
    look("found by address", f"/search?q={item.canonical_url}")
    look("own work, idle", "/my-work")
    post("undo of nothing", f"{case}/undo")
    post("record without a claim", f"{case}/review", version=1, claim_generation=1, outcome="declined")
    post("next", "/queue/next")
    page = look("the case", case)
    numbers = dict(re.findall(r'name="(version|claim_generation)"[^>]*value="(\d+)"', page))
    look("queue, held", "/queue")
    look("search, held", f"/search?q={case_id}")
    look("own work, held", "/my-work")
    post("old version", f"{case}/review", **(numbers | {"version": "1"}), outcome="declined")
    post("nothing chosen", f"{case}/review", **numbers)
    post("escalated", f"{case}/review", **numbers, outcome="escalate", rationale="What does legal say?")
    post("first look", f"{case}/look", **numbers)
    look("the case after the first look", case)
    post("draft", f"{case}/draft", **numbers, rationale="So far")
    look("the case with a draft", case)
    post("draft, by the script", f"{case}/draft", **numbers, rationale="So far, and on", autosave="1")
    post("kept, by the script", f"{case}/renew", **numbers, autosave="1")
    if step := re.search(r'formaction="([^"]*/reveal\?[^"]*)"', page):
        post("evidence", unescape(step[1]), **numbers)
        look("the case with evidence", case)
        post("hidden", f"{case}/hide", **numbers)
        post("captured nothing", f"{case}/capture?item={item.id}", **numbers)
    post("kept", f"{case}/renew", **numbers)
    post("given back", f"{case}/release", **numbers, rationale="So far")
    look("own work with a draft", "/my-work")
    post("taken again", f"{case}/claim")
    look("the case again", case)
    look("no such case", "/cases/C-0000-0000-0000")
    look("the record, which is legal's", f"/records/{case_id}")
    for address in ("/healthz", "/readyz", "/metrics", "/numbers", "/trail"):
        look(address, address, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    return watcher.seen


def _assert_same(found: dict[str, dict[str, str]]) -> None:
    (known, expected), *others = found.items()
    for story, answers in others:
        assert answers.keys() == expected.keys()
        for name, answer in answers.items():
            assert answer == expected[name], f"{name} tells {story} from {known}"
            assert len(answer) == len(expected[name])


@pytest.mark.parametrize("stories", [all_stories, orders])
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD])
def test_a_second_reviewer_gets_the_same_bytes_whatever_the_first_did(
    stage: Stage, stories: Callable[[str], dict[str, Story]], role: Role
) -> None:
    _assert_same(_watched(stage, role, stories(stage.clause)))


def test_nothing_tells_a_second_reviewer_what_the_first_did_on_the_way(stage: Stage) -> None:
    _assert_same(_watched(stage, Role.LEAD, deeds(stage.clause, UNSEEN)))


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_that_the_first_reviewer_brought_tells_nothing_of_the_review(stage: Stage, fact: str) -> None:
    """A capture and an answered question are facts of the case (see `FACTS`): there, and all else is alike.

    So the stories with the fact are the same whatever was decided, and with the fact taken out they are the
    same as the story in which nobody brought any.
    """
    with_it = _watched(stage, Role.MODERATOR, deeds(stage.clause, {fact: FACTS[fact]}, each=2))
    _assert_same(with_it)
    left_alone = _watched(stage, Role.MODERATOR, deeds(stage.clause, {"left alone": UNSEEN["left alone"]}))
    with pytest.raises(AssertionError, match="tells"):
        _assert_same(with_it | left_alone)
    _assert_same({name: _without_facts(seen) for name, seen in (with_it | left_alone).items()})


def _watched(stage: Stage, role: Role, told: dict[str, Story]) -> dict[str, dict[str, str]]:
    """What a second reviewer gets to see after each of the stories."""
    found = {}
    for number, (name, story) in enumerate(told.items()):
        done = tell(stage, number, story)
        found[name] = _everything(Watcher(stage, done, role))
        assert "Independent review" in found[name]["8 the case"]
        end_story(stage, done.case_id)
    return found


def _without_facts(seen: dict[str, str]) -> dict[str, str]:
    """The answers without captures, the panel of an answered question, and lengths that count them."""
    plain = {}
    for name, answer in seen.items():
        text = re.sub(r'<li class="piece"(?:(?!</li>).)*captured here.*?</li>', "", answer, flags=re.DOTALL)
        panel = r"<section(?:(?!</section>).)*Answer of the sender.*?</section>"
        text = re.sub(panel, "", text, flags=re.DOTALL)
        plain[name] = re.sub(r"\s*\n\s*", "\n", re.sub(r"Content-Length: \d+", "", text))
    return plain


def _two(stage: Stage) -> dict[str, dict[str, str]]:
    """Two stories that differ in everything; enough to see a wall that is broken."""
    found = {}
    for number, name in enumerate(("many claims", "terms, removed")):
        told = tell(stage, number, all_stories(stage.clause)[name])
        found[name] = _everything(Watcher(stage, told))
        end_story(stage, told.case_id)
    return found


def _beside_an_earlier(stage: Stage, later: ReviewInput) -> str:
    """What a second reviewer gets after the look: an earlier decision, whose place was judged again."""
    number = next(_earlier)
    looks_like = hashlib.sha256(str(number).encode()).hexdigest()
    stage.hand.move_to(NOW - timedelta(hours=3))
    places = []
    for review in (DECLINE, later):
        places.append(make_case(url=f"{EARLIER}{number}", sender_id=stage.sender_id))
        settle_review(judge(places[-1], make_account(), review), stage.hand, lot=NOT_DRAWN)
        stage.hand.shift(timedelta(hours=1))
    earlier = places[0]
    picture(earlier, looks_like, f"earlier {number}")
    told = tell(stage, number, Story(before=lambda told: picture(told.case_id, looks_like, f"own {number}")))
    watcher = Watcher(stage, told)
    watcher.other_kind = earlier
    seen = _everything(watcher)
    end_story(stage, told.case_id)
    page = next(answer for name, answer in seen.items() if name.endswith("the case after the first look"))
    assert "Similar picture (distance 0 of 256)" in page
    return page


@pytest.mark.parametrize("broken", [False, True], ids=["", "broken"])
def test_a_second_reviewer_is_not_told_how_the_place_of_an_earlier_decision_was_judged_since(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, *, broken: bool
) -> None:
    if broken:
        monkeypatch.setattr(reversals, "reversals_told", lambda found, **_round: tuple(found))
    same, other_way = (_beside_an_earlier(stage, later) for later in (DECLINE, accept(stage.clause)))
    assert (same == other_way) is not broken


def _first_review(reader: Any, case: Any) -> Any:
    return [replace(review, letter="A") for review in standing_reviews(reader, case.id)]


@pytest.mark.parametrize("wall", ["numbers", "page"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broken_wall_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch, wall: str) -> None:
    _assert_same(_two(stage))
    if wall == "numbers":  # that go on from one round to the next
        monkeypatch.setattr(rounds, "_leap", lambda _number: 1)
    else:  # the first review stands on the page of whoever holds the case
        monkeypatch.setattr(case_pages, "opposed_reviews", _first_review)
        monkeypatch.setattr(CaseSummary, "round", property(lambda _case: Round.RESOLVING))
    with pytest.raises(AssertionError, match="tells"):
        _assert_same(_two(stage))


def _asked_and_mentioned(stage: Stage, told: Told, lead: Actor) -> None:
    """What a first reviewer has on the page of their own work before the review: two answers, a mention."""
    seen = claim_case(told.case_id, actor=told.first)
    given: dict[str, Any] = {"claim_generation": seen.claim_generation, "version": seen.version}
    questions.ask_sender(told.case_id, "At which minute is it?", actor=told.first, **given)
    referral = stage.desk.session.scalars(
        sa.select(Item.referral_id).where(Item.case_id == told.case_id)
    ).one()
    questions.give_answer(referral, "At minute 3.", actor=sender_actor(stage.sender_id))
    seen = claim_case(told.case_id, actor=told.first)
    given = {"claim_generation": seen.claim_generation, "version": seen.version}
    escalations.escalate_case(told.case_id, "Is this satire?", actor=told.first, **given)
    escalations.advise_case(told.case_id, "It is not.", actor=make_account(Role.LEGAL))
    _mention(stage, told, lead)


def _mention(stage: Stage, told: Told, author: Actor, claim_generation: int | None = None) -> None:
    name = stage.desk.session.get_one(Account, told.first.account_id).pseudonym
    write_note(told.case_id, f"@{name}: compare", claim_generation=claim_generation, actor=author)


def _first_sees(watcher: Watcher) -> dict[str, str]:
    """All that the first reviewer may look at and try after the undo window."""
    stage, told, person = watcher.stage, watcher.told, watcher.person
    item = stage.desk.session.scalars(sa.select(Item).where(Item.case_id == told.case_id)).one()
    watcher.other_kind = make_case(url=item.match_key, sender_id=stage.sender_id, intake_kind="notice")
    case = f"/cases/{told.case_id}"
    look = watcher.look

    def post(name: str, address: str, **fields: Any) -> None:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', person.get("/queue"))
        assert token is not None
        look(name, address, method="POST", data={"csrf_token": token[1]} | fields)

    look("queue", "/queue")
    look("own work", "/my-work")
    look("the case", case)
    look("found by id", f"/search?q={told.case_id}")
    post("undo", f"{case}/undo")
    post("claim", f"{case}/claim")
    post("assign", f"{case}/assign", reviewer=COLLEAGUE)
    post("assign several", "/queue/assign", cases=told.case_id, reviewer=COLLEAGUE)
    look("told of several", "/queue")
    post("draft", f"{case}/draft", version=1, claim_generation=1, rationale="More")
    post("record", f"{case}/review", version=1, claim_generation=1, outcome="declined")
    post("renew", f"{case}/renew", claim_generation=1)
    post("release", f"{case}/release", claim_generation=1)
    post("next", "/queue/next")
    elsewhere = watcher.other_kind
    if elsewhere:
        claim_case(elsewhere, actor=person.actor)
        look("a case of another kind at the same place", f"/cases/{elsewhere}")
    return watcher.seen


def _second_recorded(stage: Stage, told: Told) -> None:
    second = make_account()
    claim = claim_case(told.case_id, actor=second)
    _mention(stage, told, second, claim.claim_generation)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    record_review(told.case_id, OTHER_DECLINE, actor=second, **given)


def _in_dispute(stage: Stage, told: Told) -> None:
    _second_recorded(stage, told)
    stage.hand.shift(timedelta(minutes=2))
    pending = stage.desk.session.get_one(Case, told.case_id).pending_review_id or ""
    assert dispatch_review(pending, actor=SERVICE) is None


def _resolved_soon(stage: Stage, told: Told) -> None:
    _in_dispute(stage, told)
    judge(told.case_id, make_account(Role.LEAD))


def _second_took(stage: Stage, told: Told) -> None:
    second = make_account()
    claim = claim_case(told.case_id, actor=second)
    _mention(stage, told, second, claim.claim_generation)


def _withdrawn(stage: Stage, told: Told) -> None:
    end_story(stage, told.case_id)


NEXT: dict[str, tuple[float, Callable[[Stage, Told], None] | None]] = {
    "decided": (NOT_DRAWN, None),
    "drawn": (DRAWN, None),
    "held": (DRAWN, _second_took),
    "recorded again": (DRAWN, _second_recorded),
    "in dispute": (DRAWN, _in_dispute),
    "resolving": (DRAWN, _resolved_soon),
    "withdrawn": (DRAWN, _withdrawn),
}


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD])
def test_the_first_reviewer_sees_the_same_whether_the_case_was_drawn(stage: Stage, role: Role) -> None:
    colleague, lead, found = make_account(), make_account(Role.LEAD), {}
    with db.transaction() as writer:
        named = sa.update(Account).where(Account.id == colleague.account_id).values(pseudonym=COLLEAGUE)
        writer.execute(named)
    for number, (name, (lot, then)) in enumerate(NEXT.items()):
        stage.hand.move_to(NOW)
        case_id = make_case(url=PLACE.format(8361 + number), sender_id=stage.sender_id)
        person = Moderator(stage.desk, role)
        told = Told(case_id, person.actor, stage.hand)
        watcher = Watcher(stage, told, person=person)
        _asked_and_mentioned(stage, told, lead)
        stage.hand.shift(timedelta(minutes=1))
        recorded = judge(case_id, person.actor, accept(stage.clause))
        stage.hand.move_to(NOW + timedelta(hours=2))
        dispatch_review(recorded.review_id, actor=SERVICE, lot=lot)
        if then is not None:
            then(stage, told)
        stage.hand.move_to(NOW + timedelta(hours=3))
        with db.transaction() as writer:
            writer.execute(sa.update(SignIn).values(last_used_at=clock.now()))
        found[name] = _first_sees(watcher)
        assert found[name]["1 own work"].count("C-####-####-####") >= 6, "each list has its row"
        kept = stage.desk.session.scalars(sa.select(Case.id).where(Case.state.in_(LIVE))).all()
        for live in kept:
            end_story(stage, live)
    _assert_same(found)


def test_the_sender_sees_a_case_in_review_until_the_answer(stage: Stage) -> None:
    """Representation, validators and lists of changes stand still through all rounds."""
    key = make_key(stage.sender_id)
    client = stage.desk.client()
    headers = {"Authorization": f"Bearer {key}"}
    case_id = make_case(url=PLACE.format(1), sender_id=stage.sender_id)
    referral_id = stage.desk.session.scalars(sa.select(Item.referral_id)).one()

    def told() -> list[tuple[int, str, str]]:
        addresses = (f"/api/v1/referrals/{referral_id}", "/api/v1/referrals")
        answers = [client.get(address, headers=headers) for address in addresses]
        return [(one.status_code, one.headers.get("ETag", ""), one.text) for one in answers]

    before = told()
    assert '"in_review"' in before[0][2]
    recorded = judge(case_id, make_account())
    stage.hand.shift(timedelta(minutes=2))
    dispatch_review(recorded.review_id, actor=SERVICE, lot=DRAWN)
    assert told() == before
    for person, review in ((make_account(), OTHER_DECLINE), (make_account(Role.LEAD), OTHER_DECLINE)):
        claim = claim_case(case_id, actor=person)
        assert told() == before
        recorded = record_review(
            case_id, review, claim_generation=claim.claim_generation, version=claim.version, actor=person
        )
        stage.hand.shift(timedelta(minutes=2))
        assert told() == before
        dispatch_review(recorded.review_id, actor=SERVICE)
    after = told()
    assert after != before
    assert '"decided"' in after[0][2]
