"""Reading is on the trail before it is shown: one event a reading, by GET and HEAD, or no page at all."""

import base64
import json
import re

import pytest
import sqlalchemy as sa

from review import ledger
from review.errors import TrailBroken
from review.models import Opening
from tests.conftest import Desk
from tests.web.walls.crawling import Answered, addresses, all_ids, answered, readable, token_on
from tests.web.walls.marks import Mark, found_in
from tests.web.walls.stage import Stage, build

READ_EVENTS = ("record.opened", "records.listed", "restriction.opened", "trail.listed")
SEARCHES = ("/records?q={}", "/records?q={}&words=1", "/search?q={}")
READERS = {"/records": "legal", "/escalations": "legal", "/trail": "legal", "/search": "lead"}
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_ROW = re.compile(r'<th scope="row"[^>]*>.*?href="/(?:records|cases)/(C-[0-9A-Z-]{14})', re.DOTALL)


def _openings(desk: Desk) -> list[tuple[str, str, dict[str, list[str]]]]:
    rows = desk.session.execute(
        sa.select(Opening.event_type, Opening.object_id, Opening.fields)
        .where(Opening.event_type.in_(READ_EVENTS))
        .order_by(Opening.recorded_at, Opening.eid)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _pages(stage: Stage) -> list[str]:
    """Every readable address with real ids, and searches for some of them."""
    ids = all_ids(stage)
    found = [one for rule in readable(stage.desk.app) for one in addresses(rule, ids)]
    sought = [ids[name][0] for name in ("case_id", "referral_id", "item_id", "batch_id")]
    return found + [pattern.format(one) for pattern in SEARCHES for one in sought]


def _read(stage: Stage, who: str, address: str, method: str = "GET") -> Answered:
    with stage.clients[who].open(address, method=method) as answer:
        return answered(address, answer)


def _kept(stage: Stage) -> set[str]:
    return set(stage.ids["house"]["case_id"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_page_of_records_leaves_one_event_that_names_each_row(desk: Desk, method: str) -> None:
    stage = build(desk)
    pages = 0
    for address in _pages(stage):
        who = next((who for start, who in READERS.items() if address.startswith(start)), None)
        if who is None:
            continue
        shown = _read(stage, who, address)
        if shown.status != 200 or not found_in(shown.text, _kept(stage)):
            continue
        before = len(_openings(desk))
        _read(stage, who, address, method)
        (name, about, fields), *more = _openings(desk)[before:]
        assert more == [], address
        pages += 1
        if name == "record.opened":
            assert address.endswith(about)
        elif name == "records.listed":
            assert sorted(_told(fields)) == sorted(set(_ROW.findall(shown.text))), address
    assert pages > 15


def _told(fields: dict[str, list[str]]) -> list[str]:
    """The cases that an event names."""
    named: list[str] = json.loads(base64.b64decode(fields["cases"][1]))
    return named


@ONE_DATABASE
def test_every_page_that_shows_records_is_one_that_leaves_an_event(desk: Desk) -> None:
    """Whatever route it is: what legal sees of a case, a notice or a review, it does not see unnoticed."""
    stage = build(desk)
    unnoticed = []
    for address in _pages(stage):
        before = len(_openings(desk))
        shown = _read(stage, "legal", address)
        sensitive = found_in(shown.text, {*_kept(stage), *_content()})
        if sensitive and len(_openings(desk)) == before:
            unnoticed.append((address, sensitive))
    assert unnoticed == []


def _content() -> set[Mark]:
    """Marks of notices, reviews and notes."""
    elsewhere = {Mark.OTHER_SENDER, Mark.OTHER_IDENTITY, Mark.OTHER_CONTACT, Mark.PSEUDONYM, Mark.PRECEDENT}
    elsewhere |= {Mark.READY_MADE, Mark.READY_SENT}  # they stand with the clauses, which legal reads anyway
    return set(Mark) - elsewhere - {Mark.AUTHOR_PSEUDONYM, Mark.STAFF_NAME, Mark.TRAIL_NAME}


@ONE_DATABASE
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_reading_that_cannot_be_recorded_shows_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    stage = build(desk)
    pages = _pages(stage)
    monkeypatch.setattr(ledger, "record", _refuse)
    refused = set()
    for address in pages:
        shown = _read(stage, "legal", address, method)
        assert not found_in(shown.whole, {*_kept(stage), *_content()}), address
        if shown.status == 500:
            refused.add(address.partition("?")[0].partition("/C-")[0])
    assert {"/records", "/escalations", "/trail"} <= refused


def test_a_refused_advice_shows_the_record_only_when_that_is_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = build(desk)
    client = stage.clients["legal"]
    form = {"csrf_token": token_on(client), "advice": ""}
    address = f"/cases/{stage.cases['escalated']}/advice"
    before = len(_openings(desk))
    shown = client.post(address, data=form)
    assert (shown.status_code, Mark.NOTE in shown.text) == (422, True)
    assert [name for name, _about, _fields in _openings(desk)[before:]] == ["record.opened"]
    monkeypatch.setattr(ledger, "record", _refuse)
    shown = client.post(address, data=form)
    assert (shown.status_code, Mark.NOTE in shown.text) == (500, False)


def _refuse(*_arguments: object, **_named: object) -> None:
    raise TrailBroken("The trail cannot be written.")
