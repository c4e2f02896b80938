"""A desk for journeys through single cases: with evidence, several items, trick addresses, and a past."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from review.models import Case, Decision, Item
from tests.factories import referral_body
from tests.hostile_files import picture
from tests.journeys.desk_of_keys import stored
from tests.journeys.server import Browser, Program, until

DECLINED = {
    "outcome": "declined",
    "decline_reason": "no_breach",
    "rationale": "It was read in full and names nobody.",
    "statement": "We looked at it and found no breach.",
}


class Cases:
    """One sender of a running desk, and the cases that its referrals became."""

    def __init__(self, program: Program) -> None:
        self.program = program
        sender = program.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
        key = program.command("senders", "issue-key", sender, "--scope", "refer,read")["key"]
        self.client: httpx.Client = program.sender(key)
        self._number = 0

    def refer(self, *urls: str, evidence: Sequence[dict[str, str]] = (), **members: Any) -> list[str]:
        """The cases of one referral, in the order of its items; evidence comes with the first."""
        self._number += 1
        places = urls or (f"https://video.example/watch/{self._number}",)
        items: list[dict[str, Any]] = [{"url": url, "content_type": "video"} for url in places]
        if evidence:
            items[0]["evidence"] = list(evidence)
        named = {"category": "STATEMENT_CATEGORY_VIOLENCE"} | members
        body = referral_body(f"HW-{self._number}", items=items, **named)
        headers = {"Content-Type": "application/json"}
        answer = self.client.post("/api/v1/referrals", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        ids = [item["id"] for item in answer.json()["items"]]
        found = dict(self.rows(sa.select(Item.id, Item.case_id).where(Item.id.in_(ids))))
        return [found[item_id] for item_id in ids]

    def rows(self, statement: Any) -> list[Any]:
        """What is stored, read beside the server."""
        engine = stored(self.program)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(statement)]
        engine.dispose()
        return found

    def write(self, statement: Any) -> None:
        """Change what is stored, as time would."""
        engine = stored(self.program)
        with engine.begin() as connection:
            connection.execute(statement)
        engine.dispose()

    def decide(self, person: Browser, *cases: str, **changes: str) -> None:
        """Let this person record a review of each, and wait for the decisions."""
        for case_id in cases:
            self.review(person, case_id, **changes)
        decided = sa.select(sa.func.count()).select_from(Decision).where(Decision.case_id.in_(cases))
        until(lambda: self.rows(decided) == [(len(cases),)])

    def review(self, person: Browser, case_id: str, **changes: str) -> None:
        """Let this person claim a case and record a review of it."""
        person.get("/queue")
        person.post(f"/cases/{case_id}/claim")
        opaque: dict[str, Any] = {name: person.field(name) for name in ("version", "claim_generation")}
        person.post(f"/cases/{case_id}/review", **(DECLINED | opaque | changes), then="stay")

    def state(self, case_id: str) -> str:
        """The state of a case."""
        return str(self.rows(sa.select(Case.state).where(Case.id == case_id))[0][0])


def shot(name: str = "frame.png", *, side: int = 320) -> dict[str, str]:
    """A picture as evidence; another side, another picture."""
    content = base64.b64encode(picture(size=(side, 240))).decode()
    return {"name": name, "media_type": "image/png", "content": content}


def furnish(program: Program, *people: str, lead: str = "") -> None:
    """Moderators and a lead by e-mail address, and terms, into a desk that runs."""
    for email in people:
        program.add_account(email, "moderator")
    if lead:
        program.add_account(lead, "lead")
    terms: Path = program.folder / "terms.md"
    terms.write_text("# 1. Violence\n\nNo threats.\n\n# 2. Fraud\n\nNo deceit.\n")
    program.command("clauses", "import", str(terms), "--from", "2021-01-01")
