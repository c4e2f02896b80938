"""Evidence in a real browser: nothing is loaded before it is asked for, and then it is really seen."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.factories import referral_body
from tests.hostile_files import picture
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with a picture for each of the visits."""
    folder = tmp_path_factory.mktemp("evidence")
    with _furnished(folder, f"sqlite:///{folder / 'review.db'}") as desk:
        yield desk


@contextmanager
def _furnished(folder: Path, database_url: str) -> Iterator[Program]:
    desk = Program(folder, database_url, hosts="video.example", undo_seconds=1)
    with running(desk):
        sender_id = desk.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
        key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        desk.add_account("legal@desk.example", "legal")
        for number in range(4):
            desk.add_account(f"person{number}@desk.example", "moderator")
            shown = base64.b64encode(picture(size=(1_800, 900 + number))).decode()
            piece = {"name": "frame.png", "media_type": "image/png", "content": shown}
            item = {"url": f"https://video.example/watch/{number}", "evidence": [piece]}
            answer = httpx.post(
                desk.address + "/api/v1/referrals",
                content=referral_body(f"EV-{number}", items=[item]),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            assert answer.status_code == 201, answer.text
        yield desk


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_evidence_is_loaded_when_it_is_asked_for_on_postgresql_too(
    one_chromium: Browser, database_url: str, tmp_path: Path
) -> None:
    with _furnished(tmp_path, database_url) as desk:
        for number, script in enumerate((True, False)):
            _visit(Visitor(one_chromium, desk.address, script=script), number, script=script)


@pytest.mark.parametrize(
    ("number", "width", "scheme", "script"),
    [(0, 1440, "light", True), (1, 360, "dark", True), (2, 1440, "dark", False), (3, 360, "light", False)],
)
def test_evidence_is_loaded_when_it_is_asked_for_and_never_before(
    one_chromium: Browser, program: Program, number: int, width: int, scheme: str, script: bool
) -> None:
    visitor = Visitor(one_chromium, program.address, width=width, scheme=scheme, script=script)  # type: ignore[arg-type]
    _visit(visitor, number, script=script)


def _visit(visitor: Visitor, number: int, *, script: bool) -> None:
    """From the sign-in to the picture in colour and its end, by somebody who counts what is loaded."""
    page, loaded = visitor.page, list[str]()
    page.on("request", lambda request: loaded.append(request.url) if "/evidence/" in request.url else None)
    visitor.sign_in(f"person{number}@desk.example")
    for path in ("/queue", "/search?q=video.example", "/my-work"):
        visitor.open(path)
    visitor.open("/queue")
    page.locator("form[action='/queue/next'] button").click()
    page.locator("#review").wait_for()
    page.wait_for_load_state("networkidle")
    assert loaded == []
    for stage, longest in (("small", 160), ("grey", 1_600), ("colour", 1_600)):
        page.locator(f"button[formaction*='stage={stage}']").click()
        page.locator(f"img.medium[alt*='{'small' if stage == 'small' else stage}']").wait_for()
        page.wait_for_load_state("networkidle")
        assert len(set(loaded)) == 1, stage
        assert _pixels(page) == longest
        loaded.clear()
        if script:
            assert visitor.flaws() == []
        assert not visitor.scrolls_sideways()
        visitor.picture(f"evidence-{stage}-{number}")
    page.locator("button[formaction*='/hide']").first.click()
    page.locator("button[formaction*='stage=small']").wait_for()
    page.wait_for_load_state("networkidle")
    assert loaded == []
    assert page.locator("img.medium").count() == 0
    assert visitor.troubles == []
    visitor.close()


@pytest.mark.parametrize(
    ("width", "scheme", "script"), [(1440, "light", True), (360, "dark", True), (360, "light", False)]
)
def test_the_record_loads_evidence_when_legal_asks_for_it_and_prints_none(
    one_chromium: Browser, program: Program, width: int, scheme: str, script: bool
) -> None:
    visitor = Visitor(one_chromium, program.address, width=width, scheme=scheme, script=script)  # type: ignore[arg-type]
    page, loaded = visitor.page, list[str]()
    page.on("request", lambda request: loaded.append(request.url) if "/evidence/" in request.url else None)
    visitor.sign_in("legal@desk.example")
    visitor.open("/records")
    page.locator("main a[href^='/records/C-']").first.click()
    page.locator("#evidence").wait_for()
    page.wait_for_load_state("networkidle")
    assert loaded == []
    for stage, longest in (("small", 160), ("grey", 1_600), ("colour", 1_600)):
        page.locator(f"button[formaction*='stage={stage}']").click()
        page.locator(f"img.medium[alt*='{stage}']").wait_for()
        page.wait_for_load_state("networkidle")
        assert len(set(loaded)) == 1, stage
        assert _pixels(page) == longest
        loaded.clear()
        if script:
            assert visitor.violations() == []
        assert not visitor.scrolls_sideways()
        visitor.picture(f"record-evidence-{stage}-{width}-{scheme}")
    page.emulate_media(media="print")
    assert page.locator("#evidence table").is_visible()
    assert not page.locator("img.medium").is_visible()
    page.emulate_media(media="screen")
    page.locator("button[formaction*='/hide']").click()
    page.locator("button[formaction*='stage=small']").wait_for()
    page.wait_for_load_state("networkidle")
    assert (loaded, page.locator("img.medium").count()) == ([], 0)
    assert visitor.troubles == []
    visitor.close()


def _pixels(page: Page) -> int:
    """The longest side of the picture as the browser decoded it; without script only as the page says."""
    image = page.locator("img.medium")
    natural = image.evaluate("element => element.complete && element.naturalWidth")
    return int(natural or 0)
