"""Legal asks, a second person lets it go, the record says erased, and the bundle is proven elsewhere."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from review import clock
from review.domain.permissions import Role
from review.formats import key_files
from review.workers.erasing import finish_due
from tests.erasures import CHECKED, TEXTS, WHY, decided_record
from tests.house.readme_tables import ROOT
from tests.journeys.test_rarer_pages import House, house
from tests.trails import settle

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser


def test_from_the_request_to_a_proof_on_another_machine(house: House, tmp_path: Path) -> None:
    record = decided_record()
    folder = house.desk.settings.data_dir
    settle(folder)
    legal, _person = house.sit(Role.LEGAL)
    legal.open(f"/records/{record.case_id}")
    expect(legal.page.locator("main")).to_contain_text(TEXTS["rationale"])
    legal.page.get_by_role("link", name="Request erasure", exact=True).click()
    house.check(legal, "erasure-new", walked=True)
    legal.page.get_by_role("button", name="Request it").click()
    legal.refused()
    house.check(legal, "erasure-new-refused")
    legal.page.get_by_label("Rationales of the reviews").check()
    legal.page.get_by_label("Ground").select_option("data_subject")
    legal.page.get_by_label("Reason").fill(WHY)
    legal.page.get_by_role("button", name="Request it").click()
    expect(legal.page.locator(".status-line[role=status]")).to_contain_text("Requested")
    assert legal.page.get_by_role("button", name="Approve and erase").count() == 0
    address = legal.page.url
    second, _other = house.sit(Role.ADMIN)
    second.open("/erasures")
    house.check(second, "erasures", walked=True)
    second.page.goto(address)
    house.check(second, "erasure-waiting", walked=True)
    second.page.get_by_label("Reason").fill(CHECKED)
    second.page.get_by_role("button", name="Approve and erase").click()
    expect(second.page.locator(".status-line[role=status]")).to_contain_text("Erased.")
    house.check(second, "erasure-executed")
    settle(folder)
    assert finish_due(house.desk.settings) == 1
    legal.open(f"/records/{record.case_id}")
    expect(legal.page.locator("main")).not_to_contain_text(TEXTS["rationale"])
    expect(legal.page.locator("main")).to_contain_text("erased on")
    house.check(legal, "record-erased")
    with legal.page.expect_download() as arriving:
        legal.page.get_by_role("button", name="Download the bundle").click()
    arriving.value.save_as(tmp_path / "case.jsonl")
    (tmp_path / "key").write_text(key_files.read_vkey(folder))
    command = [sys.executable, "-I", str(ROOT / "review" / "verifier.py"), "--policy", "key", "case.jsonl"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
    assert "rationale of case.review_recorded" in answer.stdout
    assert "committed, opening erased" in answer.stdout
    for visitor in (legal, second):
        assert visitor.troubles_besides(422) == []
        visitor.close()


def test_a_hold_is_placed_and_released_by_somebody_else(house: House) -> None:
    record = decided_record()
    legal, _person = house.sit(Role.LEGAL)
    legal.open(f"/holds/new?record={record.case_id}")
    house.check(legal, "hold-new", walked=True)
    legal.page.get_by_label("Reason").fill("Proceedings of a made-up court.")
    day = (clock.now() + timedelta(days=30)).date().isoformat()
    legal.page.get_by_label("Look at it again on").fill(day)
    legal.page.get_by_role("button", name="Place the hold").click()
    expect(legal.page.locator(".status-line[role=status]")).to_contain_text("The hold stands")
    house.check(legal, "hold")
    address = legal.page.url
    legal.open("/holds")
    house.check(legal, "holds", walked=True)
    legal.open("/retention")
    house.check(legal, "retention-none")
    second, _other = house.sit(Role.ADMIN)
    second.page.goto(address)
    house.check(second, "hold-release", walked=True)
    second.page.get_by_label("Reason").fill("They are over.")
    second.page.get_by_role("button", name="Release the hold").click()
    expect(second.page.locator(".status-line[role=status]")).to_contain_text("released")
    for visitor in (legal, second):
        assert visitor.troubles == []
        visitor.close()
