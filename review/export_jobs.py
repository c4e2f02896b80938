"""Writes the file of an export, in steps between which its worker tells how far it is."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from flask import Flask, current_app

from review import db
from review.actions.export_jobs import Job
from review.domain.exports import WHOLE, ExportForm
from review.formats.export_pages import pages
from review.formats.export_tables import csv_lines, json_lines
from review.models.export_files import Written, new_export
from review.queries.bundles import bundle_lines, wanted_of
from review.queries.export_differences import case_differences
from review.queries.exports import CASES_AT_ONCE, COLUMNS, export_rows

WAITS_SECONDS = 2.0
"""A step of writing a PDF or a bundle, far below the lease; nobody who stops the loop waits for longer."""


class Progress:
    """How many cases and rows are written, and, at the end, the length and digest of the file.

    ``differing`` are the cases so far whose stored rows are not what the trail tells.
    """

    def __init__(self) -> None:
        self.done = 0
        self.rows = 0
        self.length = 0
        self.sha256 = ""
        self.differing: list[str] = []


def write_steps(job: Job, data_dir: Path, progress: Progress) -> Iterator[None]:
    """Write the file step by step; after the last one it is whole. Closing it before leaves nothing.

    Raises `NotReady` with the reason where the file cannot be made.
    """
    with new_export(data_dir, job.id, job.lease) as file:
        yield from (_write_whole if job.form in WHOLE else _write_table)(job, file, progress)
    progress.length, progress.sha256 = file.length, file.sha256
    yield


def _write_table(job: Job, file: Written, progress: Progress) -> Iterator[None]:
    for start in range(0, len(job.case_ids), CASES_AT_ONCE):
        _write_part(job, start, file, progress)
        progress.done = min(start + CASES_AT_ONCE, len(job.case_ids))
        yield


def _write_part(job: Job, start: int, file: Written, progress: Progress) -> None:
    reader, some = db.session(), job.case_ids[start : start + CASES_AT_ONCE]
    db.begin_snapshot(reader)  # rows and trail of one moment
    differing = case_differences(reader, some)
    progress.differing += differing
    rows = list(export_rows(reader, some, differing=differing))
    progress.rows += len(rows)
    if job.form is ExportForm.JSONL:
        lines = json_lines(rows)
    else:
        lines = csv_lines(COLUMNS, rows)
        if start:
            next(lines)  # the headings stand at the start of the file alone
    for line in lines:
        file.write(line)


def _write_whole(job: Job, file: Written, progress: Progress) -> Iterator[None]:
    """Write a PDF or a bundle, from one moment, in a thread; a step is a short wait for it.

    One that is let go of ends by itself: it finds its file closed, or that nobody wants it.
    """
    unwanted = threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    pool = ThreadPoolExecutor(1, thread_name_prefix="export")
    try:
        writing = pool.submit(_write_at_once, app, job, file, progress, unwanted)
        while wait([writing], timeout=WAITS_SECONDS).not_done:
            yield
        writing.result()
    finally:
        unwanted.set()
        pool.shutdown(wait=False)


def _write_at_once(
    app: Flask, job: Job, file: Written, progress: Progress, unwanted: threading.Event
) -> None:
    with app.app_context():
        reader = db.session()
        db.begin_snapshot(reader)
        differing = case_differences(reader, job.case_ids)
        progress.differing += differing
        if job.form is ExportForm.BUNDLE:
            wanted = wanted_of(reader, case_ids=job.case_ids, referral_ids=())
            for line in bundle_lines(reader, wanted):
                if unwanted.is_set():
                    return
                file.write(line)
                progress.rows += 1
            return
        rows = list(export_rows(reader, job.case_ids, differing=differing))
        reader.rollback()  # laying the pages out needs no row any more
        progress.rows = len(rows)
        chosen = json.dumps(job.selection, ensure_ascii=False, sort_keys=True)
        about = f"{len(job.case_ids)} cases, {len(rows)} items. Chosen: {chosen}. For: {job.reason}"
        if differing:
            about += f" Warning: cases that differ from the trail: {len(differing)}."
        made = pages(f"Export {job.id}", about, COLUMNS, rows)
        if not unwanted.is_set():
            file.write(made)
