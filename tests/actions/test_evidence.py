"""Evidence is shown to whoever holds the case, and on the trail before; captures join it."""

import json
from base64 import b64decode
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.cases import claim_case, release_claim
from review.actions.evidence import (
    Captured,
    Size,
    capture_evidence,
    hide_evidence,
    keep_look,
    open_location,
    reveal_evidence,
    reveal_text,
)
from review.domain.media import Kind, Look, Refusal, Stage
from review.domain.permissions import SERVICE, Actor, Role
from review.errors import ClaimLost, NotFound, NotPermitted, ReviewError
from review.models import Evidence, EvidenceLook, Opening, Reveal
from review.queries import evidence
from tests.actions.races import at_once
from tests.actions.test_cases import NOW
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.pieces import add_evidence, first_item

SMALL = Size(1_200, 160, 120)
CAPTURE = Captured("shot.png", "image/png", "ab" * 32, 99)


def held_case(actor: Actor) -> str:
    case_id = make_case()
    claim_case(case_id, actor=actor)
    return case_id


def events(desk: Desk, case_id: str) -> list[str]:
    """The types of all events on a case, reads included."""
    statement = sa.select(Opening.event_type).where(Opening.object_id == case_id)
    return list(desk.session.scalars(statement.order_by(Opening.recorded_at, Opening.eid)))


def told(desk: Desk, event_type: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Envelope and opened fields of the one event of this type."""
    opening = desk.session.scalars(sa.select(Opening).where(Opening.event_type == event_type)).one()
    fields = {name: b64decode(value).decode() for name, (_key, value) in opening.fields.items()}
    return json.loads(opening.envelope), fields


def test_a_reveal_says_who_was_shown_what_and_how_large(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    evidence_id = add_evidence(case_id)
    reveal_id = reveal_evidence(case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person)
    row = desk.session.get_one(Reveal, reveal_id)
    assert (row.stage, row.width, row.height, row.bytes, row.hidden_at) == ("small", 160, 120, 1_200, None)
    envelope, fields = told(desk, "evidence.revealed")
    assert envelope["actor"] == {"kind": "account", "id": person.id}
    assert envelope["meta"] == {
        "stage": "small",
        "width": 160,
        "height": 120,
        "bytes": 1_200,
        "generation": 1,
    }
    digest = desk.session.get_one(Evidence, evidence_id).sha256
    assert fields == {
        "reveal": reveal_id, "item": first_item(case_id), "evidence": evidence_id, "sha256": digest,
    }  # fmt: skip
    assert "version" not in envelope["obj"], "a read leaves the chain of the case alone"


def test_every_stage_is_an_event_and_ends_the_one_before(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    evidence_id = add_evidence(case_id)
    ids = [
        reveal_evidence(case_id, evidence_id, stage=stage, size=SMALL, actor=person)
        for stage in (Stage.SMALL, Stage.GREY, Stage.COLOUR)
    ]
    live = desk.session.scalars(sa.select(Reveal.id).where(Reveal.hidden_at.is_(None))).all()
    assert live == ids[2:]
    assert events(desk, case_id) == ["case.claimed"] + ["evidence.revealed"] * 3


def test_the_text_of_an_item_is_shown_in_the_same_way(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    item_id = first_item(case_id)
    reveal_text(case_id, item_id, size=Size(400), actor=person)
    envelope, fields = told(desk, "evidence.revealed")
    assert envelope["meta"] == {"stage": "text", "bytes": 400, "generation": 1}
    assert fields.keys() == {"reveal", "item"}
    assert evidence.has_looked(desk.session, case_id, person.account_id)


def test_hiding_drops_one_or_all_and_leaves_those_of_others(desk: Desk) -> None:
    person, other = make_account(), make_account()
    case_id, others = held_case(person), held_case(other)
    first, second = (
        reveal_evidence(case_id, add_evidence(case_id), stage=Stage.SMALL, size=SMALL, actor=person)
        for _piece in range(2)
    )
    kept = reveal_evidence(others, add_evidence(others), stage=Stage.SMALL, size=SMALL, actor=other)
    hide_evidence(case_id, first, actor=person)
    assert told(desk, "evidence.hidden")[1] == {"reveals": f'["{first}"]'}
    hide_evidence(case_id, None, actor=person)
    hide_evidence(case_id, None, actor=person)  # nothing is left to hide: no event
    hide_evidence(others, kept, actor=person)
    live = desk.session.scalars(sa.select(Reveal.id).where(Reveal.hidden_at.is_(None))).all()
    assert live == [kept]
    assert events(desk, case_id)[-2:] == ["evidence.hidden", "evidence.hidden"]
    assert desk.session.get_one(Reveal, second).hidden_at is not None


def test_a_capture_is_evidence_of_the_item_and_on_the_trail(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    item_id = first_item(case_id)
    evidence_id = capture_evidence(case_id, item_id, CAPTURE, actor=person)
    row = desk.session.get_one(Evidence, evidence_id)
    assert (row.item_id, row.name, row.account_id, row.length) == (item_id, "shot.png", person.account_id, 99)
    assert row.captured_at is not None
    envelope, fields = told(desk, "evidence.captured")
    assert envelope["meta"] == {"bytes": 99, "generation": 1}
    assert envelope["obj"]["version"] == 2, "it belongs to the case's own entries"
    assert fields == {
        "evidence": evidence_id, "item": item_id, "name": "shot.png", "media_type": "image/png",
        "sha256": "ab" * 32,
    }  # fmt: skip


def test_leaving_for_the_live_address_is_on_the_trail(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    open_location(case_id, first_item(case_id), actor=person)
    envelope, fields = told(desk, "location.opened")
    assert envelope["meta"] == {"generation": 1}
    assert fields["item"] == first_item(case_id)
    assert fields["url"].startswith("https://video.example/watch/")


def attempts(case_id: str, evidence_id: str, actor: Actor) -> list[Any]:
    item_id = first_item(case_id)
    return [
        partial(reveal_evidence, case_id, evidence_id, stage=Stage.GREY, size=SMALL, actor=actor),
        partial(reveal_text, case_id, item_id, size=Size(9), actor=actor),
        partial(capture_evidence, case_id, item_id, CAPTURE, actor=actor),
        partial(open_location, case_id, item_id, actor=actor),
    ]


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN])
def test_only_judges_are_shown_evidence(desk: Desk, role: Role) -> None:
    case_id = held_case(make_account())
    evidence_id = add_evidence(case_id)
    for actor in (make_account(role), SERVICE):
        for attempt in attempts(case_id, evidence_id, actor):
            with pytest.raises(NotPermitted):
                attempt()
        with pytest.raises(NotPermitted):
            hide_evidence(case_id, None, actor=actor)
    assert events(desk, case_id) == ["case.claimed"]


def test_only_the_holder_is_shown_evidence(desk: Desk) -> None:
    case_id = held_case(make_account())
    evidence_id = add_evidence(case_id)
    for attempt in attempts(case_id, evidence_id, make_account()):
        with pytest.raises(ClaimLost):
            attempt()
    assert events(desk, case_id) == ["case.claimed"]


def test_a_claim_that_is_given_back_or_over_shows_nothing(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        given_back, over = held_case(person), held_case(person)
        pieces = [(given_back, add_evidence(given_back)), (over, add_evidence(over))]
        release_claim(given_back, claim_generation=1, actor=person)
        hand.shift(timedelta(minutes=16))
        for case_id, evidence_id in pieces:
            for attempt in attempts(case_id, evidence_id, person):
                with pytest.raises(ClaimLost):
                    attempt()


def test_evidence_and_items_of_another_case_are_not_there(desk: Desk) -> None:
    person = make_account()
    case_id, other = held_case(person), held_case(person)
    elsewhere, item_id = add_evidence(other), first_item(other)
    for attempt in (
        partial(reveal_evidence, case_id, elsewhere, stage=Stage.SMALL, size=SMALL, actor=person),
        partial(reveal_evidence, case_id, "E-0", stage=Stage.SMALL, size=SMALL, actor=person),
        partial(reveal_text, case_id, item_id, size=SMALL, actor=person),
        partial(capture_evidence, case_id, item_id, CAPTURE, actor=person),
        partial(open_location, case_id, item_id, actor=person),
        partial(reveal_text, "C-0", item_id, size=SMALL, actor=person),
        partial(hide_evidence, "C-0", None, actor=person),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert events(desk, case_id) == ["case.claimed"]


def test_two_tabs_that_reveal_at_once_leave_one_thing_to_be_seen(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    evidence_id = add_evidence(case_id)
    reveal = partial(reveal_evidence, case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person)
    assert not [one for one in at_once(desk.app, [reveal] * 4) if isinstance(one, ReviewError)]
    live = desk.session.scalars(sa.select(Reveal.id).where(Reveal.hidden_at.is_(None))).all()
    assert len(live) == 1
    assert events(desk, case_id).count("evidence.revealed") == 4


def test_nothing_is_shown_after_a_claim_that_is_given_back_meanwhile(desk: Desk) -> None:
    """Whichever comes first: what was revealed later than the release was not revealed at all."""
    person = make_account()
    for _round in range(4):
        case_id = held_case(person)
        evidence_id = add_evidence(case_id)
        calls: list[Any] = [
            partial(reveal_evidence, case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person),
            partial(release_claim, case_id, claim_generation=1, actor=person),
        ]
        shown, _released = at_once(desk.app, calls)
        told = events(desk, case_id)
        assert isinstance(shown, ClaimLost) == ("evidence.revealed" not in told)


def test_what_is_shown_belongs_to_one_claim(desk: Desk) -> None:
    """Whoever takes the case again, the same person included, begins with everything hidden."""
    person = make_account()
    case_id = held_case(person)
    evidence_id = add_evidence(case_id)
    reveal_id = reveal_evidence(case_id, evidence_id, stage=Stage.GREY, size=SMALL, actor=person)
    now = desk.session.get_one(Reveal, reveal_id).revealed_at

    def seen() -> bool:
        found = evidence.medium_of(desk.session, reveal_id, account_id=person.account_id, now=now)
        return found is not None

    assert seen()
    release_claim(case_id, claim_generation=1, actor=person)
    assert not seen()
    claim = claim_case(case_id, actor=person)
    assert not seen()
    reveal_id = desk.session.scalars(sa.select(Reveal.id)).one()
    of: dict[str, Any] = {"account_id": person.account_id, "since": reveal_id}
    assert evidence.shown_to(desk.session, case_id, claim_generation=claim.claim_generation, **of) == []
    (before,) = evidence.shown_to(desk.session, case_id, claim_generation=1, **of)
    assert before.id == reveal_id
    of["since"] = "W-0000-0000-0000"
    assert evidence.shown_to(desk.session, case_id, claim_generation=1, **of) == []
    assert evidence.has_looked(desk.session, case_id, person.account_id)
    assert not evidence.has_looked(desk.session, case_id, person.account_id, since_generation=2)


def test_own_reveals_are_listed_with_the_severity_of_their_cases(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        case_id = held_case(person)
        evidence_id = add_evidence(case_id)
        reveal_evidence(case_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person)
        hand.shift(timedelta(minutes=1))
        newer = reveal_evidence(case_id, evidence_id, stage=Stage.GREY, size=SMALL, actor=person)
        since = NOW + timedelta(seconds=30)
        listed = evidence.reveals_of(desk.session, person.account_id or "", since)
        assert [(one.id, one.stage, one.severity) for one in listed] == [(newer, Stage.GREY, "low")]
        assert len(evidence.reveals_of(desk.session, person.account_id or "", NOW)) == 2
        assert evidence.reveals_of(desk.session, make_account().account_id or "", NOW) == ()


def test_a_look_is_kept_once_and_found_with_its_evidence(desk: Desk) -> None:
    person = make_account()
    case_id = held_case(person)
    add_evidence(case_id)
    digest = desk.session.scalars(sa.select(Evidence.sha256)).one()
    now = desk.session.scalars(sa.select(Evidence.received_at)).one()
    assert evidence.digests_to_look_at(desk.session, now=now, most=9) == (digest,)
    look = Look(kind=Kind.PNG, width=3, height=2, frames=1, perceptual_hash="ab" * 32)
    keep = partial(keep_look, digest, look)
    assert at_once(desk.app, [keep] * 3) == [None] * 3
    keep_look(digest, Look(refused=Refusal.BROKEN))
    assert len(desk.session.scalars(sa.select(EvidenceLook.sha256)).all()) == 1
    (piece,) = evidence.pieces_of(desk.session, [first_item(case_id)])
    assert piece.look == look
    assert evidence.digests_to_look_at(desk.session, now=now, most=9) == ()
