"""The main job on real input: referrals arrive, are decided by real terms, answered, and proven."""

import json
import re
from pathlib import Path
from typing import Any

import httpx

from review.formats import tlog_proof
from tests.journeys.server import Browser, Program, running, until

HOSTS = "github.com,.github.io"
SHARED = "https://bartertone.github.io/leavehomesafer/"


def _set_up(program: Program, public_data: Path) -> str:
    """People, sender, key and terms by command; returns the key."""
    for person in ("first", "second"):
        program.add_account(f"{person}@desk.example", "moderator")
    program.add_account("legal@desk.example", "legal")
    sender_id = program.command("senders", "create", "Referral units", "--kind", "other")["id"]
    program.add_account("officer@unit.example", "sender", "--sender", sender_id)
    for terms in sorted((public_data / "terms").glob("*.md")):
        program.command("clauses", "import", str(terms), "--from", "2021-01-01")
    key: str = program.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
    return key


def _send(sender: httpx.Client, public_data: Path) -> list[dict[str, Any]]:
    answers = []
    lines = (public_data / "notices" / "real-referrals.ndjson").read_bytes().splitlines()
    for line in lines:
        answer = sender.post("/api/v1/referrals", content=line, headers={"Content-Type": "application/json"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["reference"] == json.loads(line)["reference"]
        answers.append(answer.json())
    assert len(answers) == 3
    return answers


def _decide(moderator: Browser, outcomes: dict[str, bool], *, accept: bool) -> bool:
    """Take the next case and record a review, the same as a colleague's; False when nothing waits."""
    moderator.get("/queue")
    taken = moderator.post("/queue/next")
    if "/cases/" not in str(taken.url):
        return False
    case = str(taken.url.path)
    accept = outcomes.setdefault(case, accept)
    page = moderator.page
    clause = re.search(r'name="clauses"[^>]*value="([^"]+)"', page)
    assert clause is not None
    fields: dict[str, Any] = {
        "version": moderator.field("version"),
        "claim_generation": moderator.field("claim_generation"),
        "rationale": "The page was read in full and measured against the clause named here.",
        "statement": "Thank you. We looked at the page and decided by our own terms.",
    }
    if accept:
        fields |= {
            "outcome": "accepted",
            "ground": "terms",
            "clauses": clause.group(1),
            "visibility": "removed",
        }
    else:
        fields |= {"outcome": "declined", "decline_reason": "no_breach"}
    moderator.post(f"{case}/review", **fields)
    return True


def test_a_real_referral_is_received_decided_answered_and_proven(
    database_url: str, tmp_path: Path, public_data: Path
) -> None:
    program = Program(tmp_path, database_url, hosts=HOSTS)
    with running(program):
        key = _set_up(program, public_data)
        sender = program.sender(key)
        referrals = _send(sender, public_data)

        first, second = Browser(program), Browser(program)
        first.sign_in("first@desk.example")
        second.sign_in("second@desk.example")
        outcomes: dict[str, bool] = {}
        decided = 0
        while decided < 10 and _decide((first, second)[decided % 2], outcomes, accept=decided % 2 == 0):
            decided += 1
        assert decided == 4, "five good items, of which two name one location, are four cases"
        _review_whole_sites((first, second), outcomes)

        answered = [_until_decided(sender, referral["links"]["self"]) for referral in referrals]
        _check_answers(answered)
        _check_receipts(sender, program, answered)
        _check_sender_page(program, answered)
        _check_legal(program, answered)
        assert program.run("trail", "verify").returncode == 0


def _review_whole_sites(people: tuple[Browser, Browser], outcomes: dict[str, bool]) -> None:
    """One of the cases names a whole site, which needs a second review: each takes the other's."""

    def reviewed_again() -> bool:
        return any(_decide(person, outcomes, accept=True) for person in people)

    until(reviewed_again)


def _until_decided(sender: httpx.Client, address: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = sender.get(address).json()
        return found if found["status"] == "decided" else None

    return until(look)


def _check_answers(answered: list[dict[str, Any]]) -> None:
    items = [item for referral in answered for item in referral["items"]]
    assert {item["outcome"] for item in items} == {"accepted", "declined"}
    shared = [item for item in items if item["canonical_url"] == SHARED]
    assert len(shared) == 2
    told = [{name: value for name, value in item.items() if name not in ("id", "url")} for item in shared]
    assert told[0] == told[1]
    for item in items:
        assert item["statement"].startswith("Thank you.")
        if item["outcome"] == "accepted":
            assert item["ground"] == "terms"
            assert item["clauses"][0]["version"] == 1
            assert len(item["clauses"][0]["text"]) > 50
            assert item["restriction"]["visibility"] == "removed"
        else:
            assert item["decline_reason"] == "no_breach"
    text = json.dumps(answered)
    assert "measured against" not in text, "the rationale never leaves the house"
    assert "Reviewer" not in text


def _check_receipts(sender: httpx.Client, program: Program, answered: list[dict[str, Any]]) -> None:
    vkey = httpx.get(program.address + "/log/key").text.strip()
    for referral in answered:
        wanted = [(referral["links"]["receipt"], "referral.received")]
        wanted += [
            (f"{referral['links']['receipt']}?item={item['id']}", "item.answered")
            for item in referral["items"]
        ]
        for address, event in wanted:

            def proof(address: str = address) -> str | None:
                answer = sender.get(address)
                return answer.text if answer.status_code == 200 else None

            text = until(proof)
            extra = tlog_proof.parse_proof(text).extra
            assert extra is not None
            opening = tlog_proof.check_opening(extra)
            tlog_proof.check_proof(text, opening.entry, vkey)
            assert opening.envelope["type"] == event
            assert "cases" not in opening.values


def _check_sender_page(program: Program, answered: list[dict[str, Any]]) -> None:
    officer = Browser(program)
    officer.sign_in("officer@unit.example")
    page = officer.get(f"/sender/referrals/{answered[1]['id']}")
    assert "Thank you. We looked at the page" in page
    assert "measured against" not in page


def _check_legal(program: Program, answered: list[dict[str, Any]]) -> None:
    legal = Browser(program)
    legal.sign_in("legal@desk.example")
    found = legal.get(f"/records?query={answered[0]['reference']}")
    case = re.search(r'href="(/records/C-[^"]+)"', found)
    assert case is not None
    record = legal.get(case.group(1))
    assert "measured against the clause" in record
    legal.get("/trail")
    legal.post("/trail/verify")
    run = re.search(r'href="(/trail/runs/T-[^"]+)"', legal.page)
    until(lambda: "unbroken" in legal.get(run[1] if run else "/trail"))
