"""Odd headers, evidence, addresses and sizes: a 4xx problem document, and nothing stored.

The corpus of bodies is in tests/corpus.
"""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from review.models import Case, Evidence, Item, Opening, Referral, RefusedItem, StoredAnswer
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.factories import make_key, make_sender, referral_body

ADDRESS = "/api/v1/referrals"
URL = "https://video.example/watch/1"
ITEM = {"url": URL}
PICTURE = {"name": "a.png", "media_type": "image/png", "content": "AAAA"}


@dataclass(frozen=True)
class Bad:
    """A request, and what must be answered: status, code, and where it applies the pointer."""

    status: int
    code: str
    pointer: str | None = None
    body: bytes | None = None
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    address: str = ADDRESS
    method: str = "POST"


def _rule(code: str, pointer: str, **members: Any) -> Bad:
    return Bad(422, code, pointer, members=members)


def _item(code: str, member: str, **members: Any) -> Bad:
    return _rule(code, f"/items/0/{member}", items=[ITEM | members])


def _evidence(code: str, member: str, **members: Any) -> Bad:
    return _item(code, f"evidence/0/{member}", evidence=[PICTURE | members])


def _header(status: int, code: str, **headers: str) -> Bad:
    return Bad(status, code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def _query(code: str, query: str) -> Bad:
    return Bad(422, code, "", address=f"{ADDRESS}?{query}", method="GET")


CASES = {
    # evidence: no file is left behind
    "evidence name": _evidence("too_short", "name", name=""),
    "evidence type": _evidence("not_a_media_type", "media_type", media_type="png"),
    "evidence spaces": _evidence("evidence_not_canonical", "content", content="AA AA"),
    "evidence padding": _evidence("evidence_not_canonical", "content", content="AAB="),
    "evidence url-safe": _evidence("evidence_not_canonical", "content", content="__-_"),
    "evidence empty": _evidence("evidence_not_canonical", "content", content=""),
    "evidence escaped": Bad(
        422,
        "evidence_not_canonical",
        "/items/0/evidence/0/content",
        body=referral_body(items=[ITEM | {"evidence": [PICTURE]}]).replace(b"AAAA", b"\\u0041AAA"),
    ),
    # the headers
    "no media type": _header(415, "unsupported_media_type", Content_Type=""),
    "form": _header(415, "unsupported_media_type", Content_Type="application/x-www-form-urlencoded"),
    "multipart": _header(415, "unsupported_media_type", Content_Type="multipart/form-data; boundary=x"),
    "other charset": _header(415, "unsupported_media_type", Content_Type="application/json; charset=latin-1"),
    "gzip": _header(415, "unsupported_media_type", Content_Encoding="gzip"),
    "accept html": _header(406, "not_acceptable", Accept="text/html"),
    "accept nothing": _header(406, "not_acceptable", Accept="application/json;q=0, text/*"),
    "accept garbage": _header(406, "not_acceptable", Accept="garbage"),
    "no key": _header(401, "key_required", Authorization=""),
    "basic": _header(401, "key_required", Authorization="Basic YTpi"),
    "unknown key": _header(401, "key_not_valid", Authorization="Bearer rr_none"),
    "key in latin-1": _header(401, "key_not_valid", Authorization="Bearer ü"),
    "idempotency empty": _header(400, "bad_request", Idempotency_Key=""),
    "idempotency spaces": _header(400, "bad_request", Idempotency_Key="a b"),
    "idempotency long": _header(400, "bad_request", Idempotency_Key="x" * 201),
    "idempotency letters": _header(400, "bad_request", Idempotency_Key="schlüssel"),
    # the address
    "unknown parameter": _query("unknown_parameter", "sort=new"),
    "hostile parameter": _query("unknown_parameter", "%00%0d%0a=1"),
    "batch is no id": _query("batch_not_valid", "batch=B-1"),
    "batch of a NUL": _query("batch_not_valid", "batch=%00"),
    "limit zero": _query("limit_not_valid", "limit=0"),
    "limit large": _query("limit_not_valid", "limit=201"),
    "limit sign": _query("limit_not_valid", "limit=-1"),
    "limit digits": _query("limit_not_valid", "limit=%D9%A3"),
    "limit twice": _query("repeated_parameter", "limit=1&limit=2"),
    "status unknown": _query("status_not_valid", "status=open"),
    "since a day": _query("updated_since_not_valid", "updated_since=2026-11-23"),
    "since far": _query("updated_since_not_valid", "updated_since=99999-11-23T00:00:00Z"),
    "cursor": _query("cursor_not_valid", "cursor=MQ"),
    "cursor empty": _query("cursor_not_valid", "cursor="),
    "reference with nul": _query("reference_not_valid", "reference=a%00"),
    "reference of nothing": _query("reference_not_valid", "reference="),
    "put": Bad(405, "method_not_allowed", method="PUT"),
    "delete one": Bad(405, "method_not_allowed", address=f"{ADDRESS}/R-0000-0000-0000", method="DELETE"),
    "get withdraw": Bad(405, "method_not_allowed", address=f"{ADDRESS}/R-0/withdraw", method="GET"),
    "slash": Bad(404, "not_found", address=f"{ADDRESS}/"),
    "path bytes": Bad(404, "not_found", address=f"{ADDRESS}/%ff%fe%00", method="GET"),
    "path long": Bad(404, "not_found", address=f"{ADDRESS}/{'x' * 5_000}", method="GET"),
    "path up": Bad(404, "not_found", address="/api/v1/../../etc/passwd", method="GET"),
}


def _stored(desk: Desk) -> dict[str, int]:
    tables = (Case, Evidence, Item, Referral, RefusedItem, StoredAnswer)
    session = desk.session
    return {
        table.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in tables
    }


def _refusals(desk: Desk) -> list[str]:
    return list(desk.session.scalars(sa.select(Opening.event_type)))


def test_every_bad_request_names_what_is_wrong_and_stores_nothing(desk: Desk) -> None:
    assert len(CASES) >= 40
    client: Any = desk.client()
    key = make_key(make_sender())
    expected_events = 0
    for name, bad in CASES.items():
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"} | bad.headers
        members = json.loads(referral_body("REF", URL)) | bad.members
        body = bad.body if bad.body is not None else json.dumps(members).encode()
        answer = client.open(
            bad.address, method=bad.method, data=body if bad.method == "POST" else None, headers=headers
        )
        assert answer.status_code == bad.status, (name, answer.text)
        assert answer.mimetype == "application/problem+json", name
        problem = answer.json
        assert problem["status"] == bad.status, name
        assert {"type", "title", "status", "detail"} <= problem.keys(), name
        codes = {(entry["pointer"], entry["code"]) for entry in problem.get("errors", ())}
        if bad.pointer is None:
            assert problem["type"] == f"/errors/{bad.code}", name
        else:
            assert (bad.pointer, bad.code) in codes, (name, problem)
            assert all(entry["detail"] for entry in problem["errors"]), name
        assert bad.status != 401 or answer.headers["WWW-Authenticate"] == "Bearer", name
        expected_events += bad.status == 422 and bad.method == "POST"
    assert set(_stored(desk).values()) == {0}
    assert not (desk.settings.data_dir / "evidence").exists()
    assert _refusals(desk) == ["referral.refused"] * expected_events
    answer = client.post(
        ADDRESS,
        data=referral_body("REF"),
        headers={"Content-Type": "application/json; charset=UTF-8", "Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_over_16_mib_is_413(desk: Desk, declared: bool) -> None:
    size = 16 * 1024 * 1024 + 1
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {make_key(make_sender())}"}
    environment = {} if declared else {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    client: Any = desk.client()
    answer = client.post(
        ADDRESS,
        input_stream=BytesIO(b" " * size),
        content_length=size if declared else None,
        headers=headers,
        environ_overrides=environment,
    )
    assert (answer.status_code, answer.json["type"]) == (413, "/errors/too_large")
    assert set(_stored(desk).values()) == {0}


def test_a_body_of_exactly_16_mib_or_cut_short_is_not_taken_for_another(desk: Desk) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {make_key(make_sender())}"}
    body = referral_body("REF", URL)
    padded = body + b" " * (16 * 1024 * 1024 - len(body))
    client: Any = desk.client()
    cut = client.post(
        ADDRESS,
        input_stream=BytesIO(body),
        headers=headers,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body) + 1)},
    )
    assert (cut.status_code, cut.json["type"]) == (400, "/errors/bad_request")
    assert set(_stored(desk).values()) == {0}
    whole = client.post(
        ADDRESS,
        input_stream=BytesIO(padded),
        headers=headers,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert whole.status_code == 201
    assert original_of(desk.session, whole.json["id"], data_dir=desk.settings.data_dir) == padded
