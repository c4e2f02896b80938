"""What monitors and verifiers read without a key."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.domain.merkle import leaf_hash, root_of
from review.domain.permissions import Role
from review.domain.signed_note import verify
from review.errors import TrailBroken
from review.models import Leaf
from review.queries.checkpoints import signed_entries
from tests.conftest import Desk
from tests.factories import make_sign_in
from tests.queries.test_stored_rows import undefended
from tests.signs import beat_all
from tests.trails import record_events, settle


def test_the_process_is_alive_even_without_a_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "session", lambda: pytest.fail("the database was asked"))
    answer = desk.client().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "alive"})


def test_ready_names_each_check(desk: Desk) -> None:
    beat_all()
    answer = desk.client().get("/readyz")
    assert answer.status_code == 200
    names = {
        "database",
        "schema",
        "triggers",
        "trail",
        "checkpoint",
        "dispatch",
        "deliveries",
        "platform",
        "workers",
        "disk",
    }
    names |= {"verification", "clock"} | ({"role"} if desk.database == "postgresql" else set())
    assert set(answer.get_json()["checks"]) == names


def test_a_late_checkpoint_a_late_sequencer_and_a_lost_trigger_are_not_ready(desk: Desk) -> None:
    client = desk.client()
    make_sign_in(client, Role.ADMIN)
    record_events(3)
    for minutes, expected in ((0, 200), (2, 503)):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
            beat_all()
            answer = client.get("/readyz")
            assert answer.status_code == expected
    assert answer.mimetype == "application/problem+json"
    failed = [error["code"] for error in answer.get_json()["errors"]]
    assert failed == ["checkpoint", *(["clock"] if desk.database == "postgresql" else [])]
    settle(desk.settings.data_dir)
    beat_all()
    trigger = "guard_leaves_update" if desk.database == "sqlite" else "guard_leaves_row"
    place = "" if desk.database == "sqlite" else " ON leaves"
    with db.transaction() as writer:
        writer.execute(sa.text(f"DROP TRIGGER {trigger}{place}"))
    answer = client.get("/readyz")
    assert [error["code"] for error in answer.get_json()["errors"]] == ["triggers"]
    assert trigger in answer.get_json()["errors"][0]["detail"]
    page = client.get("/admin")
    assert page.status_code == 200
    assert "Not well" in page.text
    assert "restore a backup" in page.text


def test_the_log_shows_its_key_and_newest_checkpoint(desk: Desk) -> None:
    client = desk.client()
    for address in ("/log/key", "/log/checkpoint"):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    record_events(5)
    settle(desk.settings.data_dir)
    note, vkey = client.get("/log/checkpoint").text, client.get("/log/key").text
    assert verify(note, vkey.removesuffix("\n")).size == 5


def _entries(bundle: bytes) -> list[bytes]:
    """What C2SP tlog-tiles says of an entry bundle: two bytes of length before each entry."""
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        assert len(entries[-1]) == length > 0
        bundle = bundle[2 + length :]
    return entries


def test_an_entry_that_was_changed_is_not_given_away_as_signed(desk: Desk) -> None:
    record_events(5)
    settle(desk.settings.data_dir)
    client = desk.client()
    assert len(_entries(client.get("/log/tile/entries/000.p/5").data)) == 5
    with undefended() as connection:
        connection.execute(sa.text("UPDATE openings SET salt = :salt"), {"salt": bytes(32)})
        with (
            sa.orm.Session(bind=connection, join_transaction_mode="create_savepoint") as reader,
            pytest.raises(TrailBroken, match="not what was signed for"),
        ):
            signed_entries(reader, 0, width=5)


def test_the_log_gives_the_tiles_that_are_signed_for_and_no_more(desk: Desk) -> None:
    client = desk.client()
    assert client.get("/log/tile/0/000.p/1").status_code == 404
    record_events(300)
    settle(desk.settings.data_dir)
    record_events(5)
    leaves = desk.session.scalars(sa.select(Leaf.leaf_hash).order_by(Leaf.position)).all()
    full, tail = client.get("/log/tile/0/000"), client.get("/log/tile/0/001.p/44")
    assert (full.status_code, full.mimetype) == (200, "application/octet-stream")
    assert full.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert full.data + tail.data == b"".join(leaves[:300])
    assert client.get("/log/tile/0/000.p/7").data == full.data[: 7 * 32]
    assert client.get("/log/tile/1/000.p/1").data == root_of(leaves[:256])
    bundles = client.get("/log/tile/entries/000"), client.get("/log/tile/entries/001.p/44")
    assert bundles[0].headers["Cache-Control"] == full.headers["Cache-Control"]
    assert [leaf_hash(entry) for one in bundles for entry in _entries(one.data)] == list(leaves[:300])
    for beyond in (
        "entries/001.p/45",
        "entries/001",
        "entries/002.p/1",
        "entries/0",
        "entries/entries/000",
        "0/001.p/45",
        "0/001",
        "0/002.p/1",
        "1/000.p/2",
        "1/000",
        "2/000.p/1",
        "9/000.p/1",
        "x",
    ):
        answer = client.get(f"/log/tile/{beyond}")
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
