"""C-10: the disk is full; writers are told so, readers notice nothing, and room is enough to go on."""

import base64
import json
import random
from pathlib import Path

import pytest

from tests.factories import referral_body
from tests.faults.conftest import MakeDesk
from tests.faults.connection import Connection
from tests.faults.faulted import SERVER, FaultedDesk
from tests.faults.small_disk import MEBIBYTE, Disk, disks
from tests.faults.test_locked import reads_stay_up

pytestmark = pytest.mark.faults

REFUSALS = 15
LEFT = 256 * 1024


def fill_under_load(desk: FaultedDesk, disk: Disk, name: str) -> None:
    """Full while everybody works, free again, and everybody works."""
    processes = (desk.server_workers(), dict(desk.running))
    with desk.load(name, senders=3, moderators=2):
        desk.journal.wait_for(desk.journal.count("acknowledged") + 15)
        disk.fill(desk)
        refused = desk.journal.count("refused")
        while desk.journal.count("refused") < refused + REFUSALS:
            reads_stay_up(desk)
        disk.free(desk)
        desk.journal.wait_for(desk.journal.count("acknowledged") + 15)
    desk.check()
    assert (desk.server_workers(), desk.running) == processes


def evidence_that_does_not_fit(desk: FaultedDesk, disk: Disk, name: str) -> None:
    """A referral whose evidence is larger than the room left: 507, no row, no torn file; later it fits."""
    disk.fill(desk, leave=LEFT)
    content = base64.b64encode(random.Random(name).randbytes(MEBIBYTE)).decode()
    evidence = [{"name": "frame.png", "media_type": "image/png", "content": content}]
    items = [{"url": f"https://video.example/{name}", "content_type": "video", "evidence": evidence}]
    body = referral_body(name, items=items)
    connection = Connection(desk.port, key=desk.people.keys[0])

    def send() -> tuple[int, str]:
        answer = connection.request("POST", "/api/v1/referrals", body, {"Content-Type": "application/json"})
        assert answer.status == 201 or "retry-after" in answer.headers
        return answer.status, str(json.loads(answer.body).get("type", ""))

    assert send() == (507, "/errors/storage_full")
    found = connection.request("GET", f"/api/v1/referrals?reference={name}")
    assert json.loads(found.body)["referrals"] == []
    data_dir = desk.app.config["REVIEW_SETTINGS"].data_dir
    assert [path.name for path in data_dir.rglob(".incoming-*")] == []
    disk.free(desk)
    assert send() == (201, "")
    connection.close()
    desk.check()


def test_a_full_disk_loses_nothing_and_heals_by_room(
    make_sqlite_desk: MakeDesk, tmp_path: Path, times: int
) -> None:
    for disk in disks(tmp_path / "small"):
        try:
            desk = make_sqlite_desk(folder=disk.folder())
            desk.start(SERVER, "dispatch", "sequence", "sign")
            for number in range(times):
                fill_under_load(desk, disk, f"{disk.name}{number}")
                evidence_that_does_not_fit(desk, disk, f"{disk.name}-large-{number}")
            desk.check_trail()
            desk.kill()
        finally:
            disk.remove()
        print(f"\n{disk.name}: filled {2 * times} times, 0 lost, 0 half-written, no restart")
