"""Whatever a client sends: a 4xx problem document that names field and remedy, and nothing stored."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
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


def _json(raw: bytes) -> Bad:
    return Bad(400, "not_strict_json", body=raw)


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


DEEP = b'{"a":' * 33 + b"1" + b"}" * 33
CASES = {
    # the bytes
    "no body": _json(b""),
    "white space": _json(b"  \n"),
    "not json": _json(b"reference=1"),
    "cut off": _json(referral_body()[:-1]),
    "trailing garbage": _json(referral_body() + b"x"),
    "two objects": _json(referral_body() * 2),
    "root array": _json(b"[]"),
    "root string": _json(b'"x"'),
    "root null": _json(b"null"),
    "byte order mark": _json(b"\xef\xbb\xbf" + referral_body()),
    "utf-16": _json(referral_body().decode().encode("utf-16-le")),
    "latin-1": _json(b'{"reference":"\xfc"}'),
    "duplicate member": _json(b'{"reference":"a","reference":"b"}'),
    "not a number": _json(b'{"reference":NaN}'),
    "infinity": _json(b'{"reference":-Infinity}'),
    "large float": _json(b'{"reference":1e999}'),
    "large integer": _json(b'{"reference":9007199254740992}'),
    "nul": _json(b'{"reference":"\\u0000"}'),
    "lone surrogate": _json(b'{"reference":"\\ud800"}'),
    "single quotes": _json(b"{'reference':'a'}"),
    "comment": _json(b'{/* */"reference":"a"}'),
    "too deep": _json(DEEP),
    "very deep": _json(b"[" * 100_000),
    # the schema
    "empty object": Bad(422, "missing", "/items", body=b"{}"),
    "reference missing": Bad(
        422, "missing", "/reference", body=b'{"reason":"a","items":[{"url":"%s"}]}' % URL.encode()
    ),
    "reference null": _rule("missing", "/reference", reference=None),
    "reference empty": _rule("too_short", "/reference", reference=""),
    "reference blank": _rule("too_short", "/reference", reference=" "),
    "reference long": _rule("too_long", "/reference", reference="x" * 201),
    "reference number": _rule("wrong_type", "/reference", reference=7),
    "reference lines": _rule("control_character", "/reference", reference="a\nb"),
    "reason long": _rule("too_long", "/reason", reason="x" * 10_001),
    "reason array": _rule("wrong_type", "/reason", reason=["x"]),
    "kind unknown": _rule("not_in_list", "/intake_kind", intake_kind="order"),
    "order": Bad(422, "kind_not_enabled", members={"intake_kind": "removal_order"}),
    "category unknown": _rule("not_in_list", "/category", category="TERROR"),
    "keyword of another": _rule(
        "keyword_not_of_category",
        "/keyword",
        category="STATEMENT_CATEGORY_VIOLENCE",
        keyword="KEYWORD_NUDITY",
    ),
    "urgency unknown": _rule("not_in_list", "/urgency", urgency="high"),
    "country": _rule("not_a_country", "/issuing_country", issuing_country="Belgium"),
    "time without zone": _rule("not_a_time", "/detected_at", detected_at="2019-11-21T09:30:00"),
    "time number": _rule("wrong_type", "/detected_at", detected_at=1574328600),
    "language": _rule("not_a_language", "/language", language="a_b"),
    "channel": _rule("not_in_list", "/transmitted_via", transmitted_via="fax"),
    "contact string": _rule("wrong_type", "/contact", contact="desk@example.org"),
    "contact mail": _rule("not_an_email", "/contact/email", contact={"email": "desk"}),
    "good faith string": _rule("wrong_type", "/good_faith", good_faith="yes"),
    "notice without faith": _rule("good_faith_required", "/good_faith", intake_kind="notice"),
    "notice without contact": _rule("contact_required", "/contact", intake_kind="notice", good_faith=True),
    "unknown member": _rule("unknown_member", "/refrence", refrence="x"),
    "unknown in item": _item("unknown_member", "URL", URL="x"),
    "items missing": _rule("missing", "/items", items=None),
    "items empty": _rule("too_few", "/items", items=[]),
    "items object": _rule("wrong_type", "/items", items={"0": ITEM}),
    "items many": _rule("too_many", "/items", items=[{"url": f"{URL}{n}"} for n in range(1_001)]),
    "item string": _rule("wrong_type", "/items/0", items=[URL]),
    "url missing": _rule("missing", "/items/0/url", items=[{}]),
    "url number": _item("wrong_type", "url", url=7),
    "content type": _item("not_in_list", "content_type", content_type="page"),
    "digest": _item("not_a_digest", "sha256", sha256="abc"),
    "description": _item("too_long", "description", description="x" * 10_001),
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
    # the location
    "url empty": _item("url_empty", "url", url=""),
    "url long": _item("url_too_long", "url", url=URL + "x" * 2_048),
    "url relative": _item("url_not_valid", "url", url="/watch/1"),
    "url scheme": _item("url_scheme", "url", url="javascript:alert(1)"),
    "url no host": _item("url_no_host", "url", url="https://"),
    "url bad port": _item("url_not_valid", "url", url="https://video.example:99999/"),
    "url elsewhere": _item("not_our_host", "url", url="https://video.example.evil.example/"),
    "url credentials trick": _item("not_our_host", "url", url="https://video.example@evil.example/"),
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
    "batch comes later": _query("unknown_parameter", "batch=B-1"),
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
    assert len(CASES) >= 60
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


def test_all_problems_come_at_once(desk: Desk) -> None:
    body = json.dumps({"reference": "", "reason": 1, "items": [{"url": 1}, {"url": URL, "x": 1}]})
    client: Any = desk.client()
    answer = client.post(
        ADDRESS,
        data=body,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {make_key(make_sender())}"},
    )
    pointers = [entry["pointer"] for entry in answer.json["errors"]]
    assert pointers == ["/items/0/url", "/items/1/x", "/reason", "/reference"]


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


def test_public_json_texts_are_400_where_not_json_and_never_5xx(desk: Desk, public_data: Path) -> None:
    client: Any = desk.client()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {make_key(make_sender())}"}
    files = sorted((public_data / "json_parsing" / "test_parsing").glob("*.json"))
    assert len(files) > 300
    for path in files:
        answer = client.post(ADDRESS, data=path.read_bytes(), headers=headers)
        wanted = (400,) if path.name.startswith("n_") else (400, 422)
        assert answer.status_code in wanted, (path.name, answer.text)
        assert answer.mimetype == "application/problem+json"
    assert set(_stored(desk).values()) == {0}


def test_awkward_strings_are_stored_and_given_back_or_refused(desk: Desk, public_data: Path) -> None:
    client: Any = desk.client()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {make_key(make_sender())}"}
    strings = json.loads((public_data / "strings" / "blns.json").read_bytes())
    for number, text in enumerate(strings[::5]):
        members = {"reason": text, "issuing_authority": text, "legal_basis": text}
        body = referral_body(f"{number} {text}"[:200], f"https://video.example/{text}", text, **members)
        answer = client.post(ADDRESS, data=body, headers=headers)
        assert answer.status_code in (200, 201, 422), (text, answer.text)
        if answer.status_code == 201:
            assert client.get(answer.json["links"]["self"], headers=headers).data == answer.data
