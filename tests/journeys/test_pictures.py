"""README's pictures: taken of the demonstration, written anew with ``--pictures``."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.house.readme_tables import README, ROOT
from tests.journeys.demonstration import demonstration, sign_in
from tests.journeys.visitor import SCREENSHOTS, Visitor

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """The demonstration's address."""
    with demonstration(tmp_path) as address:
        yield address


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
        sign_in(visitor, label)
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
