"""Receipts: a sender proves from the document alone that the trail holds its event."""

import json

from review.domain.permissions import Scope
from review.formats.tlog_proof import check_opening, check_proof, parse_opening, parse_proof
from tests.conftest import Desk
from tests.factories import make_key, make_sender
from tests.trails import decide_all, record_events, refer, settle


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_receipt_verifies_offline_and_withholds_the_cases(desk: Desk) -> None:
    client = desk.client()
    sender = make_sender()
    key = make_key(sender)
    referral = refer(client, key)
    address = referral["links"]["receipt"]
    waiting = client.get(address, headers=bearer(key))
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "2")
    record_events(300)
    settle(desk.settings.data_dir)
    answer = client.get(address, headers=bearer(key))
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    vkey = client.get("/log/key").text.strip()
    extra = parse_proof(answer.text).extra
    assert extra is not None
    opening = check_opening(extra)
    checkpoint = check_proof(answer.text, opening.entry, vkey)
    assert checkpoint.size == 301
    assert client.get("/log/checkpoint").text == parse_proof(answer.text).checkpoint_text
    assert opening.envelope["type"] == "referral.received"
    assert "cases" in opening.envelope["c"]
    assert {"reference", "body_sha256", "items"} <= opening.values.keys()
    assert not {"cases", "key"} & opening.values.keys()
    again = client.get(address, headers=bearer(key) | {"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_receipt_of_an_item_proves_its_answer(desk: Desk) -> None:
    client = desk.client()
    key = make_key(make_sender())
    referral = refer(client, key)
    address = f"{referral['links']['receipt']}?item={referral['items'][0]['id']}"
    assert client.get(address, headers=bearer(key)).status_code == 404
    decide_all()
    settle(desk.settings.data_dir)
    answer = client.get(address, headers=bearer(key))
    assert answer.status_code == 200
    extra = parse_proof(answer.text).extra
    assert extra is not None
    opening = check_opening(extra)
    check_proof(answer.text, opening.entry, client.get("/log/key").text.strip())
    assert opening.envelope["actor"] == {"kind": "service", "id": "service"}
    assert json.loads(opening.values["answer"])["outcome"] == "declined"
    assert parse_opening(extra).fields.keys() == {"answer"}


def test_a_receipt_of_another_sender_is_as_missing_as_none(desk: Desk) -> None:
    client = desk.client()
    key, other = make_key(make_sender()), make_key(make_sender())
    referral = refer(client, key)
    settle(desk.settings.data_dir)
    item = referral["items"][0]["id"]
    path = f"/api/v1/referrals/{referral['id']}/receipt"
    missing = client.get("/api/v1/referrals/R-0000-0000-0000/receipt", headers=bearer(other))
    assert missing.status_code == 404
    for address in (path, f"{path}?item={item}", "/api/v1/referrals/x/receipt", f"{path}?item=x"):
        answer = client.get(address, headers=bearer(other))
        assert (answer.status_code, answer.data) == (404, missing.data)
    narrow = make_key(make_sender(), Scope.REFER)
    assert client.get(path, headers=bearer(narrow)).status_code == 403
    assert client.get(path).status_code == 401
