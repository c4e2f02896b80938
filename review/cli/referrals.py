"""`flask referrals`: bring in a file of referrals that a sender handed over."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import AppGroup

from review import db, uploads
from review.actions.emailed import receive_email
from review.cli.answers import json_option, refusals, tell
from review.domain.emailed import LARGEST_MESSAGE
from review.domain.permissions import OPERATOR
from review.errors import BadRequest, DatabaseBusy, NotFound, NotReady, StorageFull
from review.formats.columns import columns_or_refused
from review.formats.grouping import grouped
from review.formats.ndjson import StreamBroken, Unpacked
from review.queries import batches as batch_queries
from review.queries import senders as sender_queries
from review.queries.batches import LineResult
from review.queries.senders import may_order
from review.sheets import FileKind, kind_of, open_sheet

referrals = AppGroup("referrals", help="Referrals that come as files or by e-mail.")

TRY_AGAIN = 75
"""Exit code that lets a mail server keep the message and try later (EX_TEMPFAIL of sysexits)."""


@referrals.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sender", "sender_id", required=True, help="The id of the sender whose file it is.")
@click.option(
    "--column",
    "named",
    multiple=True,
    metavar="HEADING=COLUMN",
    help="What a heading of the file means; - leaves it out.",
)
@json_option
def import_file(*, file: Path, sender_id: str, named: tuple[str, ...], as_json: bool) -> None:
    """Take in FILE of one sender: CSV or XLSX (one item a row), NDJSON (.gz too), X-ARF 4.

    Rows of one reference are one referral. The same file again adds nothing. Lines that are refused are
    listed and never stop the others.
    """
    with refusals():
        if sender_queries.sender_name(db.session(), sender_id) is None:
            raise NotFound("There is no such sender; flask senders list shows all.")
        kind = kind_of(file.name)
        desk = uploads.Desk(
            actor=replace(OPERATOR, sender_id=sender_id),
            settings=current_app.config["REVIEW_SETTINGS"],
            hosts=current_app.config["REVIEW_HOSTS"],
            transmitted_via="file",
            may_order=may_order(db.session(), sender_id),
            reports=True,
        )
        with _progress(file, shown=not as_json) as advance:
            batch_id = _receive(file, replace(desk, on_progress=advance), kind=kind, named=named)
        _tell(batch_id, sender_id=sender_id, as_json=as_json)


def _receive(file: Path, desk: uploads.Desk, *, kind: FileKind, named: tuple[str, ...]) -> str:
    if kind in (FileKind.LINES, FileKind.PACKED_LINES):
        with file.open("rb") as stream:
            packed = kind is FileKind.PACKED_LINES
            return uploads.receive_stream(Unpacked(stream.read).read if packed else stream.read, desk)
    with file.open("rb") as stream:
        whole = _digest(stream)
    try:
        with open_sheet(file, kind, desk.on_progress) as sheet, tempfile.TemporaryFile() as working:
            meant = {heading.strip(): column for heading, _, column in (one.rpartition("=") for one in named)}
            columns = columns_or_refused(sheet.names, meant) if sheet.names else ()
            _count, groups = grouped(sheet.rows(columns), working)
            desk = replace(desk, header=sheet.header)
            return uploads.receive_lines(groups, desk, digest=lambda: whole)
    except StreamBroken as broken:
        said = str(broken)[:1].upper() + str(broken)[1:]
        raise BadRequest(f"{said}; nothing was stored; send it again.") from None


def _digest(stream: BinaryIO) -> str:
    whole = sha256()
    while piece := stream.read(2**20):
        whole.update(piece)
    return whole.hexdigest()


@contextmanager
def _progress(file: Path, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of the file; nothing where a program reads the output."""
    if not shown:
        yield lambda _bytes: None
        return
    with click.progressbar(length=file.stat().st_size, label=file.name) as bar:
        yield bar.update


def _tell(batch_id: str, *, sender_id: str, as_json: bool) -> None:
    batch = batch_queries.own_batch(db.session(), batch_id, sender_id=sender_id)
    assert batch is not None
    refused = batch_queries.first_refusals(db.session(), batch_id)
    members = batch.as_dict()
    counted = (
        f"{batch.lines} lines: {batch.received} received, {batch.repeated} repeated, {batch.refused} refused"
    )
    sentences = [f"{counted} (batch {batch_id}, {members['seconds']} s).", *map(_sentence, refused)]
    if batch.refused > len(refused):
        sentences.append(f"and {batch.refused - len(refused)} more lines were refused.")
    tell(members | {"refusals": [line.as_dict() for line in refused]}, sentences, as_json=as_json)


def _sentence(line: LineResult) -> str:
    named = f" ({line.reference})" if line.reference else ""
    reasons = " ".join(f"{error['pointer']} {error['detail']}".strip() for error in line.errors)
    return f"Line {line.line}{named} was refused: {reasons}"


@referrals.command("email")
@click.argument("file", type=click.File("rb"), default="-")
@json_option
def receive_message(*, file: BinaryIO, as_json: bool) -> None:
    """Store one e-mail (FILE, or standard input as a mail server's pipe gives it); prints its id.

    It becomes a referral when a lead confirms it on the pages. The same message again changes nothing and
    prints the same id. Exit code 75 asks the mail server to try again later, any other but 0 says that the
    message was refused.
    """
    with refusals(), _tried_again():
        arrived = receive_email(file.read(LARGEST_MESSAGE + 1), actor=OPERATOR)
    again = [] if arrived.new else ["This message was stored before; nothing was changed."]
    tell({"id": arrived.email_id, "new": arrived.new}, [arrived.email_id, *again], as_json=as_json)


class _TryAgain(click.ClickException):
    """A refusal that passes, as the mail server reads it."""

    exit_code = TRY_AGAIN


@contextmanager
def _tried_again() -> Iterator[None]:
    """Exit 75 for what passes, so that no mail is returned to its sender for it."""
    try:
        yield
    except (DatabaseBusy, NotReady, StorageFull) as error:
        raise _TryAgain(error.detail) from error
