"""`flask clauses`: our own terms."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from review import clock, db
from review.actions import clauses as clause_actions
from review.cli.answers import day, json_option, refusals, tell
from review.domain.clause_text import decode_terms, read_clauses
from review.domain.permissions import OPERATOR
from review.queries import clauses as clause_queries

clauses = AppGroup("clauses", help="Our own terms, by which referrals are judged.")


@clauses.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "valid_from", type=day, help="First day of the wording (default: today, UTC).")
@json_option
def import_file(*, file: Path, valid_from: datetime | None, as_json: bool) -> None:
    """Bring in the Markdown FILE; each top-level heading is a clause."""
    with refusals():
        terms = read_clauses(decode_terms(file.read_bytes(), file_name=file.name), name=file.stem)
        first_day = (valid_from or clock.now()).date()
        done = clause_actions.import_clauses(
            terms.document, terms.clauses, valid_from=first_day, actor=OPERATOR
        )
    sentences = [
        f"{done.document}, from {first_day}: {len(done.added)} new, {len(done.changed)} changed, "
        f"{len(done.unchanged)} as before."
    ]
    sentences += [f"  new: {number}" for number in done.added]
    sentences += [f"  changed: {number}" for number in done.changed]
    tell(asdict(done) | {"valid_from": first_day.isoformat()}, sentences, as_json=as_json)


@clauses.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """Every version of every clause."""
    found = clause_queries.list_clauses(db.session())
    sentences = [
        f"{clause.document}  {clause.number}  version {clause.version}  "
        f"{'ends on' if clause.ends else 'from'} {clause.valid_from}  {clause.title}  ({clause.version_id})"
        for clause in found
    ]
    answer = [asdict(clause) | {"valid_from": clause.valid_from.isoformat()} for clause in found]
    tell({"clauses": answer}, sentences or ["There are no clauses yet."], as_json=as_json)


commands = (clauses,)
