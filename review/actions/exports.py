"""Exports: what leaves the desk as a file is on the trail, with its digest, before anybody gets it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from review import clock, db, ledger
from review.domain.permissions import OPERATOR, Actor, Permission, check_permission
from review.queries.bundles import bundle_lines, wanted_of

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a bundle that are held in memory; a larger one waits in a temporary file without a name."""


@dataclass(frozen=True)
class Export:
    """A file ready to be given out, from its start: its bytes, how many, and their SHA-256 in hex digits."""

    file: IO[bytes]
    size: int
    sha256: str


def export_bundle(*, case_ids: Sequence[str] = (), referral_ids: Sequence[str] = (), actor: Actor) -> Export:
    """The evidence bundle of these cases and referrals, up to the newest checkpoint.

    All is read from one snapshot; only then the export is recorded on each case that it tells of, in a short
    transaction of its own, and if that fails nothing is given out. Raises `NotFound`, or `NotReady` where no
    checkpoint covers anything of it.
    """
    if actor.kind != OPERATOR.kind:
        check_permission(actor, Permission.READ_RECORDS)
    reader = db.session()
    db.begin_snapshot(reader)
    wanted = wanted_of(reader, case_ids=case_ids, referral_ids=referral_ids)
    digest = sha256()
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- whoever gets it closes it
    try:
        for line in bundle_lines(reader, wanted):
            digest.update(line)
            file.write(line)
        reader.rollback()
        size = file.tell()
        told: dict[str, ledger.Value | None] = {
            "cases": list(wanted.cases) or None,
            "referrals": list(wanted.referrals) or None,
            "sha256": digest.hexdigest(),
        }
        records = [ledger.Record(one, told, {"bytes": size}) for one in wanted.concerned]
        with db.transaction() as writer:
            ledger.record_many(writer, "export.made", records, actor=actor, at=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Export(file, size, digest.hexdigest())
