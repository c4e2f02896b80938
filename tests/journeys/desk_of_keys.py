"""A desk for journeys by keyboard: two moderators, terms, and a queue of short referrals."""

from pathlib import Path

import httpx
import sqlalchemy as sa

from review import db
from review.config import read_settings
from tests.factories import referral_body
from tests.journeys.server import Program

PEOPLE = ("first@desk.example", "second@desk.example")


def new_desk(folder: Path, database_url: str, *, undo_seconds: int = 60, **settings: str) -> Program:
    """The program, not yet running; ``settings`` by the names of their variables."""
    program = Program(folder, database_url, hosts="video.example", undo_seconds=undo_seconds)
    program.environment |= settings
    return program


def furnish(program: Program, *, cases: int) -> None:
    """People, terms and so many cases, into a desk that runs."""
    for email in PEOPLE:
        program.add_account(email, "moderator")
    terms = program.folder / "terms.md"
    terms.write_text("# 1. Violence\n\nNo threats.\n\n# 2. Fraud\n\nNo deceit.\n")
    program.command("clauses", "import", str(terms), "--from", "2021-01-01")
    sender = program.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
    key = program.command("senders", "issue-key", sender, "--scope", "refer,read")["key"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with httpx.Client(base_url=program.address, headers=headers) as client:
        for number in range(cases):
            body = referral_body(f"HW-{number}", f"https://video.example/watch/{number}")
            assert client.post("/api/v1/referrals", content=body).status_code == 201


def stored(program: Program) -> sa.Engine:
    """A connection beside the server, to look at what is stored; dispose of it."""
    return db.create_engine(read_settings(program.environment))
