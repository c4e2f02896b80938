"""What an erasure reaches beside its record: messages, refused addresses, files, the looks of pictures."""

import base64
import fcntl
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import referrals
from review.actions.deliveries import send_again
from review.actions.endpoints import remove_endpoint
from review.actions.intake import take_in
from review.actions.trail import verify_trail
from review.domain.holds import RecordKind
from review.domain.permissions import OPERATOR
from review.domain.webhooks import DeliveryState
from review.errors import AlreadyClosed
from review.models import Delivery, Evidence, EvidenceLook, Item, Opening, PicturePart, schema
from review.models.evidence_files import evidence_path
from review.queries.erasures import erased_digests
from review.queries.fsck import check_everything
from review.queries.trail import Finding
from review.webhooks import Outcome
from review.workers import erasing
from review.workers.erasing import finish_due
from tests.conftest import Desk
from tests.endpoints import lease, make_endpoint, managing, record
from tests.erasures import TEXTS, Decided, decided_record, erase, judge_record
from tests.factories import make_sender, receive, sender_actor
from tests.trails import settle

TWIN = "0" * 64
PIECE = {
    "name": "twin.txt",
    "media_type": "text/plain",
    "content": b64encode(TEXTS["evidence"].encode()).decode(),
}


def _finding(desk: Desk) -> Finding:
    settle(desk.settings.data_dir)
    return verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding


def _send(desk: Desk, outcome: Outcome) -> None:
    desk.session.rollback()
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=False):
        for one in lease():
            record(one, outcome)


def _give_up(desk: Desk) -> None:
    desk.session.rollback()
    with db.transaction() as writer:
        writer.execute(sa.update(Delivery).values(standing=DeliveryState.DEAD.value, finished_at=clock.now()))


def _same_file(sender_id: str) -> None:
    """Another referral with the file of the record."""
    item: dict[str, Any] = {"url": "https://video.example/twin", "content_type": "video", "evidence": [PIECE]}
    receive(sender_actor(sender_id), reference="twin", items=[item])


@pytest.mark.parametrize("arrived", [True, False])
def test_a_message_that_was_emptied_leaves_the_trail_whole(desk: Desk, arrived: bool) -> None:
    sender_id = make_sender()
    endpoint = make_endpoint(managing(sender_id), "https://hooks.example/x")
    decided = decided_record(sender_id=sender_id)
    if arrived:
        _send(desk, Outcome(200, None, 5))
    else:
        remove_endpoint(endpoint.endpoint_id, actor=managing(sender_id))
    assert _finding(desk).intact
    erase(decided, "statement")
    desk.session.rollback()
    assert any(b"erased" in body for body in desk.session.scalars(sa.select(Delivery.body)))
    found = _finding(desk)
    assert found.intact, found


def test_a_dead_letter_that_was_emptied_is_not_sent_again(desk: Desk) -> None:
    sender_id = make_sender()
    make_endpoint(managing(sender_id), "https://hooks.example/x")
    decided = decided_record(sender_id=sender_id)
    desk.session.rollback()
    with db.transaction() as writer:
        writer.execute(sa.update(Delivery).values(standing=DeliveryState.DEAD.value, finished_at=clock.now()))
    erase(decided, "statement")
    told = sa.select(Delivery.id).where(Delivery.topic == "item.decided")
    (emptied,) = desk.session.scalars(told).all()
    desk.session.rollback()
    with pytest.raises(AlreadyClosed):
        send_again(emptied, actor=managing(sender_id))


def test_a_file_that_was_erased_is_no_break(desk: Desk) -> None:
    decided = decided_record()
    erase(decided, "evidence", kind=RecordKind.REFERRAL)
    settle(desk.settings.data_dir)
    assert finish_due(desk.settings) == 1
    report = check_everything(desk.settings.data_dir, progress=lambda _what, _count: None)
    assert report.intact, report.breaks
    _same_file(make_sender())
    digest = desk.session.scalars(sa.select(Evidence.sha256).distinct()).one()
    evidence_path(desk.settings.data_dir, digest).unlink()
    settle(desk.settings.data_dir)
    report = check_everything(desk.settings.data_dir, progress=lambda _what, _count: None)
    assert not report.intact, "another record needs it"


def test_an_address_that_was_refused_goes_with_the_others(desk: Desk) -> None:
    sender_id = make_sender()
    items = [
        {"url": "https://video.example/watch/1", "content_type": "video"},
        {"url": "https://elsewhere.test/REFUSED-CANARY", "content_type": "video"},
    ]
    received = receive(sender_actor(sender_id), reference="mixed", items=items)
    row = desk.session.execute(
        sa.select(Item.id, Item.case_id).where(Item.referral_id == received.referral_id)
    ).one()
    judge_record(row.case_id)
    decided = Decided(row.case_id, received.referral_id, row.id, sender_id)

    def told() -> bytes:
        desk.session.rollback()
        fields = desk.session.scalars(sa.select(Opening.fields)).all()
        return b"".join(base64.b64decode(one[1]) for each in fields for one in each.values())

    assert b"REFUSED-CANARY" in told()
    erase(decided, "url", kind=RecordKind.REFERRAL)
    assert b"REFUSED-CANARY" not in told()
    assert _finding(desk).intact


def test_a_file_is_dropped_while_none_is_on_its_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    decided, folder = decided_record(), desk.settings.data_dir
    digest = desk.session.scalars(sa.select(Evidence.sha256).distinct()).one()
    erase(decided, "evidence", kind=RecordKind.REFERRAL)
    settle(folder)
    met: list[str] = []

    def is_locked(how: int) -> bool:
        with (folder / "evidence.lock").open("rb") as file:
            try:
                fcntl.flock(file, how | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def asked(*given: Any) -> list[str]:
        assert is_locked(fcntl.LOCK_SH), "nobody stores evidence while it is asked what goes"
        met.append("asked")
        return erased_digests(*given)

    def committed(*given: Any, **more: Any) -> Any:
        assert is_locked(fcntl.LOCK_EX), "nothing goes between the file and its row"
        met.append("stored")
        return take_in(*given, **more)

    monkeypatch.setattr(erasing, "erased_digests", asked)
    monkeypatch.setattr(referrals, "take_in", committed)
    _same_file(make_sender())
    assert finish_due(desk.settings) == 1
    assert met == ["stored", "asked"]
    assert evidence_path(folder, digest).exists()
    assert not is_locked(fcntl.LOCK_EX)


@pytest.mark.parametrize("twin", ["same file", "same look", "none"])
def test_pictures_of_other_records_are_found_as_before(desk: Desk, twin: str) -> None:
    decided, hashed = decided_record(), "a" * 64
    digest = desk.session.scalars(sa.select(Evidence.sha256).distinct()).one()
    if twin == "same file":
        _same_file(make_sender())
    desk.session.rollback()
    with db.transaction() as writer:
        looks = [digest, TWIN] if twin == "same look" else [digest]
        for one in looks:
            row = {"sha256": one, "perceptual_hash": hashed, "looked_at": clock.now()}
            writer.execute(sa.insert(EvidenceLook), row)
        writer.execute(sa.insert(PicturePart), {"part": 1, "perceptual_hash": hashed})
    erase(decided, "evidence", kind=RecordKind.REFERRAL)
    desk.session.rollback()
    left = set(
        desk.session.scalars(sa.select(EvidenceLook.sha256).where(EvidenceLook.perceptual_hash == hashed))
    )
    assert left == {"same file": {digest}, "same look": {TWIN}, "none": set()}[twin]
    parts = desk.session.scalar(sa.select(sa.func.count()).select_from(PicturePart))
    assert parts == (0 if twin == "none" else 1)


def test_every_guard_of_erasures_is_missed_when_it_is_gone(desk: Desk) -> None:
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if desk.database != "sqlite":
        names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    there = set(desk.session.scalars(sa.text(names)))
    assert {one for one in there if one.endswith("_erasure")} == {
        one for one in schema.expected_triggers(desk.database) if one.endswith("_erasure")
    }
