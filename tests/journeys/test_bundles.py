"""From the record of a case to a proof on another machine: three clicks and one command."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.demonstration import demonstration, sign_in
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration's address."""
    with demonstration(tmp_path_factory.mktemp("demo")) as address:
        yield address


def test_legal_takes_a_bundle_away_and_checks_it(demo: str, one_chromium: Browser, tmp_path: Path) -> None:
    legal = Visitor(one_chromium, demo)
    sign_in(legal, "Legal")
    legal.page.locator("main a[href^='/records/C-']").first.click()
    expect(legal.page.locator("main")).to_contain_text("It is on the trail before you get it.")
    assert legal.flaws() == []
    legal.picture("bundle")
    for name, button in (
        ("case.jsonl", legal.page.get_by_role("button", name="Download the bundle")),
        ("verifier.py", legal.page.get_by_role("link", name="Download the verifier")),
    ):
        with legal.page.expect_download() as arriving:
            button.click()
        arriving.value.save_as(tmp_path / name)
    legal.open("/log/key")
    (tmp_path / "key").write_text(legal.page.locator("pre").inner_text())
    command = [sys.executable, "-I", "verifier.py", "--policy", "key", "case.jsonl"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
    assert legal.troubles == []
    legal.close()
