"""Nothing that a client sends finds an answer that the description does not promise."""

from typing import Any

import pytest

from tests.conftest import Desk
from tests.web.api.fuzzing import fuzz

CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "object_level_authorization",
    "use_after_free",
    "ensure_resource_availability",
}
SEEN = {200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 415, 422}
"""403: what comes to /verify as a form is a person's, and has no token."""
USUAL_ROUNDS = 3


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_every_answer_is_one_the_description_promises(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    rounds = int(pytestconfig.getoption("--rounds"))
    findings = fuzz(desk, monkeypatch, examples=5 * rounds, same_again=rounds <= USUAL_ROUNDS)
    assert findings.failures == [], "\n\n".join(findings.failures)
    assert set(findings.checks) == CHECKS
    assert set(findings.statuses) == SEEN
    assert {"examples", "coverage", "fuzzing", "stateful"} == set(findings.requests)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_false_description_is_found_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def falsify(document: dict[str, Any]) -> None:
        """Keep one list and say of it: no 422, a member too few, a limit too high."""
        listing = document["paths"]["/api/v1/batches"]["get"]
        document["paths"] = {"/api/v1/batches": {"get": listing}}
        del listing["responses"]["422"]
        batch = document["components"]["schemas"]["BatchAnswer"]
        del batch["properties"]["lines"]
        batch["required"].remove("lines")
        limit = next(entry for entry in listing["parameters"] if entry["name"] == "limit")
        limit["schema"]["maximum"] = 400

    findings = fuzz(desk, monkeypatch, examples=5, change=falsify)
    found = {failure.partition(":")[0] for failure in findings.failures}
    assert {
        "status_code_conformance",
        "response_schema_conformance",
        "positive_data_acceptance",
    } <= found
