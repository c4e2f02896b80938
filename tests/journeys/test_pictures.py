"""README's pictures: taken of the demonstration, written anew with ``--pictures``."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.house.readme_tables import README, ROOT
from tests.journeys.server import free_port, until
from tests.journeys.visitor import SCREENSHOTS, Visitor

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """`flask demo` as README says it; gives its address."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REVIEW_")}
    with (tmp_path / "demo.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "demo", "--port", str(port)],
            cwd=tmp_path,
            env=kept | {"TMPDIR": str(tmp_path)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (tmp_path / "demo.log").read_text()
        try:
            return httpx.get(address + "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers)
        yield address
        printed = (tmp_path / "demo.log").read_text()
        assert printed.count("http://") == 1, "one address is printed"
        assert printed.count("@desk.example") == 6
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    assert not list(tmp_path.glob("referral-review-demo-*")), "nothing is left behind"


def _sign_in(visitor: Visitor, label: str) -> None:
    visitor.open("/sign-in")
    visitor.page.get_by_role("button", name=label, exact=False).first.click()
    visitor.page.get_by_role("button", name="Continue with this code").click()
    visitor.page.locator("form[action='/sign-out']").wait_for()


def test_the_demonstration_shows_every_role_its_work(
    demo: str, chromium: Browser, request: pytest.FixtureRequest
) -> None:
    folder = PICTURES if request.config.getoption("--pictures") else SCREENSHOTS
    folder.mkdir(exist_ok=True)
    expected = {
        "Moderator": "Take next case",
        "Second moderator": "Take next case",
        "Lead": "Take next case",
        "Legal": "Records",
        "Sender": "DEMO-",
        "Administrator": "Health",
    }
    for label, words in expected.items():
        visitor = Visitor(chromium, demo, width=1280)
        _sign_in(visitor, label)
        expect(visitor.page.locator("main")).to_contain_text(words)
        if label == "Moderator":
            assert "video.example" not in visitor.page.content(), "the queue shows no address"
            visitor.page.screenshot(path=folder / "queue.png")
            visitor.page.locator("form[action='/queue/next'] button").click()
            visitor.page.locator("textarea[name=rationale]").wait_for()
            visitor.page.screenshot(path=folder / "case.png")
        if label == "Legal":
            visitor.page.locator("main a[href^='/records/C-']").first.click()
            visitor.page.screenshot(path=folder / "record.png")
        assert visitor.troubles == []
        visitor.close()


def test_the_pictures_of_readme_are_there() -> None:
    named = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README.read_text())
    assert len(named) >= 2
    for picture in named:
        assert (ROOT / picture).is_file(), picture
