"""The published description: valid, complete, and true of real answers."""

import gzip
import json
import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from app import create_app
from review.domain.permissions import GRANTS, Scope
from review.domain.referrals import read_referral
from review.formats.strict_json import parse_object
from review.web import guard
from review.web.api import batch_operations, referral_operations
from review.web.api.openapi import SCOPES, document_of
from review.web.operations import OPTIONAL_HEADERS, PATH, QUERY
from tests.conftest import Desk, settings_for
from tests.factories import make_key, make_sender, referral_body
from tests.house.readme_tables import README
from tests.trails import ask_next, decide_all, settle
from tests.web.api.described import PROBLEM, problems_of

URL = "https://video.example/watch/1"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application without a database behind it."""
    folder = tmp_path_factory.mktemp("described")
    return create_app(settings_for(f"sqlite:///{folder / 'none.db'}", folder))


def test_the_description_is_valid_openapi(app: Flask) -> None:
    document = document_of(app)
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_every_address_of_the_api_is_described_and_nothing_else(app: Flask) -> None:
    there = {
        (re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") or rule.rule == "/verify"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (address, method) for address, methods in document_of(app)["paths"].items() for method in methods
    }
    assert described == there
    assert len(there) > 10


def test_every_address_needs_the_scopes_that_its_permission_grants(app: Flask) -> None:
    document = document_of(app)
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        permission = guard.permission_of(app, rule.endpoint)
        assert permission is not None
        grant = GRANTS[permission]
        address = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = document["paths"][address][method.lower()]
            assert operation["security"] == ([] if grant.anyone else [{"key": sorted(grant.scopes)}])
            codes = {"401", "403"} & operation["responses"].keys()
            assert codes == (set() if grant.anyone else {"401", "403"})
    assert set(SCOPES) == set(Scope)


def test_names_are_unique_and_every_part_is_used(app: Flask) -> None:
    document = document_of(app)
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    text = json.dumps(document)
    unused = [name for name in document["components"]["schemas"] if f'schemas/{name}"' not in text]
    assert unused == []
    declared = {parameter["name"] for operation in operations for parameter in operation["parameters"]}
    assert set(PATH) <= declared
    assert set(QUERY) <= declared


def test_every_member_that_is_sent_says_what_it_is_for(app: Flask) -> None:
    schemas = document_of(app)["components"]["schemas"]
    for name in ("ReferralBody", "ItemBody", "ContactBody", "EvidenceBody"):
        silent = [key for key, member in schemas[name]["properties"].items() if "description" not in member]
        assert silent == [], name


def test_every_example_obeys_its_schema(app: Flask) -> None:
    document, seen = document_of(app), 0
    for methods in document["paths"].values():
        for operation in methods.values():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [answer.get("content", {}) for answer in operation["responses"].values()]
            for content in (entry for found in contents for entry in found.values() if "example" in entry):
                assert problems_of(document, content["schema"], content["example"]) == []
                line = content["schema"].get("x-line-schema")
                for text in content["example"].splitlines() if line else ():
                    assert problems_of(document, line, json.loads(text)) == []
                seen += 1
    assert seen >= 10


def test_examples_are_taken_by_the_program_and_by_the_schema(app: Flask) -> None:
    document = document_of(app)
    sample = re.search(r"-d '(\{.*?\})'", README.read_text(), re.DOTALL)
    assert sample is not None
    bodies = [json.dumps(referral_operations.EXAMPLE_BODY), sample[1]]
    bodies += batch_operations.EXAMPLE_LINES.splitlines()
    for body in bodies:
        members = parse_object(body.encode())
        assert problems_of(document, {"$ref": "#/components/schemas/ReferralBody"}, members) == []
        assert len(read_referral(members, hosts=app.config["REVIEW_HOSTS"]).items) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_anyone_may_read_it_and_ask_whether_it_changed(desk: Desk) -> None:
    client = desk.client()
    for address, media_type in (("/api/v1/openapi.json", "application/json"), ("/api/v1/docs", "text/html")):
        first = client.get(address)
        assert (first.status_code, first.mimetype) == (200, media_type)
        same = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (same.status_code, same.data) == (304, b"")
        assert client.head(address).headers["ETag"] == first.headers["ETag"]


class Checked:
    """A sender's program that holds every answer against the description."""

    def __init__(self, desk: Desk) -> None:
        self.client = desk.client()
        self.document = document_of(desk.app)
        self.headers = {"Authorization": f"Bearer {make_key(make_sender())}"}

    def ask(self, method: str, address: str, path: str, **options: Any) -> TestResponse:
        """Send a request; ``address`` as in the description, ``path`` as sent."""
        headers = self.headers | options.pop("headers", {})
        answer = self.client.open(path, method=method, headers=headers, **options)
        promised = self.document["paths"][address][method.lower()]["responses"]
        assert str(answer.status_code) in promised, (answer.status_code, answer.text)
        self._check(answer, promised[str(answer.status_code)])
        return answer

    def _check(self, answer: TestResponse, promised: dict[str, Any]) -> None:
        for name, header in promised.get("headers", {}).items():
            if name in OPTIONAL_HEADERS and name not in answer.headers:
                continue
            value: Any = answer.headers[name]
            value = int(value) if header["schema"]["type"] == "integer" else value
            assert problems_of(self.document, header["schema"], value) == [], name
        contents, media_type = promised.get("content", {}), answer.mimetype or ""
        if not contents:
            assert answer.data == b""
            return
        schema = contents[media_type]["schema"]
        value = answer.get_json() if media_type.endswith(("/json", "+json")) else answer.text
        if media_type == "application/x-ndjson":
            for line in answer.text.splitlines():
                assert problems_of(self.document, schema["x-line-schema"], json.loads(line)) == []
        assert problems_of(self.document, schema, value) == []

    def refer(self, body: bytes, **headers: str) -> TestResponse:
        """Post a referral."""
        headers = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.ask("POST", "/api/v1/referrals", "/api/v1/referrals", data=body, headers=headers)


ONE = "/api/v1/referrals/{referral_id}"


def test_answers_to_what_is_good_are_as_described(desk: Desk) -> None:
    checked = Checked(desk)
    body = referral_body("REF", URL, "https://video.example/2", "ftp://x/")
    first = checked.refer(body, Idempotency_Key="k")
    assert first.status_code == 201
    assert checked.refer(body).status_code == 200
    assert checked.refer(body, Idempotency_Key="k").headers["Idempotent-Replayed"] == "true"
    referral = first.get_json()
    links, item = referral["links"], referral["items"][0]["id"]
    receipt = f"{ONE}/receipt"
    assert checked.ask("GET", receipt, links["receipt"]).status_code == 202
    withdrawn = checked.ask(
        "POST", "/api/v1/items/{item_id}/withdraw", f"/api/v1/items/{referral['items'][1]['id']}/withdraw"
    )
    assert withdrawn.get_json()["status"] == "withdrawn"
    decide_all(outcome="accepted")
    assert checked.refer(referral_body("DECLINED", "https://video.example/3")).status_code == 201
    decide_all()
    settle(desk.settings.data_dir)
    assert checked.ask("GET", receipt, f"{links['receipt']}?item={item}").status_code == 200
    found = checked.ask("GET", ONE, links["self"])
    assert {"ground", "clauses", "restriction"} <= found.get_json()["items"][0].keys()
    headers = {"If-None-Match": found.headers["ETag"]}
    assert checked.ask("GET", ONE, links["self"], headers=headers).status_code == 304
    page = checked.ask("GET", "/api/v1/referrals", "/api/v1/referrals?limit=1")
    rest = checked.ask("GET", "/api/v1/referrals", f"/api/v1/referrals?cursor={page.get_json()['next']}")
    assert [entry["reference"] for entry in rest.get_json()["referrals"]] == ["DECLINED"]
    assert "decline_reason" in rest.get_json()["referrals"][0]["items"][0]
    last = checked.refer(referral_body("LAST", "https://video.example/4")).get_json()
    ask_next()
    asked = checked.ask("GET", ONE, last["links"]["self"]).get_json()
    assert (asked["status"], asked["items"][0]["question"]["text"]) == (
        "waiting_sender",
        "At which minute is it?",
    )
    for _time in range(2):
        given = checked.ask(
            "POST", f"{ONE}/answer", f"{last['links']['self']}/answer", json={"answer": "At 3."}
        )
        assert (given.status_code, given.get_json()["status"]) == (200, "in_review")
    refused = checked.ask(
        "POST", f"{ONE}/answer", f"{last['links']['self']}/answer", json={"answer": "At 4."}
    )
    assert (refused.status_code, refused.mimetype) == (409, PROBLEM)
    assert checked.ask("POST", f"{ONE}/withdraw", f"{last['links']['self']}/withdraw").status_code == 200


def test_answers_about_batches_are_as_described(desk: Desk) -> None:
    checked = Checked(desk)
    lines = b"\n".join([referral_body("A", URL), b"{}", referral_body("A", URL), b"no", b""])
    sent = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    address = "/api/v1/referrals/batch"
    answer = checked.ask("POST", address, address, data=gzip.compress(lines), headers=sent)
    batch = answer.get_json()
    assert (batch["received"], batch["repeated"], batch["refused"]) == (1, 1, 2)
    decide_all()
    one = "/api/v1/batches/{batch_id}"
    found = checked.ask("GET", one, batch["links"]["self"])
    assert found.get_json()["declined"] >= 1
    headers = {"If-None-Match": found.headers["ETag"]}
    assert checked.ask("GET", one, batch["links"]["self"], headers=headers).status_code == 304
    results = checked.ask("GET", f"{one}/results", batch["links"]["results"])
    assert len(results.text.splitlines()) == 4
    page = checked.ask("GET", "/api/v1/batches", "/api/v1/batches")
    assert [entry["id"] for entry in page.get_json()["batches"]] == [batch["id"]]
    empty = checked.ask(
        "POST", address, address, data=b"\n", headers={"Content-Type": "application/x-ndjson"}
    )
    assert (empty.status_code, empty.mimetype) == (422, PROBLEM)
    cut = checked.ask("POST", address, address, data=gzip.compress(lines)[:-9], headers=sent)
    assert (cut.status_code, cut.mimetype) == (400, PROBLEM)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_refusals_are_as_described(desk: Desk) -> None:
    checked = Checked(desk)
    first = checked.refer(referral_body("REF", URL), Idempotency_Key="k")
    refusals = {
        400: checked.refer(b"{"),
        409: checked.refer(referral_body("REF", URL, reason="Other.")),
        415: checked.refer(b"{}", Content_Type="text/plain"),
        422: checked.refer(b'{"x": 1}'),
        406: checked.ask("GET", ONE, first.headers["Location"], headers={"Accept": "text/html"}),
        404: checked.ask("GET", ONE, "/api/v1/referrals/R-0000-0000-0000"),
        401: checked.ask("GET", ONE, first.headers["Location"], headers={"Authorization": "Bearer x"}),
    }
    assert {status: answer.status_code for status, answer in refusals.items()} == {
        status: status for status in refusals
    }
    assert checked.refer(referral_body("OTHER", URL), Idempotency_Key="k").status_code == 422
    assert checked.refer(referral_body(None, URL, intake_kind="removal_order")).status_code == 422
    assert checked.ask("GET", "/api/v1/referrals", "/api/v1/referrals?limit=0").status_code == 422
    checked.headers = {"Authorization": f"Bearer {make_key(make_sender(), Scope.READ)}"}
    assert checked.refer(referral_body("REF", URL)).status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_address_for_posting_alone_refuses_other_methods(desk: Desk) -> None:
    checked = Checked(desk)
    answer = checked.client.get("/api/v1/referrals/batch", headers=checked.headers)
    assert (answer.status_code, answer.mimetype) == (405, PROBLEM)
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
