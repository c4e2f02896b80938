"""Receiving: the original is kept, items find their case, one event; retries and races give one referral."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import referrals as referral_actions
from review.actions.referrals import Received, forget_answers, receive_referral, refuse_referral
from review.actions.withdrawals import withdraw_item
from review.domain.canonical import plain_json
from review.domain.commitments import value_bytes
from review.domain.permissions import SERVICE, Role, Scope
from review.domain.representation import json_bytes
from review.errors import (
    IdempotencyInFlight,
    IdempotencyKeyReused,
    InvalidReferral,
    NotPermitted,
    ReferenceConflict,
    ScopeTooSmall,
)
from review.models import (
    Case,
    Evidence,
    FlaggerStatus,
    Item,
    Opening,
    PendingEvent,
    Referral,
    RefusedItem,
    StoredAnswer,
)
from review.queries.referrals import original_of, own_referral
from tests.conftest import Desk
from tests.factories import make_account, make_intake, make_sender, receive, referral_body, sender_actor
from tests.threads import together

URL = "https://video.example/watch/1"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def _count(desk: Desk, table: type) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _fields(desk: Desk, event_type: str) -> list[dict[str, bytes]]:
    rows = desk.session.scalars(
        sa.select(Opening.fields).where(Opening.event_type == event_type).order_by(Opening.recorded_at)
    )
    return [{name: base64.b64decode(value) for name, (_key, value) in row.items()} for row in rows]


def test_a_referral_is_stored_whole_and_stands_on_the_trail_once(desk: Desk) -> None:
    actor = replace(sender_actor(make_sender()), key_id=None)
    body = referral_body("REF", URL, "hxxps://video[.]example/watch/2", "https://elsewhere.example/", URL)
    with time_machine.travel(NOW, tick=False):
        received = receive_referral(make_intake(body), body=body, actor=actor, settings=desk.settings)
    assert received.status == 201
    assert received.location == f"/api/v1/referrals/{received.referral_id}"
    answer = json.loads(received.body)
    assert [item["status"] for item in answer["items"]] == ["in_review", "in_review"]
    codes = [(entry["index"], entry["errors"][0]["code"]) for entry in answer["refused_items"]]
    assert codes == [(2, "not_our_host"), (3, "repeated_location")]
    items = desk.session.scalars(sa.select(Item).order_by(Item.position)).all()
    assert [(item.position, item.defanged, item.joined_version) for item in items] == [
        (0, False, 1),
        (1, True, 1),
    ]
    assert _count(desk, RefusedItem) == 2
    case = desk.session.get_one(Case, items[0].case_id)
    assert (case.state, case.rank, case.items_live, case.version) == ("open", 2, 1, 1)
    assert case.due_at == NOW + timedelta(hours=72)
    assert (case.severity, case.content_type) == ("low", "video")
    assert original_of(desk.session, received.referral_id, data_dir=desk.settings.data_dir) == body
    [fields] = _fields(desk, "referral.received")
    assert fields["reference"] == b"REF"
    assert json.loads(fields["items"]) == [{"id": item.id, "url": item.url_as_sent} for item in items]
    assert json.loads(fields["cases"]) == {item.id: item.case_id for item in items}
    assert fields["refused_items"] == value_bytes(answer["refused_items"])
    assert _count(desk, PendingEvent) == 1


def test_evidence_is_kept_by_digest_and_the_original_is_rebuilt_byte_for_byte(desk: Desk) -> None:
    sent = [base64.b64encode(content).decode() for content in (b"picture one", b"picture two")]
    pieces = [
        {"name": "Bild ü.png", "media_type": "image/" + "x" * 120, "content": content} for content in sent
    ]
    items = [
        {"url": URL, "evidence": pieces},
        {"url": "https://elsewhere.example/", "evidence": [pieces[0] | {"content": "AAAA"}]},
    ]
    body = b" " + referral_body("REF", items=items).replace(b'"reason"', b'\n\t"reason"') + b"\n"
    received = receive_referral(
        make_intake(body), body=body, actor=sender_actor(make_sender()), settings=desk.settings
    )
    stored = desk.session.get_one(Referral, received.referral_id)
    assert sent[0].encode() not in stored.received_body
    assert stored.body_length == len(body)
    assert original_of(desk.session, stored.id, data_dir=desk.settings.data_dir) == body
    assert original_of(desk.session, "R-0000-0000-0000", data_dir=desk.settings.data_dir) is None
    assert sorted(row.length for row in desk.session.scalars(sa.select(Evidence))) == [11, 11]


def test_evidence_with_json_escapes_is_refused_with_its_place(desk: Desk) -> None:
    items = [{"url": URL, "evidence": [{"name": "a", "media_type": "image/png", "content": "////"}]}]
    body = referral_body("REF", items=items).replace(b"////", b"\\/\\/\\/\\/")
    with pytest.raises(InvalidReferral) as refusal:
        receive_referral(
            make_intake(body), body=body, actor=sender_actor(make_sender()), settings=desk.settings
        )
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [
        ("/items/0/evidence/0/content", "evidence_not_canonical")
    ]
    assert _count(desk, Referral) == 0


def test_items_of_one_location_and_kind_share_one_live_case(desk: Desk) -> None:
    first, second = sender_actor(make_sender()), sender_actor(make_sender())
    with time_machine.travel(NOW, tick=False) as clock_hand:
        receive(first, URL, language="de")
        clock_hand.shift(timedelta(hours=1))
        receive(second, "http://VIDEO.example/watch/%31?utm_source=x#t", urgency="threat_to_life")
        receive(
            first, URL, intake_kind="notice", good_faith=True, contact={"name": "A", "email": "a@b.example"}
        )
    cases = desk.session.scalars(sa.select(Case).order_by(Case.opened_at)).all()
    assert [case.intake_kind for case in cases] == ["referral", "notice"]
    shared = cases[0]
    assert (shared.items_live, shared.version, shared.rank, shared.language) == (2, 2, 0, "de")
    assert shared.due_at == NOW + timedelta(hours=2)
    joined = desk.session.scalars(
        sa.select(Item.joined_version).where(Item.case_id == shared.id).order_by(Item.joined_at)
    )
    assert list(joined) == [1, 2]


def test_a_later_ordinary_item_never_worsens_the_place_in_the_queue(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    with time_machine.travel(NOW, tick=False):
        receive(actor, URL, urgency="threat_to_life")
        receive(actor, URL)
    case = desk.session.scalars(sa.select(Case)).one()
    assert (case.rank, case.due_at, case.items_live) == (0, NOW + timedelta(hours=1), 2)


@pytest.mark.parametrize("state", ["decided", "withdrawn"])
def test_a_location_whose_case_is_over_opens_a_new_one(desk: Desk, state: str) -> None:
    actor = sender_actor(make_sender())
    receive(actor, URL)
    with db.transaction() as writer:
        writer.execute(sa.update(Case).values(state=state))
    receive(actor, URL)
    assert sorted(desk.session.scalars(sa.select(Case.state))) == sorted([state, "open"])


def test_a_trusted_flagger_of_that_day_gets_the_shorter_target(desk: Desk) -> None:
    today, sender = NOW.date(), make_sender(kind="trusted_flagger")
    with db.transaction() as writer:
        writer.add(
            FlaggerStatus(
                sender_id=sender, coordinator="BIPT", valid_from=date(2026, 1, 1), valid_until=today
            )
        )
    actor = sender_actor(sender)
    with time_machine.travel(NOW, tick=False) as clock_hand:
        receive(actor, "https://video.example/a")
        clock_hand.shift(timedelta(days=1))
        receive(actor, "https://video.example/b")
        due = desk.session.scalars(sa.select(Case.due_at).order_by(Case.opened_at)).all()
    assert due == [NOW + timedelta(hours=24), NOW + timedelta(days=1, hours=72)]


def test_the_same_reference_gives_todays_answer_or_a_conflict(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    first = receive(actor, URL, reference="REF")
    again = receive(actor, URL, reference="REF", category=None)
    assert (again.status, again.referral_id, again.body) == (200, first.referral_id, first.body)
    with pytest.raises(ReferenceConflict) as conflict:
        receive(actor, "https://video.example/other", reference="REF")
    assert conflict.value.values == {"id": first.referral_id}
    other = receive(sender_actor(make_sender()), URL, reference="REF")
    assert other.status == 201
    assert _count(desk, Referral) == 2
    assert _count(desk, Opening) == 2


def test_an_idempotency_key_replays_the_stored_bytes_for_30_days(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    with time_machine.travel(NOW, tick=False) as clock_hand:
        first = receive(actor, URL, reference="REF", key="k")
        clock_hand.shift(timedelta(days=29))
        again = receive(actor, URL, reference="REF", key="k")
        assert (again.status, again.replayed) == (201, True)
        assert (again.body, again.location, again.referral_id) == (
            first.body,
            first.location,
            first.referral_id,
        )
        with pytest.raises(IdempotencyKeyReused):
            receive(actor, URL, reference="OTHER", key="k")
        assert receive(sender_actor(make_sender()), URL, reference="REF", key="k").status == 201
        clock_hand.shift(timedelta(days=2))
        later = receive(actor, URL, reference="REF", key="k")
    assert (later.status, later.replayed) == (200, False)


def test_answers_are_forgotten_after_30_days_in_batches_by_the_desk_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referral_actions, "FORGET_BATCH", 2)
    actor = sender_actor(make_sender())
    with time_machine.travel(NOW, tick=False) as clock_hand:
        for number in range(3):
            receive(actor, URL, key=f"old {number}")
        clock_hand.shift(timedelta(days=1))
        receive(actor, URL, key="new")
        assert forget_answers(actor=SERVICE) == 0
        clock_hand.shift(timedelta(days=29))
        with pytest.raises(NotPermitted):
            forget_answers(actor=actor)
        assert [forget_answers(actor=SERVICE) for _turn in range(3)] == [2, 1, 0]
    assert list(desk.session.scalars(sa.select(StoredAnswer.idempotency_key))) == ["new"]


def test_loops_that_forget_at_once_forget_each_answer_once(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    with time_machine.travel(NOW, tick=False):
        for number in range(3):
            receive(actor, URL, key=f"{number}")
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        results = together(desk.app, [partial(forget_answers, actor=SERVICE)] * 4)
    assert sum(result for result in results if isinstance(result, int)) == 3, results
    assert _count(desk, StoredAnswer) == 0


def test_the_body_is_hashed_once_and_before_the_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    actor, begin = sender_actor(make_sender()), db.transaction

    def noted(step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*given: object) -> Any:
            steps.append(step)
            return call(*given)

        return calling

    monkeypatch.setattr("review.actions.intake.sha256", noted("hash", sha256))
    monkeypatch.setattr("review.actions.intake.plain_json", noted("write", plain_json))
    monkeypatch.setattr(db, "transaction", noted("transaction", begin))
    receive(actor, URL)
    assert sorted(steps[:3]) == ["hash", "write", "write"]
    assert steps[3:] == ["transaction"]


def test_a_new_referral_is_answered_from_what_was_written_and_a_repeated_one_from_what_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = sender_actor(make_sender())
    with monkeypatch.context() as nothing_read:
        nothing_read.delattr(referral_actions, "own_referral")
        first = receive(actor, URL, "https://video.example/2", "https://elsewhere.example/", reference="REF")
    own = own_referral(desk.session, first.referral_id, sender_id=actor.sender_id)
    assert own is not None
    assert json_bytes(own.as_dict()) == first.body
    withdraw_item(own.items[0].id, actor=actor)
    again = receive(actor, URL, "https://video.example/2", "https://elsewhere.example/", reference="REF")
    assert [item["status"] for item in json.loads(again.body)["items"]] == ["withdrawn", "in_review"]


def test_the_key_is_looked_at_before_the_reference_and_keeps_only_successes(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    receive(actor, URL, reference="REF", key="a")
    with pytest.raises(IdempotencyKeyReused):
        receive(actor, "https://video.example/2", reference="REF", key="a")
    with pytest.raises(ReferenceConflict):
        receive(actor, "https://video.example/2", reference="REF", key="b")
    assert receive(actor, "https://video.example/2", reference="FREE", key="b").status == 201
    assert _count(desk, StoredAnswer) == 2


def test_a_key_in_flight_is_refused(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    with db.in_flight(f"idempotency {actor.sender_id} k"), pytest.raises(IdempotencyInFlight):
        receive(actor, URL, key="k")
    assert receive(actor, URL, key="k").status == 201


def test_only_a_key_that_may_refer_refers(desk: Desk) -> None:
    sender = make_sender()
    with pytest.raises(ScopeTooSmall):
        receive(sender_actor(sender, Scope.READ), URL)
    with pytest.raises(NotPermitted):
        receive(make_account(Role.MODERATOR), URL)
    with pytest.raises(ScopeTooSmall):
        refuse_referral(body=b"{}", codes=["missing"], actor=sender_actor(sender, Scope.READ))
    assert _count(desk, Referral) == _count(desk, Opening) == 0


def test_a_refusal_is_on_the_trail_without_its_content(desk: Desk) -> None:
    sender = make_sender()
    refuse_referral(body=b"{}", codes=["missing", "missing", "too_long"], actor=sender_actor(sender))
    [fields] = _fields(desk, "referral.refused")
    assert fields.keys() == {"body_sha256", "codes"}
    assert json.loads(fields["codes"]) == ["missing", "too_long"]
    row = desk.session.scalars(sa.select(Opening)).one()
    assert (row.object_kind, row.object_id, row.object_version) == ("sender", sender, None)


def test_eight_at_once_with_one_reference_make_one_referral(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    results = together(desk.app, [partial(receive, actor, URL, reference="REF") for _ in range(8)])
    answers = [result for result in results if isinstance(result, Received)]
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201], results
    assert len({answer.referral_id for answer in answers}) == 1
    assert (_count(desk, Referral), _count(desk, Item), _count(desk, Opening)) == (1, 1, 1)


def test_eight_senders_at_once_share_one_case(desk: Desk) -> None:
    actors = [sender_actor(make_sender()) for _ in range(8)]
    results = together(desk.app, [partial(receive, actor, URL) for actor in actors])
    assert all(isinstance(result, Received) for result in results), results
    case = desk.session.scalars(sa.select(Case)).one()
    assert (case.items_live, case.version) == (8, 8)
    assert sorted(desk.session.scalars(sa.select(Item.joined_version))) == list(range(1, 9))


def test_referrals_that_name_the_same_locations_crosswise_never_deadlock(desk: Desk) -> None:
    urls = [f"https://video.example/{number}" for number in range(20)]
    actors = [sender_actor(make_sender()) for _ in range(8)]
    calls = [
        partial(receive, actor, *(urls if place % 2 else reversed(urls)))
        for place, actor in enumerate(actors)
    ]
    results = together(desk.app, calls)
    assert all(isinstance(result, Received) for result in results), results
    assert set(desk.session.scalars(sa.select(Case.items_live))) == {8}
    assert _count(desk, Case) == 20


def test_one_idempotency_key_at_once_answers_once_and_else_refuses(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    results = together(desk.app, [partial(receive, actor, URL, reference="REF", key="k") for _ in range(8)])
    answers = [result for result in results if isinstance(result, Received)]
    assert all(isinstance(result, Received | IdempotencyInFlight) for result in results), results
    assert [answer.replayed for answer in answers].count(False) == 1
    assert len({answer.body for answer in answers}) == 1
    assert _count(desk, Referral) == 1


def test_positions_of_changes_grow(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    for _ in range(3):
        receive(actor, URL)
    rows = desk.session.execute(sa.select(Referral.change_position).order_by(Referral.received_at)).all()
    positions = [row.change_position for row in rows]
    assert positions == sorted(set(positions))
    assert clock.now().tzinfo is UTC
