"""A desk for journeys by keyboard: two moderators, a lead, terms, and a queue of short referrals."""

import base64
import re
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from review import db
from review.config import read_settings
from tests.factories import referral_body
from tests.hostile_files import picture
from tests.journeys.server import Browser, Program

PEOPLE = ("first@desk.example", "second@desk.example")
LEAD = "lead@desk.example"

TEXTS = {
    "rationale": "The content threatens a person.",
    "statement": "It breaks our clause on violence.",
}
"""Ready-made texts of the first clause, by the field that they are inserted into."""


def new_desk(folder: Path, database_url: str, *, undo_seconds: int = 60, **settings: str) -> Program:
    """The program, not yet running; ``settings`` by the names of their variables."""
    program = Program(folder, database_url, hosts="video.example", undo_seconds=undo_seconds)
    program.environment |= settings
    return program


def furnish(program: Program, *, cases: int, evidence: bool = False, items: int = 1) -> None:
    """People, terms and so many cases of so many items each, into a desk that runs.

    ``evidence``: a picture with each item, and ready-made texts for the first clause.
    """
    for email in PEOPLE:
        program.add_account(email, "moderator")
    program.add_account(LEAD, "lead")
    terms = program.folder / "terms.md"
    terms.write_text("# 1. Violence\n\nNo threats.\n\n# 2. Fraud\n\nNo deceit.\n")
    program.command("clauses", "import", str(terms), "--from", "2021-01-01")
    sender = program.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
    key = program.command("senders", "issue-key", sender, "--scope", "refer,read")["key"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with httpx.Client(base_url=program.address, headers=headers) as client:
        for number in range(cases * items):
            place = f"https://video.example/watch/{number // items}"
            item: dict[str, Any] = {"url": place, "content_type": "video"}
            if evidence:
                shown = base64.b64encode(picture(size=(64, 48 + number))).decode()
                item["evidence"] = [{"name": "frame.png", "media_type": "image/png", "content": shown}]
            body = referral_body(f"HW-{number}", items=[item])
            assert client.post("/api/v1/referrals", content=body).status_code == 201
    if evidence:
        _write_texts(program)


def _write_texts(program: Program) -> None:
    """Let an administrator write both ready-made texts of the first clause."""
    program.add_account("admin@desk.example", "admin")
    admin = Browser(program)
    admin.sign_in("admin@desk.example")
    clause = re.search(r'href="(/admin/clauses/L-[^"/]+)"', admin.get("/admin/clauses"))
    assert clause is not None
    address = clause[1] + "/snippets/edit"
    for kind, text in TEXTS.items():
        admin.get(address)
        admin.post(address, kind=kind, language="en", text=text, version=admin.field("version"))


def stored(program: Program) -> sa.Engine:
    """A connection beside the server, to look at what is stored; dispose of it."""
    return db.create_engine(read_settings(program.environment))
