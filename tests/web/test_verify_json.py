"""The check of receipts for programs: the page's verdict as JSON, without a form, a key or a session."""

import pytest

from review.domain.permissions import Role
from review.domain.receipt_schema import VerdictAnswer
from review.formats.tlog_proof import parse_proof
from tests.conftest import Desk
from tests.factories import make_sign_in
from tests.web.test_verify import failing, receipts

MEMBERS = set(VerdictAnswer.model_fields)


def test_a_program_is_told_what_a_receipt_proves(desk: Desk) -> None:
    referral, arrival, answered = receipts(desk)
    client = desk.client()
    told = client.post("/verify", json={"receipt": arrival}).json
    assert told is not None
    VerdictAnswer.model_validate(told)
    assert set(told) == MEMBERS
    assert told["genuine"] is True
    assert (told["part"], told["field"], told["reason"]) == (None, None, None)
    assert (told["event_type"], told["object_id"]) == ("referral.received", referral["id"])
    assert told["position"] == parse_proof(arrival).index
    assert told["values"]["reference"] == "UNIT-1"
    assert told["closed"] == ["cases", "key"]
    assert told["recorded_at"] == referral["received_at"]
    later = client.post("/verify", json={"receipt": answered.replace("\n", "\r\n")}).json
    assert later is not None
    assert (later["genuine"], later["event_type"]) == (True, "item.answered")
    assert later["object_id"] == referral["items"][0]["id"]  # type: ignore[index]


def test_a_program_is_told_which_part_fails(desk: Desk) -> None:
    _referral, arrival, answered = receipts(desk)
    client = desk.client()
    for title, (part, document) in failing(arrival, answered).items():
        answer = client.post("/verify", json={"receipt": document})
        assert answer.status_code == 200
        assert answer.json is not None
        assert set(answer.json) == MEMBERS
        assert (answer.json["genuine"], answer.json["part"]) == (False, part), title
        assert answer.json["reason"]
        assert answer.json["object_id"] is None
        assert answer.json["values"] == {}
        assert answer.json["field"] == ("answer" if title == "A value was changed" else None)


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b'{"receipt": "x", "zz": 1, "yy": 2}', 422, ["/yy", "/zz"]),
        (b"{}", 422, ["/receipt"]),
        (b'{"receipt": 5, "zz": 1}', 422, ["/zz", "/receipt"]),
        (b'{"receipt": ""}', 422, ["/receipt"]),
        (b'{"receipt": "x", "receipt": "y"}', 400, None),
        (b"[]", 400, None),
        (b'{"receipt": "\\ud800"}', 400, None),
        (b"", 400, None),
    ],
)
def test_a_wrong_body_is_refused_with_all_that_is_wrong(
    desk: Desk, body: bytes, status: int, pointers: list[str] | None
) -> None:
    answer = desk.client().post("/verify", data=body, content_type="application/json")
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    if pointers is not None:
        assert answer.json is not None
        assert [error["pointer"] for error in answer.json["errors"]] == pointers


def test_who_rules_json_out_or_sends_something_else_is_told_so(desk: Desk) -> None:
    client = desk.client()
    assert client.post("/verify", json={"receipt": "x"}, headers={"Accept": "text/html"}).status_code == 406
    for kind in ("text/plain", "application/octet-stream", ""):
        answer = client.post("/verify", data=b"receipt=x", content_type=kind)
        assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        answer = client.post("/verify", data=b"receipt=x", content_type=kind)
        assert (answer.status_code, answer.mimetype) == (403, "text/html"), "a form needs its token"


def test_a_person_who_is_signed_in_is_answered_like_anybody(desk: Desk) -> None:
    _referral, arrival, _answer = receipts(desk)
    anonymous, person = desk.client(), desk.client()
    make_sign_in(person, Role.SENDER)
    answers = [one.post("/verify", json={"receipt": arrival}) for one in (anonymous, person)]
    assert answers[0].data == answers[1].data
    assert "Set-Cookie" not in answers[0].headers
