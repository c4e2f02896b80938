"""Sees to the rest of erasures that were carried out: the journal outside, files, and left-over pages."""

import structlog
from flask import Flask

from review import clock, db
from review.actions.erasures import finish_erasures
from review.clock import rfc3339
from review.compacting import compact
from review.config import Settings
from review.domain.permissions import SERVICE
from review.models.erasure_journal import JournalEntry, keep_in_journal
from review.models.evidence_files import drop_evidence, dropping
from review.queries.erasures import ErasureShown, erased_digests, unfinished
from review.workers.exporting import tidy as tidy_exports

log = structlog.get_logger()


def run_once(app: Flask) -> bool:
    """One turn of the loop; never two without a pause."""
    finish_due(app.config["REVIEW_SETTINGS"])
    return False


def finish_due(settings: Settings) -> int:
    """Finish what was carried out; how many. None where somebody still reads old pages: the next turn does.

    The journal comes first, so that no erasure is forgotten that a backup could bring back.
    """
    reader = db.session()
    found = unfinished(reader, now=clock.now())
    if not found:
        return 0
    ids = [one.id for one in found]
    keep_in_journal(settings.erasure_journal, [entry_of(one) for one in found])
    tidy_exports(settings)
    reader.rollback()
    with dropping(settings.data_dir):
        for digest in erased_digests(reader, ids):
            drop_evidence(settings.data_dir, digest)
        reader.rollback()
    if not compact():
        log.info("erasures_wait_for_readers", erasures=len(ids))
        return 0
    finish_erasures(ids, actor=SERVICE)
    return len(ids)


def entry_of(erasure: ErasureShown) -> JournalEntry:
    """What the journal keeps of an erasure that was carried out."""
    assert erasure.ended_by_id is not None
    assert erasure.ended_at is not None
    return JournalEntry(
        id=erasure.id,
        object_kind=erasure.object_kind.value,
        object_id=erasure.object_id,
        parts=erasure.parts,
        ground=erasure.ground,
        requested_by=erasure.requested_by_id,
        requested_at=rfc3339(erasure.requested_at),
        approved_by=erasure.ended_by_id,
        executed_at=rfc3339(erasure.ended_at),
    )
