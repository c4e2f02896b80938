"""Many referrals by file, for people: bring one, see what is wrong with it, send the rest, follow it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from review import clock, db
from review.actions import uploaded_files as file_actions
from review.config import Settings
from review.domain.ids import new_id, read_id
from review.domain.permissions import Permission
from review.domain.uploaded_files import (
    DROPPABLE,
    KEPT_DAYS,
    MOST_FILE_BYTES,
    MOST_FILE_ROWS,
    FileState,
    file_name,
)
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, TooLarge
from review.file_jobs import read_samples
from review.formats.columns import COLUMNS, REQUIRED
from review.models.file_store import BAD, SAMPLES, drop_files, keep_file, part_path
from review.queries import uploaded_files as file_queries
from review.queries.batches import line_results
from review.queries.receipts import batch_receipt_of
from review.queries.uploaded_files import OwnFile
from review.sheets import ENDINGS, kind_of
from review.web import cursors, guard
from review.web.errors import status_of
from review.web.problem_words import problem_words
from review.web.quantities import whole
from review.web.sender.bad_rows import corrections, shown_rows
from review.web.sender.example import example_table
from review.web.sender.file_forms import (
    FileForm,
    blank_form,
    chosen_columns,
    columns_form,
    given_file,
    left_out,
    refused_form,
    samples_by_field,
)
from review.web.sender.file_names import as_attachment, name_to_correct
from review.web.sender.receipt_files import receipt_file
from review.web.texts import gettext

blueprint = Blueprint("sender_files", __name__, url_prefix="/sender/batches")

LISTED = 50
ASKS_AFTER = 2
"""Seconds."""
RUNNING = (FileState.WAITING, FileState.SENDING)
SHOWN_RESULTS = 100
LARGEST_UPLOAD = MOST_FILE_BYTES + 64 * 1024
"""Of the whole form: the file with what a browser writes around it."""


@blueprint.get("")
@guard.access(Permission.REFER)
def listing() -> str:
    """Own files, newest first."""
    cursor = request.args.get("cursor")
    found = file_queries.newest_files(
        db.session(),
        sender_id=guard.actor().sender_id,
        limit=LISTED,
        after=cursors.read_own(cursor) if cursor else None,
    )
    return render_template(
        "sender/files.html",
        files=found.files,
        next_address=found.next and url_for(".listing", cursor=cursors.write_own(found.next)),
        first_address=url_for(".listing") if cursor else None,
        now=clock.now(),
    )


@blueprint.get("/new")
@guard.access(Permission.REFER)
def new() -> str:
    """Choose a file; the limits and the columns are told before."""
    return _new(blank_form())


def _new(form: FileForm) -> str:
    return render_template(
        "sender/file_new.html",
        form=form,
        columns=COLUMNS,
        required=REQUIRED,
        endings=ENDINGS,
        most_rows=whole(MOST_FILE_ROWS),
        most_mib=MOST_FILE_BYTES // 1024 // 1024,
        kept_days=KEPT_DAYS,
    )


@blueprint.get("/sample.csv")
@guard.access(Permission.REFER)
def sample() -> Response:
    """A table to begin with."""
    table = example_table(hosts=current_app.config["REVIEW_HOSTS"])
    return _download(iter([table]), "sample.csv")


@blueprint.post("/new")
@guard.takes(LARGEST_UPLOAD)
@guard.access(Permission.REFER)
def upload() -> AnyResponse | tuple[str, int]:
    """Store a file; the loop looks into it, and its page tells what it found."""
    file_id = new_id("U")
    settings = _settings()
    try:
        with closing(given_file()) as given:
            name = file_name(given.filename)
            kind = kind_of(name)
            length, digest = keep_file(settings.data_dir, file_id, given.stream.read, most=MOST_FILE_BYTES)
        try:
            if not length:
                raise InvalidInput(gettext("The file is empty."))
            file_actions.store_file(
                file_id, name=name, kind=kind, length=length, sha256=digest, actor=guard.actor()
            )
        except BaseException:
            drop_files(settings.data_dir, file_id)
            raise
    except (AlreadyExists, InvalidInput, TooLarge) as error:
        return _new(refused_form(problem_words(error.detail))), status_of(error)
    return redirect(url_for(".page", file_id=file_id), 303)


@blueprint.get("/<file_id>")
@guard.access(Permission.REFER)
def page(file_id: str) -> str:
    """How a file stands; while something goes on, the page reads it anew."""
    file = _own(file_id)
    if file.state == FileState.UNMAPPED:
        return _columns_page(file)
    bad = None
    if file.bad and file.dropped_at is None and file.state != FileState.REFUSED:
        bad = shown_rows(_bad_path(file), file.columns or (), begin=_place())
    return render_template(
        "sender/file.html",
        file=file,
        bad=bad,
        next_address=bad and bad.next and url_for(".page", file_id=file.id, begin=bad.next),
        first_address=url_for(".page", file_id=file.id) if bad and _place() else None,
        earlier=file_queries.same_file_sent(db.session(), file) if _repeats(file) else None,
        can_drop=file.state in DROPPABLE,
        asks_after=ASKS_AFTER if file.state in RUNNING else 0,
        kept_days=KEPT_DAYS,
        now=clock.now(),
    )


def _repeats(file: OwnFile) -> bool:
    return file.state == FileState.CHECKED and not file.ready and bool(file.sent_before)


def _place() -> int:
    text = request.args.get("begin", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0


@blueprint.get("/<file_id>/columns")
@guard.access(Permission.REFER)
def columns_page(file_id: str) -> str:
    """Choose anew what the headings of a file mean that was checked."""
    file = _own(file_id)
    if file.state not in (FileState.UNMAPPED, FileState.CHECKED) or not file.names:
        raise NotFound()
    return _columns_page(file)


def _columns_page(file: OwnFile, problem: InvalidInput | None = None) -> str:
    assert file.names is not None
    columns = tuple(file.columns or ()) if problem is None else chosen_columns(file.names)
    chosen = {column for column in columns if column}
    missing = [name for name in REQUIRED if name not in chosen]
    samples = samples_by_field(file.names, read_samples(part_path(_settings().data_dir, file.id, SAMPLES)))
    return render_template(
        "sender/file_columns.html",
        file=file,
        form=columns_form(file.names, columns),
        missing=missing,
        samples=samples,
        left_out=left_out(file.names, columns, samples),
        has_reference="reference" in chosen,
        others=[] if problem is None else [problem_words(problem.detail)],
        now=clock.now(),
    )


@blueprint.post("/<file_id>/columns")
@guard.access(Permission.REFER)
def choose(file_id: str) -> AnyResponse | tuple[str, int]:
    """Check the file with this meaning of its headings."""
    file = _own(file_id)
    try:
        file_actions.choose_columns(file.id, chosen_columns(file.names or ()), actor=guard.actor())
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    except InvalidInput as error:
        if not file.names:
            raise NotFound() from error
        return _columns_page(file, error), status_of(error)
    return redirect(url_for(".page", file_id=file.id), 303)


@blueprint.post("/<file_id>/send")
@guard.access(Permission.REFER)
def send(file_id: str) -> AnyResponse:
    """Send the rows that are ready."""
    file = _own(file_id)
    try:
        file_actions.send_file(file.id, batch_id=new_id("B"), actor=guard.actor())
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".page", file_id=file.id), 303)


@blueprint.post("/<file_id>/drop")
@guard.access(Permission.REFER)
def drop(file_id: str) -> AnyResponse:
    """Let go of a file that is not sent, to bring another."""
    file = _own(file_id)
    try:
        file_actions.drop_file(file.id, actor=guard.actor())
    except AlreadyClosed as error:
        flash(error.detail, "warning")
        return redirect(url_for(".page", file_id=file.id), 303)
    drop_files(_settings().data_dir, file.id)
    flash(gettext("The file is dropped; nothing of it was sent."), "done")
    return redirect(url_for(".new"), 303)


@blueprint.get("/<file_id>/corrections.csv")
@guard.access(Permission.REFER)
def corrected(file_id: str) -> Response:
    """The rows that need fixing, with the reasons."""
    file = _own(file_id)
    if not file.bad or file.dropped_at is not None:
        raise NotFound()
    rows = corrections(_bad_path(file), file.names, file.columns or ())
    return _download(rows, name_to_correct(file.name))


@blueprint.get("/<file_id>/results")
@guard.access(Permission.REFER)
def results(file_id: str) -> str:
    """What became of each row that was sent, with its referral and its receipt."""
    file = _own(file_id)
    if file.batch_id is None:
        raise NotFound()
    text = request.args.get("after", "0")
    after = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    found = line_results(db.session(), file.batch_id, after=after, limit=SHOWN_RESULTS)
    whole = len(found) == SHOWN_RESULTS
    return render_template(
        "sender/file_results.html",
        file=file,
        results=found,
        next_address=url_for(".results", file_id=file.id, after=found[-1].line) if whole else None,
        first_address=url_for(".results", file_id=file.id) if after else None,
        now=clock.now(),
    )


@blueprint.get("/<file_id>/receipt")
@guard.access(Permission.REFER)
def receipt(file_id: str) -> AnyResponse:
    """The receipt of the whole file as it was sent; back to its page while no checkpoint covers it."""
    file = _own(file_id)
    if file.batch_id is None or file.sent_at is None:
        raise NotFound()
    found = batch_receipt_of(db.session(), sender_id=guard.actor().sender_id, batch_id=file.batch_id)
    return receipt_file(found, file.batch_id, url_for(".page", file_id=file.id))


def _download(pieces: Iterator[str], name: str) -> Response:
    answer = Response((piece.encode("utf-8", "replace") for piece in pieces), mimetype="text/csv")
    answer.headers["Content-Disposition"] = as_attachment(name)
    return answer


def _settings() -> Settings:
    found: Settings = current_app.config["REVIEW_SETTINGS"]
    return found


def _bad_path(file: OwnFile) -> Path:
    path = part_path(_settings().data_dir, file.id, BAD)
    if not path.is_file():
        raise NotFound()
    return path


def _own(file_id: str) -> OwnFile:
    found = read_id(file_id, "U")
    own = found and file_queries.own_file(db.session(), found, sender_id=guard.actor().sender_id)
    if not own:
        raise NotFound()
    return own
