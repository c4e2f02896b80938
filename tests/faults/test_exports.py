"""An export survives `kill -9` of its worker: another begins anew, and the file is whole."""

from hashlib import sha256

import pytest
import sqlalchemy as sa

from review import db
from review.actions.export_jobs import LEASE_SECONDS, request_export
from review.domain.exports import ExportForm, ExportState, Selection
from review.domain.permissions import Role
from review.models import Export, Opening
from review.models.export_files import export_path
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.faults.conftest import MakeDesk
from tests.faults.faulted import FaultedDesk, until

pytestmark = pytest.mark.faults

CASES, KILLS = 350, 2


def _ask(desk: FaultedDesk) -> str:
    with desk.app.app_context():
        actor = sender_actor(make_sender())
        for number in range(CASES):
            receive(actor, f"https://video.example/export/{number}")
        return request_export(
            ExportForm.CSV, Selection(), reason="For the court.", actor=make_account(Role.LEGAL)
        )


def _lease_is_over(desk: FaultedDesk, export_id: str) -> None:
    """As if so much time had gone by since the worker was last seen."""
    with desk.app.app_context(), db.transaction() as writer:
        seen = writer.scalar(sa.select(Export.seen_at).where(Export.id == export_id))
        if seen is not None:
            earlier = seen.fromtimestamp(seen.timestamp() - LEASE_SECONDS - 1, seen.tzinfo)
            writer.execute(sa.update(Export).where(Export.id == export_id).values(seen_at=earlier))


def test_a_killed_worker_leaves_no_torn_file_and_another_begins_anew(make_desk: MakeDesk) -> None:
    desk = make_desk()
    export_id = _ask(desk)

    def row() -> sa.Row[tuple[object, ...]]:
        with desk.reading() as reader:
            return reader.execute(sa.select(Export.__table__).where(Export.id == export_id)).one()

    folder = desk.app.config["REVIEW_SETTINGS"].data_dir
    for number in range(KILLS):
        desk.start("export")
        until(lambda number=number: row().tries > number or row().state != ExportState.WAITING)  # type: ignore[misc]
        desk.kill("export")
        if row().state != ExportState.WAITING:
            break
        _lease_is_over(desk, export_id)
    desk.start("export")
    until(lambda: row().state != ExportState.WAITING)
    until(lambda: len(list((folder / "exports").iterdir())) == 1)  # what was left goes when it has time
    desk.kill("export")
    ended = row()
    assert (ended.state, ended.rows, ended.done) == (ExportState.DONE, CASES, CASES)
    path = export_path(folder, export_id, ended.lease)
    content = path.read_bytes()
    assert (len(content), sha256(content).hexdigest()) == (ended.length, ended.sha256)
    assert len(content.splitlines()) == CASES + 1
    assert list((folder / "exports").iterdir()) == [path]
    with desk.reading() as reader:
        for event_type, count in (("export.made", CASES), ("export.finished", 1)):
            told = sa.select(sa.func.count()).where(Opening.event_type == event_type)
            assert reader.scalar(told) == count
    desk.check_trail()
