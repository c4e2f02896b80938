"""`flask backup` and `flask restore`: the desk's database and files, consistent, with the digest of each."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from review.cli import database_copies, server
from review.cli.erasures import replay_missing
from review.config import Settings
from review.domain.signed_note import parse_checkpoint
from review.errors import ReviewError, TrailBroken
from review.formats import key_files
from review.formats.backups import MANIFEST, Contents, Manifest, files_of, read_contents
from review.formats.key_files import settle
from review.models.backup_files import DATABASE, OF_SIGNER, TAKEN, copy_back, copy_taken, kept_as
from review.queries.fsck import check_everything
from review.queries.known_checkpoints import Known, hold_against

INCOMPLETE = 1


def _settings() -> Settings:
    found: Settings = current_app.config["REVIEW_SETTINGS"]
    return found


@click.command("backup")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def backup(*, directory: Path, as_json: bool) -> None:
    """Copy database, keys, checkpoint, evidence and uploads into a new DIRECTORY while the desk runs.

    Its last file is `manifest.jsonl`, with the digest of every other; without it a backup is unfinished.
    """
    chosen, folder = _settings(), directory.absolute()
    if folder.is_relative_to(chosen.data_dir):
        raise click.ClickException("A backup below the data folder would be lost with it: name another.")
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty: name a new directory, nothing is written over.")
    try:
        vkey = key_files.read_vkey(chosen.signer_dir)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        contents, files = _take(chosen, folder, vkey)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    except OSError as error:
        raise click.ClickException(f"The backup is unfinished: {error.strerror}.") from error
    told = {"directory": str(folder), "files": files, **asdict(contents)}
    click.echo(json.dumps(told) if as_json else _sentence(contents, files, folder))


def _take(chosen: Settings, folder: Path, vkey: str) -> tuple[Contents, int]:
    """Everything in the order of `TAKEN`; the manifest takes its name when all of it is there."""
    before = list(copy_taken(chosen.data_dir, folder, signer_dir=chosen.signer_dir, after=False))
    contents = database_copies.copy_database(chosen, folder, vkey=vkey)
    unfinished, files = folder / f".{MANIFEST}", 0
    with unfinished.open("xb") as file:
        manifest = Manifest(file, contents)
        for kept in (*before, kept_as(folder, folder / DATABASE[contents.database])):
            manifest.add(kept)
            files += 1
        for kept in copy_taken(chosen.data_dir, folder, signer_dir=chosen.signer_dir, after=True):
            manifest.add(kept)
            files += 1
        manifest.finish()
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / MANIFEST)
    settle(folder)
    return contents, files


def _sentence(contents: Contents, files: int, folder: Path) -> str:
    return f"{folder}: {files} files, the trail up to {contents.size} entries, root {contents.root[:12]}…"


@click.command("restore")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--known",
    "known_files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint that somebody kept: the old data folder's, a sender's, a witness's.",
)
@click.option("--accept-loss", is_flag=True, help="Let the desk go on although entries are lost.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line.")
@with_appcontext
def restore(*, directory: Path, known_files: tuple[Path, ...], accept_loss: bool, as_json: bool) -> None:
    """Put the backup in DIRECTORY into an empty database and data folder, check all of it, say what is lost.

    Exit 1 where something does not hold, or where entries are lost and nobody accepted that: the newest
    known checkpoint is kept then, and the signer refuses.
    """
    chosen, folder = _settings(), directory.absolute()
    try:
        notes = [_read_note(path) for path in known_files]
        contents = read_contents(folder)
        _check_place(chosen, contents)
        _put_back(chosen, folder)
        server.prepare(chosen)
        replay_missing(chosen, files=True)
        report = check_everything(
            chosen.data_dir, signer_dir=chosen.signer_dir, progress=lambda _what, _count: None
        )
        known = hold_against(key_files.read_vkeys(chosen.signer_dir), notes)
    except ReviewError as error:
        raise click.ClickException(error.detail) from error
    lost = _lost(known, report.entries)
    if lost is not None and not accept_loss and not _is_apart(chosen):
        key_files.write_note(chosen.data_dir, lost.note)
    if as_json:
        found = {"contents": asdict(contents), "known": [asdict(one) for one in known]}
        click.echo(json.dumps(asdict(report) | {"intact": report.intact} | found))
    else:
        _tell(contents, [one.sentence for one in report.breaks], known, report.entries)
        _tell_loss(lost, report.entries, accepted=accept_loss)
        if not chosen.erasure_journal.exists():
            click.echo(
                f"No journal of erasures is at {chosen.erasure_journal}: what was erased after this backup is"
                " back. Put the newest journal there and run flask erasure replay, or ask for it again."
            )
    if not report.intact or not all(one.holds for one in known) or (lost is not None and not accept_loss):
        raise SystemExit(INCOMPLETE)


def _read_note(path: Path) -> str:
    """A known checkpoint; what is none is refused before anything is put back."""
    try:
        note = path.read_bytes().decode()
        parse_checkpoint(note)
    except (OSError, UnicodeDecodeError, TrailBroken) as error:
        raise click.ClickException(f"{path} is no checkpoint that can be read: {error}") from error
    return note


def _check_place(chosen: Settings, contents: Contents) -> None:
    """Refuse a backup of the other kind of database, and to write over anything."""
    kind = database_copies.kind_of(chosen)
    if contents.database != kind:
        raise click.ClickException(
            f"This backup is of {contents.database}, but REVIEW_DATABASE_URL names {kind}."
        )
    there = [chosen.data_dir / taken.name for taken in TAKEN if (chosen.data_dir / taken.name).exists()]
    if there:
        raise click.ClickException(f"{there[0]} exists already: move it aside, nothing is written over.")
    database_copies.check_empty(chosen)


def _put_back(chosen: Settings, folder: Path) -> None:
    """Files first, each held against its digest; the database last, so that a bad backup brings none."""
    fresh, copies = chosen.data_dir.with_name(f".{chosen.data_dir.name}.restoring"), set(DATABASE.values())
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700, parents=True)
    try:
        database = None
        for kept in files_of(folder):
            if kept.path in copies:
                database = folder / kept.path
            copy_back(folder, fresh, kept)
        if database is None:
            raise click.ClickException("This backup holds no database.")
        database_copies.put_back(chosen, fresh / database.name)
        (fresh / database.name).unlink()
        chosen.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in fresh.iterdir():
            if not (_is_apart(chosen) and path.name in OF_SIGNER):
                path.rename(chosen.data_dir / path.name)
        settle(chosen.data_dir)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _is_apart(chosen: Settings) -> bool:
    """Whether the signer has a folder of its own: what it signed last stays there and is not restored."""
    return chosen.signer_dir != chosen.data_dir


def _lost(known: Sequence[Known], entries: int) -> Known | None:
    """The newest known checkpoint, if it covers more than was restored."""
    beyond = [one for one in known if one.size > entries]
    return max(beyond, key=lambda one: one.size) if beyond else None


def _tell(contents: Contents, breaks: Sequence[str], known: Sequence[Known], entries: int) -> None:
    click.echo(f"Restored: {entries} entries, as of {contents.taken_at}.")
    for sentence in breaks:
        click.echo(f"BROKEN {sentence}")
    for one in known:
        if one.size <= entries and not one.signed:
            click.echo(f"BROKEN The known checkpoint of {one.size} entries is by no key of this backup.")
        elif one.size <= entries:
            word = "The restored trail continues" if one.holds else "BROKEN The restored trail is not that of"
            click.echo(f"{word} the known checkpoint of {one.size} entries.")


def _tell_loss(lost: Known | None, entries: int, *, accepted: bool) -> None:
    if lost is None:
        return
    click.echo(
        f"Lost: entries {entries} to {lost.size - 1}, which a known checkpoint of {lost.size} entries covers."
        " Whoever holds a checkpoint beyond the restored end will see that this trail does not continue it:"
        " tell senders and witnesses, and ask senders to repeat what they did not see answered."
    )
    if not lost.signed:
        click.echo(
            "No key of this backup signed that checkpoint: the key was rotated, or the trail renamed, since"
            " the backup. If it is of this trail at all, the newer key is among what is lost."
        )
    if not accepted:
        click.echo(
            "The signer will refuse until the lost entries are there, or until this is restored anew with"
            " --accept-loss."
        )


commands = (backup, restore)
