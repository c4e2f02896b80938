"""Writes the file of an export, in steps between which its worker tells how far it is."""

import json
from collections.abc import Iterator
from pathlib import Path

from review import db
from review.actions.export_jobs import Job
from review.domain.exports import WHOLE, ExportForm
from review.formats.export_pages import pages
from review.formats.export_tables import csv_lines, json_lines
from review.models.export_files import Written, new_export
from review.queries.bundles import bundle_lines, wanted_of
from review.queries.exports import CASES_AT_ONCE, COLUMNS, export_rows


class Progress:
    """How many cases and rows are written, and, at the end, the length and digest of the file."""

    def __init__(self) -> None:
        self.done = 0
        self.rows = 0
        self.length = 0
        self.sha256 = ""


def write_steps(job: Job, data_dir: Path, progress: Progress) -> Iterator[None]:
    """Write the file step by step; after the last one it is whole. Closing it before leaves nothing.

    Raises `NotReady` with the reason where the file cannot be made.
    """
    with new_export(data_dir, job.id, job.lease) as file:
        if job.form in WHOLE:
            _write_whole(job, file, progress)
            progress.done = len(job.case_ids)
        else:
            for start in range(0, len(job.case_ids), CASES_AT_ONCE):
                _write_part(job, start, file, progress)
                progress.done = min(start + CASES_AT_ONCE, len(job.case_ids))
                yield
    progress.length, progress.sha256 = file.length, file.sha256
    yield


def _write_part(job: Job, start: int, file: Written, progress: Progress) -> None:
    rows = list(export_rows(db.session(), job.case_ids[start : start + CASES_AT_ONCE]))
    progress.rows += len(rows)
    if job.form is ExportForm.JSONL:
        lines = json_lines(rows)
    else:
        lines = csv_lines(COLUMNS, rows)
        if start:
            next(lines)  # the headings stand at the start of the file alone
    for line in lines:
        file.write(line)


def _write_whole(job: Job, file: Written, progress: Progress) -> None:
    reader = db.session()
    db.begin_snapshot(reader)
    if job.form is ExportForm.BUNDLE:
        wanted = wanted_of(reader, case_ids=job.case_ids, referral_ids=())
        for line in bundle_lines(reader, wanted):
            file.write(line)
            progress.rows += 1
        return
    rows = list(export_rows(reader, job.case_ids))
    progress.rows = len(rows)
    chosen = json.dumps(job.selection, ensure_ascii=False, sort_keys=True)
    about = f"{len(job.case_ids)} cases, {len(rows)} items. Chosen: {chosen}. For: {job.reason}"
    file.write(pages(f"Export {job.id}", about, COLUMNS, rows))
