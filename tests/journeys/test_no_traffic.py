"""A moderator's day asks no name server about a reported host and connects to none (targets.md, D-02)."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.factories import referral_body
from tests.hostile_files import picture
from tests.journeys.conftest import launched
from tests.journeys.desk_of_keys import PEOPLE, furnish, new_desk
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
REPORTED = "reported.video.example"
OURS = {"127.0.0.1"}
"""The desk; the browser itself asks for services of its makers, and no page can keep it from that."""


@pytest.fixture
def program(database_url: str, tmp_path: Path) -> Iterator[Program]:
    """A desk with a case whose referral names hosts wherever a text may, and brings a picture."""
    desk = new_desk(tmp_path, database_url)
    desk.environment["REVIEW_HOSTS"] = "video.example,.video.example"
    with running(desk):
        furnish(desk, cases=2)
        _refer(desk)
        yield desk


def _refer(program: Program) -> None:
    sender = program.command("senders", "create", "Saltmarsh Desk", "--kind", "other")["id"]
    key = program.command("senders", "issue-key", sender, "--scope", "refer")["key"]
    shown = base64.b64encode(picture()).decode()
    item = {
        "url": f"https://{REPORTED}/watch/1",
        "content_type": "image",
        "description": f"See https://{REPORTED}/a and <img src=//{REPORTED}/b.png> and mirror.example.",
        "evidence": [{"name": f"{REPORTED}.png", "media_type": "image/png", "content": shown}],
    }
    body = referral_body("SD-1", urgency="threat_to_life", reason=f"//{REPORTED}/c", items=[item])
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = httpx.post(program.address + "/api/v1/referrals", content=body, headers=headers)
    assert answer.status_code == 201, answer.text


def _spent_day(visitor: Visitor) -> None:
    """Queue, case, every step of the evidence, the page about leaving, a decision, undo, and the lists."""
    page = visitor.page
    visitor.sign_in(PEOPLE[0])
    visitor.open("/queue")
    page.get_by_role("button", name="Take next case").click()
    page.locator("h1.number").wait_for()
    case = urlsplit(page.url).path
    for stage in ("small", "grey", "colour"):
        page.locator(f"li.piece button[formaction*='stage={stage}']").click()
        page.locator("li.piece img").wait_for()
    page.get_by_role("link", name="Leave for the live address").click()
    page.locator("main button[type=submit]").first.click()
    page.locator("main a[rel~=noreferrer]").hover()
    visitor.open(case)
    page.check("input[name=outcome][value=declined]")
    page.check("input[name=decline_reason][value=not_found]")
    page.fill("textarea[name=rationale]", f"Nothing is at https://{REPORTED}/watch/1 any more.")
    page.get_by_role("button", name="Record and stay").click()
    page.get_by_role("button", name="Undo").first.click()
    page.locator("textarea[name=rationale]").wait_for()
    for path in ("/my-work", f"/search?q=https://{REPORTED}/watch/1", "/comfort", "/queue", case):
        visitor.open(path)


def _asked(log: Path) -> set[str]:
    """Every host that the browser looked up or connected to, by its own log of the network."""
    told: dict[str, Any] = json.loads(log.read_text())
    names = {number: name for name, number in told["constants"]["logEventTypes"].items()}
    found: set[str] = set()
    for event in told["events"]:
        params, name = event.get("params", {}), names[event["type"]]
        if name == "HOST_RESOLVER_MANAGER_REQUEST" and "host" in params:
            found.add(urlsplit(str(params["host"])).hostname or str(params["host"]).rpartition(":")[0])
        if name == "TCP_CONNECT_ATTEMPT" and "address" in params:
            found.add(str(params["address"]).rpartition(":")[0])
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_day_at_the_desk_reaches_no_reported_host(
    program: Program, tmp_path: Path, *, script: bool
) -> None:
    log = tmp_path / "network.json"
    with launched(f"--log-net-log={log}") as browser:
        visitor = Visitor(browser, program.address, script=script)
        _spent_day(visitor)
        assert visitor.troubles == []
    asked = _asked(log)
    assert asked >= OURS, "the log tells of the desk itself"
    assert not [host for host in asked if host.endswith(".example")], "names here are reserved for tests"


def test_the_log_would_tell_of_a_host_that_was_reached_for(tmp_path: Path) -> None:
    log = tmp_path / "network.json"
    with launched(f"--log-net-log={log}") as browser:
        page = browser.new_page()
        page.evaluate(f"fetch('https://{REPORTED}/').catch(() => null)")
    assert REPORTED in _asked(log)
