"""The commands for people, senders and terms: what they print, and how they refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from review.queries.factors import enrolled_of
from tests.conftest import Desk
from tests.factor_desks import make_person

PASSWORD = "harbour lantern seventeen"


def run(desk: Desk, *arguments: str, typed: str = "") -> Result:
    return desk.app.test_cli_runner().invoke(args=list(arguments), input=typed)


def answer(desk: Desk, *arguments: str, typed: str = "") -> dict[str, Any]:
    result = run(desk, *arguments, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 1
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def add(desk: Desk, email: str, role: str, *more: str) -> dict[str, Any]:
    return answer(desk, "accounts", "create", email, "--role", role, "--name", "Jane", *more)


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    file = tmp_path / "rules.md"
    file.write_text("# 1. Spam\nNo spam.\n# 2. Fraud\nNo fraud.\n")
    return file


def test_accounts_from_creation_to_closing(desk: Desk) -> None:
    made = add(desk, "jane@desk.example", "admin")
    assert re.fullmatch("Admin [A-Z][0-9]", made["pseudonym"])
    assert len(made["one_time_password"]) == 24
    with_password = answer(
        desk,
        *(
            "accounts",
            "create",
            "joe@desk.example",
            "--role",
            "moderator",
            "--name",
            "Joe",
            "--password-stdin",
        ),
        typed=PASSWORD + "\nsecond line\n",
    )
    assert "one_time_password" not in with_password
    assert answer(desk, "accounts", "set-role", "joe@desk.example", "--role", "lead")["role"] == "lead"
    link = answer(desk, "accounts", "reset", made["pseudonym"])["link"]
    assert link.startswith("/sign-in/link/")
    assert answer(desk, "accounts", "close", with_password["id"])["closed"] is True
    people = {person["email"]: person for person in answer(desk, "accounts", "list")["accounts"]}
    assert people["jane@desk.example"]["closed_at"] is None
    assert people["joe@desk.example"]["role"] == "lead"
    assert people["joe@desk.example"]["closed_at"].endswith("Z")
    listed = run(desk, "accounts", "list").output
    assert "closed" in listed
    assert made["pseudonym"] in listed


def test_a_second_factor_is_reset_by_command(desk: Desk) -> None:
    person = make_person(app=True)
    assert answer(desk, "accounts", "reset-factor", person.email)["factors_reset"] is True
    assert not enrolled_of(desk.session, person.account_id).any
    refused = run(desk, "accounts", "reset-factor", person.email, "--json")
    assert (refused.exit_code, "no second factor" in refused.stderr) == (1, True)


def test_people_read_sentences_without_json(desk: Desk, terms: Path) -> None:
    assert "no accounts yet" in run(desk, "accounts", "list").output
    assert "no senders yet" in run(desk, "senders", "list").output
    assert "no clauses yet" in run(desk, "clauses", "list").output
    made = run(desk, "accounts", "create", "j@desk.example", "--role", "lead", "--name", "J").output
    assert "One-time password, shown once: " in made
    assert (
        "has the role legal" in run(desk, "accounts", "set-role", "j@desk.example", "--role", "legal").output
    )
    assert "/sign-in/link/" in run(desk, "accounts", "reset", "j@desk.example").output
    assert "is closed" in run(desk, "accounts", "close", "j@desk.example").output
    assert "1: new" in run(desk, "clauses", "import", str(terms)).output.replace("new: 1", "1: new")


def test_senders_and_keys(desk: Desk) -> None:
    made = answer(
        desk,
        *("senders", "create", "Harbour Watch", "--kind", "trusted_flagger", "--country", "be"),
        *("--flagger-coordinator", "C", "--flagger-from", "2026-01-01", "--flagger-until", "2026-12-31"),
    )
    key = answer(desk, "senders", "issue-key", made["id"], "--scope", "refer,read", "--expires", "2099-01-31")
    assert re.fullmatch(r"rr_[A-Za-z0-9_-]{49}", key["key"])
    by_name = answer(desk, "senders", "issue-key", "Harbour Watch", "--scope", "manage")
    platform = answer(desk, "senders", "issue-platform-key")
    assert answer(desk, "senders", "revoke-key", by_name["id"])["revoked"] is True
    listed = answer(desk, "senders", "list")
    sender = listed["senders"][0]
    assert sender["trusted_flagger"] == [
        {"coordinator": "C", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}
    ]
    keys = {found["key_id"]: found for found in sender["keys"]}
    assert keys[key["id"]]["expires_at"] == "2099-02-01T00:00:00Z"
    assert keys[key["id"]]["scopes"] == ["read", "refer"]
    assert keys[by_name["id"]]["revoked_at"].endswith("Z")
    assert listed["platform_keys"][0]["key_id"] == platform["id"]
    printed = run(desk, "senders", "list").output
    for secret in (key["key"], by_name["key"], platform["key"]):
        assert secret not in printed + json.dumps(listed)
    assert "trusted flagger by C" in printed
    assert "Platform" in printed


def test_a_key_issued_by_command_opens_the_api(desk: Desk) -> None:
    sender_id = answer(desk, "senders", "create", "Unit", "--kind", "iru")["id"]
    key = answer(desk, "senders", "issue-key", sender_id, "--scope", "read")["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert desk.client().get("/api/v1/referrals", headers=headers).status_code == 200


def test_terms_are_imported_from_a_day(desk: Desk, terms: Path) -> None:
    first = answer(desk, "clauses", "import", str(terms), "--from", "2021-01-01")
    assert (first["document"], first["added"], first["valid_from"]) == ("rules", ["1", "2"], "2021-01-01")
    terms.write_text(terms.read_text().replace("No fraud", "No fraud at all"))
    second = answer(desk, "clauses", "import", str(terms))
    assert (second["added"], second["changed"], second["unchanged"]) == ([], ["2"], ["1"])
    listed = [(row["number"], row["version"]) for row in answer(desk, "clauses", "list")["clauses"]]
    assert listed == [("1", 1), ("2", 1), ("2", 2)]


def test_a_refusal_is_one_line_on_stderr_and_exit_1(desk: Desk, terms: Path, tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.md", tmp_path / "bell\x07.md"
    empty.write_text("")
    binary.write_bytes(b"\xff\xfe")
    add(desk, "jane@desk.example", "admin")
    answer(desk, "clauses", "import", str(terms))
    terms.write_text("# 1. Spam\nSome spam.\n")
    for arguments in (
        ("accounts", "create", "jane@desk.example", "--role", "lead", "--name", "J"),
        ("accounts", "create", "no address", "--role", "lead", "--name", "J"),
        ("accounts", "create", "o@unit.example", "--role", "sender", "--name", "O"),
        ("accounts", "close", "jane@desk.example"),
        ("accounts", "close", "nobody"),
        ("accounts", "set-role", "nobody", "--role", "lead"),
        ("accounts", "reset", "nobody"),
        ("senders", "create", "U", "--kind", "iru", "--country", "Belgium"),
        ("senders", "create", "U", "--kind", "iru", "--flagger-from", "2026-01-01"),
        ("senders", "issue-key", "S-unknown", "--scope", "read"),
        ("senders", "issue-key", "S-unknown", "--scope", "write"),
        ("senders", "issue-platform-key", "--expires", "2020-01-01"),
        ("senders", "revoke-key", "K-unknown"),
        ("clauses", "import", str(empty)),
        ("clauses", "import", str(binary)),
        ("clauses", "import", str(terms), "--from", "2020-01-01"),
    ):
        result = run(desk, *arguments, "--json")
        assert result.exit_code == 1, arguments
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert result.stderr.startswith("Error: ")
        assert "\x07" not in result.stderr
    weak = ("accounts", "create", "x@desk.example", "--role", "lead", "--name", "X", "--password-stdin")
    result = run(desk, *weak, typed="short\n")
    assert (result.exit_code, "short" in result.stderr) == (1, False)
