"""A second reviewer gets the same bytes whatever the first one did; the first learns nothing of the second.

Each story has a case and people of its own at the same moments. What is random by nature (ids, tokens and the
numbers of a round) is replaced by marks of the same length; then every answer must be equal, byte for byte.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions import cases, decisions, dispatching, escalations, rounds, withdrawals
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.dispatching import dispatch_review
from review.domain.decisions import CONTEXTS, DECLINE_REASONS, VISIBILITIES, ReviewInput, form_fields
from review.domain.permissions import SERVICE, Actor, Role
from review.models import Case, Item
from review.queries.decisions import standing_reviews
from review.web.moderator import cases as case_pages
from tests.conftest import Desk
from tests.draws import DRAWN, NOT_DRAWN
from tests.factories import make_account, make_case, make_clause, make_key, make_sender, sender_actor
from tests.judging import DECLINE, OTHER_DECLINE, accept, judge
from tests.web.moderator.test_pages import Moderator

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PLACE = "https://video.example/watch/{:04d}"
ORDER_PLACE = "https://video.example/order/{:04d}"


@dataclass(frozen=True)
class Story:
    """What the first reviewer did before recording, and what was recorded when."""

    review: ReviewInput = DECLINE
    before: Callable[["Told"], None] | None = None
    minutes: int = 5
    kind: str = "referral"


@dataclass(frozen=True)
class Told:
    """The case of one story, its first reviewer, and the clock."""

    case_id: str
    first: Actor
    hand: Any


def _stories(clause: str) -> dict[str, Story]:
    """Every first outcome, and everything that a person may do on the way."""
    accepted = accept(clause)
    found = {
        f"terms, {one}": Story(replace(accepted, visibility=one)) for one in VISIBILITIES if one != "none"
    }
    for account in ("suspended", "terminated"):
        found[f"account {account}"] = Story(replace(accepted, account=account, visibility=None))
    for context in CONTEXTS:
        found[f"declined, {context}"] = Story(replace(DECLINE, context=context))
    for reason in DECLINE_REASONS["referral"]:
        found[f"declined, {reason}"] = Story(replace(DECLINE, decline_reason=reason, statement=""))
    law = {"ground": "law", "clauses": (), "law": "Article 1 of the Code", "territory": "BE,DE"}
    found["law"] = Story(replace(accepted, **law))
    found["broad"] = Story(replace(accepted, over_broad=True, rationale="Long words. " * 900))
    found["quick"], found["slow"] = Story(minutes=0), Story(accepted, minutes=50)
    found["drafts"] = Story(accepted, before=_drafts)
    found["many claims"] = Story(before=_claims)
    found["undone"] = Story(accepted, before=_undone)
    found["expired"] = Story(before=_expired)
    found["advice"] = Story(accepted, before=_advised)
    return found


def _orders(clause: str) -> dict[str, Story]:
    order = "removal_order"
    return {"accepted": Story(accept(clause), kind=order)} | {
        reason: Story(replace(DECLINE, decline_reason=reason), kind=order)
        for reason in DECLINE_REASONS[order]
    }


def _drafts(told: Told) -> None:
    claim = claim_case(told.case_id, actor=told.first)
    for number in range(3):
        typed = form_fields(replace(DECLINE, rationale="Typed so far. " * number))
        decisions.save_draft(told.case_id, typed, claim_generation=claim.claim_generation, actor=told.first)


def _claims(told: Told) -> None:
    for person in (told.first, make_account(), told.first, make_account()):
        claim = claim_case(told.case_id, actor=person)
        told.hand.shift(timedelta(seconds=20))
        cases.release_claim(told.case_id, claim_generation=claim.claim_generation, actor=person)


def _undone(told: Told) -> None:
    judge(told.case_id, told.first, OTHER_DECLINE)
    generation = decisions.undo_review(told.case_id, actor=told.first)
    cases.release_claim(told.case_id, claim_generation=generation, actor=told.first)


def _expired(told: Told) -> None:
    claim_case(told.case_id, actor=make_account())
    told.hand.shift(timedelta(minutes=16))
    cases.expire_claims(actor=SERVICE)


def _advised(told: Told) -> None:
    claim = claim_case(told.case_id, actor=told.first)
    escalations.escalate_case(
        told.case_id, "Is this satire?", claim_generation=claim.claim_generation, version=claim.version,
        actor=told.first,
    )  # fmt: skip
    escalations.advise_case(told.case_id, "It is not.", actor=make_account(Role.LEGAL))


@dataclass(frozen=True)
class Stage:
    """A desk whose clock stands, and how many stories were told on it."""

    desk: Desk
    hand: Any
    clause: str
    sender_id: str


@pytest.fixture
def stage(desk: Desk) -> Iterator[Stage]:
    with time_machine.travel(NOW, tick=False) as hand:
        yield Stage(desk, hand, make_clause(), make_sender())


def _told(stage: Stage, number: int, story: Story) -> Told:
    """The story up to the moment at which the service has dispatched the first review."""
    stage.hand.move_to(NOW)
    place = (ORDER_PLACE if story.kind == "removal_order" else PLACE).format(number)
    rank = 1 if story.kind == "removal_order" else 2
    case_id = make_case(url=place, sender_id=stage.sender_id, intake_kind=story.kind, rank=rank)
    told = Told(case_id, make_account(), stage.hand)
    if story.before is not None:
        story.before(told)
    stage.hand.move_to(NOW + timedelta(minutes=30 + story.minutes))
    recorded = judge(case_id, told.first, story.review)
    stage.hand.move_to(NOW + timedelta(hours=2))
    assert dispatch_review(recorded.review_id, actor=SERVICE, lot=DRAWN) is None
    stage.hand.move_to(NOW + timedelta(hours=3))
    return told


def _end(stage: Stage, case_id: str) -> None:
    """Take the case out of everybody's sight, so that the next story begins on the same desk."""
    items = stage.desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).all()
    for item_id in items:
        withdrawals.withdraw_item(item_id, actor=sender_actor(stage.sender_id))


class Watcher:
    """Somebody at a browser, all of whose answers are kept with what is random taken out."""

    def __init__(self, stage: Stage, told: Told, role: Role = Role.MODERATOR) -> None:
        self.stage, self.told = stage, told
        self.person = Moderator(stage.desk, role)
        self.seen: dict[str, str] = {}

    def look(self, name: str, address: str, **options: Any) -> str:
        """Send one request and keep the answer; the plain text of it."""
        answer = self.person.client.open(address, **options)
        whole = f"{answer.status}\n{answer.headers}\n{answer.text}"
        self.seen[f"{len(self.seen)} {name}"] = self.without_chance(whole)
        return answer.text

    def without_chance(self, text: str) -> str:
        """The answer with ids, tokens and the numbers of this round replaced by marks of the same length."""
        desk, case_id = self.stage.desk, self.told.case_id
        text = text.replace(case_id, "C-####-####-####")
        place = desk.session.scalars(sa.select(Item.canonical_url).where(Item.case_id == case_id)).one()
        text = text.replace(place[-4:], "####")
        for name in ("version", "claim_generation"):
            text = re.sub(rf'(name="{name}"[^>]*value=")([^"]*)"', _masked, text)
        text = re.sub(r'(name="csrf_token"[^>]*value=")([^"]*)"', _masked, text)
        text = re.sub(r"(C-####-####-####\.)(\d+)", _masked, text)
        return re.sub(r"(session=)([^;\n]*)", r"\1", text)  # signed over the second of the real clock


def _masked(found: re.Match[str]) -> str:
    return found[1] + "#" * len(found[2]) + ('"' if found[0].endswith('"') else "")


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


@pytest.mark.parametrize("stories", [_stories, _orders])
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD])
def test_a_second_reviewer_gets_the_same_bytes_whatever_the_first_did(
    stage: Stage, stories: Callable[[str], dict[str, Story]], role: Role
) -> None:
    found = {}
    for number, (name, story) in enumerate(stories(stage.clause).items()):
        told = _told(stage, number, story)
        found[name] = _everything(Watcher(stage, told, role))
        assert "Independent review" in found[name]["8 the case"]
        _end(stage, told.case_id)
    _assert_same(found)


def _two(stage: Stage) -> dict[str, dict[str, str]]:
    """Two stories that differ in everything; enough to see a wall that is broken."""
    found = {}
    for number, name in enumerate(("drafts", "declined, not_found")):
        told = _told(stage, number, _stories(stage.clause)[name])
        found[name] = _everything(Watcher(stage, told))
        _end(stage, told.case_id)
    return found


def _statement_on_the_page(reader: Any, case: Any) -> Any:
    return [replace(review, letter="A") for review in standing_reviews(reader, case.id)]


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [
        (rounds, "_leap", lambda _number: 1),
        (case_pages, "opposed_reviews", None),
        (dispatching, "_why_second", None),
    ],
    ids=["numbers that go on", "the first review on the page", "drawn by outcome"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broken_wall_is_seen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, instead: Any
) -> None:
    _assert_same(_two(stage))
    if name == "opposed_reviews":
        monkeypatch.setattr(where, name, _statement_on_the_page)
        template = stage.desk.app.jinja_env.get_template("moderator/case.html")
        assert template is not None
        monkeypatch.setattr("review.queries.cases.CaseSummary.round", property(lambda _case: "resolving"))
    elif name == "_why_second":
        monkeypatch.setattr(
            where, name, lambda review, *_rest: ("random",) if review.content.outcome == "accepted" else ()
        )
    else:
        monkeypatch.setattr(where, name, instead)
    with pytest.raises(AssertionError):
        _assert_same(_two(stage))


def _first_sees(stage: Stage, told: Told, person: Moderator) -> dict[str, str]:
    """All that the first reviewer may look at and try after the undo window."""
    watcher = Watcher(stage, told)
    watcher.person = person
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
    post("assign", f"{case}/assign", reviewer="Reviewer 1")
    post("draft", f"{case}/draft", version=1, claim_generation=1, rationale="More")
    post("record", f"{case}/review", version=1, claim_generation=1, outcome="declined")
    post("renew", f"{case}/renew", claim_generation=1)
    post("release", f"{case}/release", claim_generation=1)
    post("next", "/queue/next")
    return watcher.seen


def _second_recorded(stage: Stage, told: Told) -> None:
    judge(told.case_id, make_account(), OTHER_DECLINE)


def _in_dispute(stage: Stage, told: Told) -> None:
    _second_recorded(stage, told)
    stage.hand.shift(timedelta(minutes=2))
    pending = stage.desk.session.get_one(Case, told.case_id).pending_review_id or ""
    assert dispatch_review(pending, actor=SERVICE) is None


def _resolved_soon(stage: Stage, told: Told) -> None:
    _in_dispute(stage, told)
    judge(told.case_id, make_account(Role.LEAD))


def _second_took(stage: Stage, told: Told) -> None:
    claim_case(told.case_id, actor=make_account())


def _withdrawn(stage: Stage, told: Told) -> None:
    _end(stage, told.case_id)


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
    found = {}
    for number, (name, (lot, then)) in enumerate(NEXT.items()):
        stage.hand.move_to(NOW)
        case_id = make_case(url=PLACE.format(number), sender_id=stage.sender_id)
        person = Moderator(stage.desk, role)
        told = Told(case_id, person.actor, stage.hand)
        recorded = judge(case_id, person.actor, accept(stage.clause))
        stage.hand.move_to(NOW + timedelta(hours=2))
        dispatch_review(recorded.review_id, actor=SERVICE, lot=lot)
        if then is not None:
            then(stage, told)
        stage.hand.move_to(NOW + timedelta(hours=3))
        found[name] = _first_sees(stage, told, person)
        if name not in ("decided", "withdrawn"):
            _end(stage, case_id)
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
